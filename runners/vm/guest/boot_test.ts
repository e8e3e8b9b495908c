import { assertEquals } from "@std/assert";
import { stepsOf } from "./boot.ts";

Deno.test("the first process loads modules, gives devices away, mounts the image, and serves", () => {
  const steps = stepsOf([{ name: "virtio_blk" }, { name: "ext4" }], "agent").trim().split("\n");
  assertEquals(steps.map((step) => step.split(" ").slice(0, 2).join(" ")), [
    "load /modules/virtio_blk.ko",
    "load /modules/ext4.ko",
    "bind 1af4:1110",
    "bind 1234:11e8",
    "mount /dev/vda",
    "serve conform.agent",
  ]);
  assertEquals(steps.at(-1)?.endsWith(" native:@DEVICES@"), true);
});

Deno.test("the suite's own module gets a device to import with, where it is loaded", () => {
  const steps = stepsOf([{ name: "dmabuf_conform" }], "agent").split("\n");
  assertEquals(steps.filter((step) => step.endsWith(" dmabuf-conform")), ["bind 1b36:0005 dmabuf-conform"]);
});

Deno.test("a reference exporter is named before the devices, of which there may be none", () => {
  const [last] = stepsOf([], { reference: "matt-v1-vfio" }).trim().split("\n").slice(-1);
  assertEquals(last?.endsWith(" native:reference=matt-v1-vfio,@DEVICES@"), true);
});

Deno.test("a shell needs no image", () => {
  const steps = stepsOf([], { shell: new Uint8Array() });
  assertEquals(steps.trim().split("\n").slice(2), ["shell /bin/busybox sh"]);
});
