import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { modelOfTarget, openTarget, parseTarget, TargetNameError } from "./open.ts";
import { DIALECTS } from "./simulator/mod.ts";

const NAMES = [...DIALECTS.keys()];

Deno.test("openTarget() opens the simulator that is named", async () => {
  const names = ["sim", "sim:matt-v1-vfio", "sim:mainline-7.3"];
  const ids = await Promise.all(names.map(async (name) => (await openTarget(name)().describe()).id));
  assertEquals(ids, ["sim:matt-v1-vfio", "sim:matt-v1-vfio", "sim:mainline-7.3"]);
});

Deno.test("parseTarget() refuses what is no target, with the nearest name", async (t) => {
  const table = [
    ["sim:matt-v1-vifo", 'The simulator has no dialect "matt-v1-vifo"', 'Did you mean "matt-v1-vfio"?'],
    ["sim:", 'The simulator has no dialect ""', `Take one of ${NAMES.join(", ")}`],
    ["mainline-7.3", 'There is no target "mainline-7.3"', 'Did you mean "sim:mainline-7.3"?'],
    ["smi", 'There is no target "smi"', 'Did you mean "sim"?'],
    [
      "elephant",
      'There is no target "elephant"',
      "Write it as sim:<dialect>+<feature> or native:<address>,<address> or agent:<address> or " +
      "stdio:<command> or vm:<version> or vm:kernel=<file>",
    ],
    [
      "native:0000:01:00",
      'The native target cannot use "0000:01:00": it is not the address of a PCI device',
      "Write it as native:<address>,<address>",
    ],
    [
      "agent:127.0.0.1:8018",
      '"127.0.0.1:8018" is no address of an agent',
      "Write the target as agent:ws://127.0.0.1:8018, with the address that conform agent prints",
    ],
    ["agents", 'There is no target "agents"', 'Did you mean "agent"?'],
    ["stdio: ", "The target has no command", 'Write it as "stdio:python3 testee.py"'],
    [
      "vm:",
      "The virtual machine has no kernel",
      "Write it as vm:<version> or vm:kernel=<file>",
    ],
  ] as const;
  for (const [name, message, hint] of table) {
    await t.step(name, () => {
      const error = assertThrows(() => parseTarget(name), TargetNameError);
      assertEquals([error.message, error.hint], [message, hint]);
    });
  }
});

Deno.test("openTarget() switches features, in the order in which they are declared", async (t) => {
  const table = [
    ["sim:mainline-7.3+no-dmabuf", "sim:mainline-7.3+no-dmabuf"],
    ["sim+no-dmabuf", "sim:matt-v1-vfio+no-dmabuf"],
    ["sim:mainline-7.3+no-sync-file+no-dmabuf", "sim:mainline-7.3+no-dmabuf+no-sync-file"],
  ] as const;
  for (const [name, id] of table) {
    await t.step(name, async () => {
      const described = await openTarget(name)().describe();
      assertEquals(described.id, id);
      assertStringIncludes(described.name, "without CONFIG_VFIO_PCI_DMABUF");
    });
  }
});

Deno.test("parseTarget() refuses features that there are not, and the same one twice", () => {
  const table = [
    ["sim:mainline-7.3+no-dmabfu", 'The simulator has no feature "no-dmabfu"', 'Did you mean "no-dmabuf"?'],
    [
      "sim:mainline-7.3+",
      'The simulator has no feature ""',
      "Take one of +no-dmabuf, +no-iommufd, +no-sync-file",
    ],
    ["sim+no-dmabuf+no-dmabuf", 'The target has the feature "no-dmabuf" twice', "Name it once"],
    [
      "sim:mainline-7.4+no-dmabuf",
      'The simulator has no dialect "mainline-7.4"',
      'Did you mean "mainline-7.0"?',
    ],
  ] as const;
  for (const [name, message, hint] of table) {
    const error = assertThrows(() => parseTarget(name), TargetNameError);
    assertEquals([error.message, error.hint], [message, hint]);
  }
});

Deno.test("parseTarget() reads the devices of the native target, and the feature that revokes", () => {
  const { kind, native } = parseTarget("native:0000:01:00.0,0000:02:00.1,feature=13");
  assertEquals([kind, native], ["native", {
    name: "native:0000:01:00.0,0000:02:00.1,feature=13",
    devices: ["0000:01:00.0", "0000:02:00.1"],
    revokeFeature: 13,
  }]);
});

/** The begin of a bzImage, which says its release. */
function imageOf(release: string): Uint8Array {
  const bytes = new Uint8Array(0x400);
  bytes.set(new TextEncoder().encode("HdrS"), 0x202);
  bytes.set([0x00, 0x01], 0x20e);
  bytes.set(new TextEncoder().encode(`${release} (somebody@somewhere)\0`), 0x300);
  return bytes;
}

Deno.test("modelOfTarget() takes the model of a kernel in a file by what the file says of itself", async () => {
  const image = await Deno.makeTempFile();
  try {
    for (const [release, model] of [["7.2.0-rc3+", "mainline-7.2"], ["7.4.0", "mainline-7.3"]]) {
      await Deno.writeFile(image, imageOf(release ?? ""));
      assertEquals((await modelOfTarget(`vm:kernel=${image}`)).id, model);
      assertEquals((await modelOfTarget(`vm:kernel=${image},reference=matt-v8`)).id, "matt-v8");
    }
  } finally {
    await Deno.remove(image);
  }
});
