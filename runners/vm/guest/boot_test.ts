import { assertEquals } from "@std/assert";
import { stepsOf } from "./boot.ts";

/** The modules of a kernel that has those of the port as modules. */
const SOME = [{ name: "virtio" }, { name: "virtio_pci" }, { name: "virtio_console" }, { name: "udmabuf" }];

function beginnings(steps: readonly string[]): string[] {
  return steps.map((step) => step.split(" ").slice(0, 2).join(" "));
}

Deno.test("the executor starts when all modules are loaded, and is told of the devices", () => {
  assertEquals(beginnings(stepsOf(SOME, "cases").trim().split("\n")), [
    "load /modules/virtio.ko",
    "load /modules/virtio_pci.ko",
    "load /modules/virtio_console.ko",
    "load /modules/udmabuf.ko",
    "bind 1af4:1110",
    "bind 1234:11e8",
    "serve conform.executor",
    "tell native:@DEVICES@",
  ]);
});

Deno.test("an executor for nothing starts as soon as there is its port", () => {
  assertEquals(beginnings(stepsOf(SOME, "nothing").trim().split("\n")), [
    "load /modules/virtio.ko",
    "load /modules/virtio_pci.ko",
    "load /modules/virtio_console.ko",
    "serve conform.executor",
    "tell native:@DEVICES@",
  ]);
});

Deno.test("no GPU gets a console", () => {
  const steps = stepsOf([{ name: "drm_kms_helper" }, { name: "vkms" }], "cases").split("\n");
  assertEquals(steps.filter((step) => step.startsWith("load ")), [
    "load /modules/drm_kms_helper.ko fbdev_emulation=0",
    "load /modules/vkms.ko",
  ]);
});

Deno.test("a program is timed when everything else is done", () => {
  const steps = stepsOf(SOME, { timed: new Uint8Array() }).trim().split("\n");
  assertEquals(beginnings(steps.slice(-3)), ["time 20", "serve conform.executor", "tell native:@DEVICES@"]);
});

Deno.test("the suite's own module gets a device to import with, where it is loaded", () => {
  const steps = stepsOf([{ name: "dmabuf_conform" }], "cases").split("\n");
  assertEquals(steps.filter((step) => step.endsWith(" dmabuf-conform")), ["bind 1b36:0005 dmabuf-conform"]);
});

Deno.test("what the executor is told is named before the devices, of which there may be none", () => {
  const [last] = stepsOf([], { words: ["reference=matt-v1-vfio", "kmemleak"] }).trim().split("\n").slice(-1);
  assertEquals(last, "tell native:reference=matt-v1-vfio,kmemleak,@DEVICES@");
});

Deno.test("a shell needs no executor", () => {
  const steps = stepsOf([], { shell: new Uint8Array() });
  assertEquals(steps.trim().split("\n").slice(2), ["shell /bin/busybox sh"]);
});
