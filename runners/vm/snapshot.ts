/**
 * A machine that has booted once, kept: its memory in a file that machines map for themselves, and the state of its
 * devices. A machine that is brought up from it has an executor that waits for a hello, like one that was booted.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import type { MachineParts } from "./arguments.ts";
import { cached, digestOf, forgetOldest, madeWhole } from "./cache.ts";
import { type Tell, VmError } from "./failure.ts";
import type { Machine } from "./machine.ts";
import { headersSchema, pciHeaders, restorePciHeaders } from "./pci_headers.ts";

/** The files of a machine that was kept. */
export interface Snapshot {
  /** What its memory held. */
  readonly memory: string;
  /** What its devices held. */
  readonly state: string;
  /** What the headers of its PCI devices held, since QEMU does not keep them of all. */
  readonly headers: string;
}

/** What is kept of a machine; it stands for older ways to keep less. */
const KIND = "memory, state, headers";

/** How many are kept; each takes about half of the machine's memory. */
const KEPT = 6;

/** How often to look whether QEMU has done it, and how long at most, in milliseconds. */
const LOOK_MS = 20;
const DONE_MS = 60_000;

/**
 * The snapshot of a machine; it is made where there is none.
 *
 * @param digest stands for everything that the machine is made of
 * @param boot boots a machine whose executor has said hello, and lets go of it when the action is over
 * @throws {VmError} where it cannot be made
 */
export async function snapshotOf(
  digest: string,
  parts: MachineParts,
  boot: (parts: MachineParts, action: (machine: Machine) => Promise<void>) => Promise<void>,
  tell: Tell,
): Promise<Snapshot> {
  const folder = `${await cached("snapshots")}/${digestOf([KIND, digest]).slice(0, 16)}`;
  if (existsSync(folder)) await utimes(folder, new Date(), new Date());
  else {
    tell("Booting once and keeping the machine as it is then");
    await forgetOld();
    await madeWhole(folder, async (half) => {
      await mkdir(half, { recursive: true });
      const files = filesIn(half);
      await boot(
        { ...parts, memoryFile: { path: files.memory, as: "the file itself" } },
        (machine) => save(machine, files),
      );
    });
  }
  return filesIn(folder);
}

/** Forgets a snapshot from which no machine comes up. */
export async function forgetSnapshot({ memory }: Snapshot): Promise<void> {
  await rm(memory.slice(0, memory.lastIndexOf("/")), { recursive: true, force: true });
}

function filesIn(folder: string): Snapshot {
  return { memory: `${folder}/memory`, state: `${folder}/state`, headers: `${folder}/headers.json` };
}

async function forgetOld(): Promise<void> {
  const folder = await cached("snapshots");
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const whole = names.filter((name) => !name.endsWith(".half"));
  await forgetOldest(whole.map((name) => `${folder}/${name}`), KEPT - 1);
}

/** The memory is in a file that the machine shares, so that only the devices are written. */
const CAPABILITIES = { capabilities: [{ capability: "x-ignore-shared", state: true }] };

async function save(machine: Machine, { state, headers }: Snapshot): Promise<void> {
  await machine.ask("migrate-set-capabilities", CAPABILITIES);
  await machine.standStill();
  await writeFile(headers, JSON.stringify(await pciHeaders(machine)));
  await machine.ask("migrate", { uri: `exec:cat > ${quoted(state)}` });
  await until(machine, "query-migrate", "completed");
}

/**
 * Has a machine that was started to be given a state take it, and go on.
 *
 * @throws {VmError} if it does not
 */
export async function resume(machine: Machine, { state, headers }: Snapshot): Promise<void> {
  await machine.ask("migrate-set-capabilities", CAPABILITIES);
  await machine.ask("migrate-incoming", { uri: `exec:cat ${quoted(state)}` });
  /* it is as it was kept: with its processors at rest */
  await until(machine, "query-status", "paused");
  await restorePciHeaders(machine, headersSchema.parse(JSON.parse(await readFile(headers, "utf8"))));
  await machine.ask("cont");
}

async function until(machine: Machine, query: string, wanted: string): Promise<void> {
  const limit = performance.now() + DONE_MS;
  for (;;) {
    const answer = await machine.ask(query);
    const status = typeof answer === "object" && answer !== null && "status" in answer
      ? answer.status
      : undefined;
    if (status === wanted) return;
    if (status === "failed" || status === "internal-error" || performance.now() > limit) {
      throw new VmError(
        `QEMU did not keep the machine: ${query} says ${status}`,
        "Look at the version of QEMU",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** For the shell with which QEMU writes and reads. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
