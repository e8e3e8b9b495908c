import { assertEquals, assertStringIncludes } from "@std/assert";
import { acceleratorFor, type Probe } from "./accelerator.ts";
import { CACHE_VARIABLE } from "./cache.ts";
import type { Probed } from "./probe.ts";

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

Deno.test(
  "whether a kernel boots under KVM is tried until it is certain, and again where what was found cannot be read",
  {
    ignore: !await canTry(),
  },
  async () => {
    const folder = await Deno.makeTempDir();
    const before = Deno.env.get(CACHE_VARIABLE);
    Deno.env.set(CACHE_VARIABLE, folder);
    try {
      let tries = 0;
      const answers: Probed[] = [{ kind: "not known", why: "there is no memory" }];
      const told: string[] = [];
      const probe: Probe = () => {
        tries++;
        return Promise.resolve(answers.shift() ?? { kind: "boots" });
      };
      const ask = () =>
        acceleratorFor({ kernel: "k", initramfs: "i" }, "a digest", probe, (text) => told.push(text));
      assertEquals([await ask(), tries], ["tcg", 1]);
      assertStringIncludes(told.at(-1) ?? "", "there is no memory");
      assertEquals([await ask(), await ask(), tries], ["kvm", "kvm", 2]);
      for await (const { name } of Deno.readDir(`${folder}/accelerators`)) {
        /* as a full disk leaves it, or a kill in this moment */
        await Deno.truncate(`${folder}/accelerators/${name}`);
      }
      answers.push({ kind: "does not boot" });
      assertEquals([await ask(), await ask(), tries], ["tcg", "tcg", 3]);
    } finally {
      if (before === undefined) Deno.env.delete(CACHE_VARIABLE);
      else Deno.env.set(CACHE_VARIABLE, before);
      await Deno.remove(folder, { recursive: true });
    }
  },
);
