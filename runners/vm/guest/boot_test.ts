import { assertEquals } from "@std/assert";
import { stepsOf } from "./boot.ts";

/** The modules of a kernel that has those of the image as modules. */
const SOME = [{ name: "virtio_blk" }, { name: "jbd2" }, { name: "ext4" }, { name: "udmabuf" }];

function beginnings(steps: readonly string[]): string[] {
  return steps.map((step) => step.split(" ").slice(0, 2).join(" "));
}

Deno.test("the agent starts with the modules of its image, and is told of the devices when all are loaded", () => {
  assertEquals(beginnings(stepsOf(SOME, "agent").trim().split("\n")), [
    "load /modules/virtio_blk.ko",
    "load /modules/jbd2.ko",
    "load /modules/ext4.ko",
    "mount /dev/vda",
    "serve conform.agent",
    "load /modules/udmabuf.ko",
    "bind 1af4:1110",
    "bind 1234:11e8",
    "tell native:@DEVICES@",
  ]);
});

Deno.test("no GPU gets a console", () => {
  const steps = stepsOf([{ name: "drm_kms_helper" }, { name: "vkms" }], "agent").split("\n");
  assertEquals(steps.filter((step) => step.startsWith("load ")), [
    "load /modules/drm_kms_helper.ko fbdev_emulation=0",
    "load /modules/vkms.ko",
  ]);
});

Deno.test("the start of the agent is timed when everything else is done", () => {
  const steps = stepsOf(SOME, { timed: new Uint8Array() }).trim().split("\n");
  assertEquals(beginnings(steps.slice(-5)), [
    "time 20",
    "say ready",
    "mount /dev/vda",
    "serve conform.agent",
    "tell native:@DEVICES@",
  ]);
});

Deno.test("the suite's own module gets a device to import with, where it is loaded", () => {
  const steps = stepsOf([{ name: "dmabuf_conform" }], "agent").split("\n");
  assertEquals(steps.filter((step) => step.endsWith(" dmabuf-conform")), ["bind 1b36:0005 dmabuf-conform"]);
});

Deno.test("what the agent is to do is named before the devices, of which there may be none", () => {
  const [last] = stepsOf([], { words: ["reference=matt-v1-vfio", "kmemleak"] }).trim().split("\n").slice(-1);
  assertEquals(last, "tell native:reference=matt-v1-vfio,kmemleak,@DEVICES@");
});

Deno.test("a shell needs no image", () => {
  const steps = stepsOf([], { shell: new Uint8Array() });
  assertEquals(steps.trim().split("\n").slice(2), ["shell /bin/busybox sh"]);
});
