import { assertEquals } from "@std/assert";
import { parseVm, vmName } from "./name.ts";

const NAMES = [
  "vm:7.3",
  "vm:6.12.107+deb13-amd64",
  "vm:7.3,stock",
  "vm:7.3,stock,pristine",
  "vm:7.3,reference=matt-v1-vfio,pristine",
  "vm:7.3,stock,boot=600,pristine",
  "vm:7.3.4-conform-debug,kmemleak",
  "vm:7.3,reference=matt-v1-vfio,blobs,pristine",
  "vm:7.3,append=iommu=pt console=ttyS0,115200",
  "vm:kernel=out/bzImage",
  "vm:kernel=out/bzImage,modules=out/lib,pristine,append=a=b,c",
];

for (const name of NAMES) {
  Deno.test(`vmName() writes what parseVm() reads: ${name}`, () => {
    const parsed = parseVm(name);
    if (typeof parsed === "string") throw new Error(parsed);
    assertEquals(parsed.id, name);
    assertEquals(vmName(parsed), name);
  });
}

Deno.test("parseVm() leaves to append= whatever follows it", () => {
  const parsed = parseVm("vm:7.3,append=a=b,pristine");
  assertEquals(typeof parsed === "string" ? parsed : [parsed.append, parsed.reuse], [
    "a=b,pristine",
    "until dirty",
  ]);
});

Deno.test("parseVm() says what is wrong with a name", () => {
  const uses = "it takes one version, stock, pristine, kmemleak, blobs, reference=…, boot=… and append=…";
  const names = [
    "vm",
    "vm:seven",
    "vm:7.3,kernel=x",
    "vm:modules=x",
    "vm:7.3,7.2",
    "vm:7.3,reference=x",
    "vm:7.3,boot=soon",
  ];
  assertEquals(names.map(parseVm), [
    "The virtual machine has no kernel",
    'A virtual machine cannot use "seven": ' + uses,
    "A virtual machine boots a version or a file, not both",
    "Modules belong to a kernel that is given as a file",
    'A virtual machine cannot use "7.2": ' + uses,
    'The reference exporter cannot follow "x": take one of matt-v1-vfio, matt-v2, matt-v3-feature, matt-v4plus, ' +
    "matt-v8, leon-v1-cover, mainline-7.3",
    'boot= takes whole seconds, as in boot=600, not "soon"',
  ]);
});
