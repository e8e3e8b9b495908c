/**
 * Whether this machine can run guests on its own processor. A device file is not enough: a stock kernel must really
 * boot. What is certain is remembered for as long as the machine, QEMU and the kernel are the same.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { Accelerator, MachineParts, Threads } from "./arguments.ts";
import { cached, digestOf, madeWhole } from "./cache.ts";
import type { Tell } from "./failure.ts";
import type { Probed } from "./probe.ts";
import { runForText } from "./tools.ts";

/** Boots a machine and says whether its executor answered. */
export type Probe = (parts: MachineParts) => Promise<Probed>;

/**
 * The quickest way to run a kernel that works here.
 *
 * @param parts the machine, whichever way it is run
 * @param digest of the kernel's image
 * @param probe boots one to see; called until it is certain of a machine, a QEMU and a kernel
 */
export async function acceleratorFor(
  parts: Omit<MachineParts, "accelerator">,
  digest: string,
  probe: Probe,
  tell: Tell,
): Promise<Accelerator> {
  if (!await canOpen("/dev/kvm")) return "tcg";
  const facts = [
    await readFile("/proc/sys/kernel/osrelease", "utf8"),
    await processor(),
    await qemuVersion(),
    digest,
  ];
  const path = `${await cached("accelerators")}/${digestOf(facts).slice(0, 16)}.json`;
  const known = existsSync(path) ? writtenAs(await readFile(path, "utf8")) : undefined;
  if (known) return known;
  tell("Trying whether this kernel boots under KVM; an answer that is certain is remembered");
  const probed = await probe({ ...parts, accelerator: "kvm" });
  if (probed.kind === "not known") {
    tell(`Its processor is translated this once, since that is not certain: ${probed.why}`);
    return "tcg";
  }
  const accelerator = probed.kind === "boots" ? "kvm" : "tcg";
  await madeWhole(path, (half) => writeFile(half, JSON.stringify(accelerator)));
  return accelerator;
}

/** What is written down so; `undefined` where it is anything else, such as nothing. */
function writtenAs(text: string): Accelerator | undefined {
  return (["kvm", "tcg"] as const).find((each) => JSON.stringify(each) === text);
}

async function canOpen(path: string): Promise<boolean> {
  try {
    (await Deno.open(path, { read: true, write: true })).close();
    return true;
  } catch {
    return false;
  }
}

async function processor(): Promise<string> {
  const text = await readFile("/proc/cpuinfo", "utf8");
  return text.split("\n\n")[0]?.split("\n").filter((line) => /^(model name|flags|stepping)/.test(line)).join(
    "\n",
  ) ?? "";
}

/** The version of QEMU, as it says it itself. */
export async function qemuVersion(): Promise<string> {
  return (await runForText("qemu-system-x86_64", ["--version"])).split("\n")[0] ?? "";
}

/** The first version of QEMU that keeps its processors apart from changes of the machine's memory. */
const KEEPS_APART = [8, 2] as const;

/**
 * How many threads a translated guest may have.
 *
 * Older versions of QEMU lose what a processor writes to its own interrupt controller while another one maps or unmaps
 * the memory of a device, as each reset does: the write is looked up in the new map with the place of the old one. The
 * next interrupt of the timer never comes, and the guest is silent; or there is nothing in that place, and QEMU ends by
 * SIGSEGV. It is the mistake that QEMU's commit 0d58c660689f mends. With one thread nothing is written meanwhile.
 *
 * @param version as QEMU says it; one that cannot be read is taken for an old one
 */
export function threadsFor(version: string): Threads {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(version) ?? [];
  const isOld = Number(major ?? 0) < KEEPS_APART[0] ||
    (Number(major) === KEEPS_APART[0] && Number(minor) < KEEPS_APART[1]);
  return isOld ? "single" : "multi";
}
