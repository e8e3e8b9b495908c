import { assertEquals, assertMatch } from "@std/assert";
import { Files } from "./executor/files.ts";
import { findForeign, type ForeignFolders } from "./foreign.ts";
import { testEachExecutor } from "./testing.ts";

/** A machine with folders as sysfs has them. */
async function machineWith(
  cards: Readonly<Record<string, { readonly device: string; readonly features?: string }>>,
  queues: Readonly<Record<string, string>>,
): Promise<ForeignFolders & { readonly root: string }> {
  const root = await Deno.makeTempDir();
  const folders = { root, drm: `${root}/drm`, video: `${root}/video` };
  await Deno.mkdir(`${root}/drivers/virtio_gpu`, { recursive: true });
  await Deno.mkdir(`${root}/drivers/bochs`);
  for (const [card, { device, features }] of Object.entries(cards)) {
    await Deno.mkdir(`${folders.drm}/${card}`, { recursive: true });
    await Deno.mkdir(`${root}/${device}/child`, { recursive: true });
    await Deno.symlink(`${root}/${device}`, `${folders.drm}/${card}/device`);
    const driver = features === undefined ? "bochs" : "virtio_gpu";
    await Deno.symlink(`${root}/drivers/${driver}`, `${root}/${device}/child/driver`);
    await Deno.writeTextFile(`${root}/${device}/child/features`, `${features}\n`);
  }
  for (const [queue, name] of Object.entries(queues)) {
    await Deno.mkdir(`${folders.video}/${queue}`, { recursive: true });
    await Deno.writeTextFile(`${folders.video}/${queue}/name`, `${name}\n`);
  }
  return folders;
}

await testEachExecutor(
  "findForeign() tells GPUs and queues apart by what sysfs says of them",
  async ({ executor }) => {
    const folders = await machineWith({
      "card0": { device: "vgem" },
      "card1": { device: "0000:00:08.0", features: "0100" },
      "card1-Virtual-1": { device: "connector" },
      "card2": { device: "0000:00:09.0", features: "0101" },
      "card3": { device: "0000:00:0a.0" },
      "renderD128": { device: "vkms" },
    }, { video0: "vivid-000-vid-cap", video1: "vivid-000-vid-out", video2: "a camera" });
    const { gpus, video } = await findForeign(new Files(executor), folders);
    assertEquals(gpus.vgem, { kind: "there", path: "/dev/dri/card0" });
    assertEquals(gpus["virtio-gpu"], { kind: "there", path: "/dev/dri/card1" });
    assertEquals(gpus["virtio-gpu-blob"], { kind: "there", path: "/dev/dri/card2" });
    assertEquals(gpus.vkms.kind, "missing");
    assertEquals(video.capture, { kind: "there", path: "/dev/video0" });
    assertEquals(video.output, { kind: "there", path: "/dev/video1" });
    await Deno.remove(folders.root, { recursive: true });
  },
);

await testEachExecutor(
  "findForeign() takes a GPU with 3D for one that cannot use the memory of others",
  async ({ executor }) => {
    const folders = await machineWith({ "card0": { device: "0000:00:08.0", features: "1001" } }, {});
    const { gpus } = await findForeign(new Files(executor), folders);
    assertEquals([gpus["virtio-gpu"].kind, gpus["virtio-gpu-blob"].kind], ["there", "missing"]);
    await Deno.remove(folders.root, { recursive: true });
  },
);

await testEachExecutor("findForeign() says of all that is not there what to do", async ({ executor }) => {
  const { gpus, video } = await findForeign(new Files(executor), { drm: "/nowhere", video: "/nowhere" });
  for (const facility of [...Object.values(gpus), ...Object.values(video)]) {
    assertMatch(
      facility.kind === "missing" ? facility.reason : "",
      /^no [a-z-]+: .*(load the module|machine)/,
    );
  }
});
