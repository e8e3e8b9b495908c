import { assertEquals } from "@std/assert";
import { acceleratorFor, type Probe } from "./accelerator.ts";
import { CACHE_VARIABLE } from "./cache.ts";

/** Whether there is what is asked before a machine is tried at all. */
async function canTry(): Promise<boolean> {
  try {
    (await Deno.open("/dev/kvm", { read: true, write: true })).close();
    const qemu = new Deno.Command("qemu-system-x86_64", { args: ["--version"], stdout: "null" });
    return (await qemu.output()).success;
  } catch {
    return false;
  }
}

Deno.test("whether a kernel boots under KVM is tried once, and again where what was found cannot be read", {
  ignore: !await canTry(),
}, async () => {
  const folder = await Deno.makeTempDir();
  const before = Deno.env.get(CACHE_VARIABLE);
  Deno.env.set(CACHE_VARIABLE, folder);
  try {
    let tries = 0;
    const probe: Probe = () => {
      tries++;
      return Promise.resolve("it boots");
    };
    const ask = () => acceleratorFor({ kernel: "k", initramfs: "i" }, "a digest", probe, () => {});
    assertEquals([await ask(), await ask(), tries], ["kvm", "kvm", 1]);
    for await (const { name } of Deno.readDir(`${folder}/accelerators`)) {
      /* as a full disk leaves it, or a kill in this moment */
      await Deno.truncate(`${folder}/accelerators/${name}`);
    }
    assertEquals([await ask(), tries], ["kvm", 2]);
  } finally {
    if (before === undefined) Deno.env.delete(CACHE_VARIABLE);
    else Deno.env.set(CACHE_VARIABLE, before);
    await Deno.remove(folder, { recursive: true });
  }
});
