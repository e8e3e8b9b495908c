/**
 * One virtual machine: starts QEMU, hears of everything that ends it, and lets go of it.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { within } from "../deadline.ts";
import type { Wire } from "../native/executor/wire.ts";
import type { Connection } from "../transport/connection.ts";
import { connectStream } from "../transport/stream.ts";
import { CONSOLE, machineArguments, type MachineFiles, type MachineParts } from "./arguments.ts";
import { causeOf, Console, lastWord, panicOf, tailOf } from "./console.ts";
import { VmError } from "./failure.ts";
import { Monitor, type MonitorEvent } from "./monitor.ts";
import { onAbort } from "../on_abort.ts";
import { missingTool } from "./tools.ts";

/** How a machine ended. */
export type MachineEnd =
  /** Its kernel panicked; `why` is what it said. */
  | { readonly kind: "panicked"; readonly why: string }
  /** The executor ended, and the guest turned itself off; `why` is what its first process said. */
  | { readonly kind: "turned off"; readonly why: string }
  /** QEMU stopped executing the guest. */
  | { readonly kind: "stopped"; readonly why: string }
  /** QEMU ended by itself, or was killed. */
  | { readonly kind: "gone"; readonly why: string };

const QEMU = "qemu-system-x86_64";

/** How long QEMU may take to open its side of the sockets, in milliseconds. */
const START_MS = 10_000;

/** How long it may take to end when it is killed, in milliseconds. */
const KILL_MS = 2_000;

/** How long the last of a console may take to be written, in milliseconds. */
const CONSOLE_MS = 50;

/** How long a guest may take to notice a break, and to do what a key says, in milliseconds; and how often it is tried. */
const BREAK_MS = 10;
const SYSRQ_MS = 150;
const SYSRQ_TRIES = 3;

/** How long all stacks may take, in milliseconds; with a machine that stands still nobody waits for more. */
const STACKS_MS = 2_000;

/** When it has been silent for so long it is done, in milliseconds. */
const QUIET_MS = 100;

/** What it says of every machine whose processor it translates. */
const IGNORED = /TCG doesn't support requested feature|^[^:]*\[bit \d+\]$/;

/** What QEMU says of itself at the most, in characters. */
const NOTES = 2_000;

/** A machine that runs. */
export class Machine {
  /** Resolves when it has ended, however. */
  readonly ended: Promise<MachineEnd>;
  /** The way to the executor in it; to be used once. */
  readonly wire: Wire;
  readonly #child: Deno.ChildProcess;
  readonly #files: MachineFiles & { readonly folder: string };
  readonly #end = Promise.withResolvers<MachineEnd>();
  readonly #monitor: Monitor;
  readonly #noted: Promise<string>;
  readonly #console: Console;
  #reset: string | undefined;
  /** It was made to stand still, which is no end. */
  #standsStill = false;
  /** It was made to panic, since it did nothing else. */
  #isProvoked = false;
  #closing: Promise<void> | undefined;

  private constructor(started: Started, wire: Wire, monitor: Connection, console: Console) {
    this.#child = started.child;
    this.#files = started.files;
    this.#noted = started.noted;
    this.wire = wire;
    this.#console = console;
    this.ended = this.#end.promise;
    this.#monitor = new Monitor(monitor, (event) => void this.#hear(event));
    void this.#watch();
  }

  /**
   * Starts a machine; its guest begins to boot.
   *
   * @param signal ends it, for as long as it runs
   * @throws {VmError} where QEMU is missing or does not start
   */
  static async start(parts: MachineParts, signal?: AbortSignal): Promise<Machine> {
    const folder = await mkdtemp(`${tmpdir()}/conform-vm-`);
    const files = {
      folder,
      executor: `${folder}/executor`,
      monitor: `${folder}/monitor`,
      console: `${folder}/console`,
    };
    const doors = [files.executor, files.monitor, files.console]
      .map((path) => Deno.listen({ transport: "unix", path }));
    try {
      const started = spawn(parts, files);
      const watched = onAbort(signal, () => kill(started.child));
      void started.child.status.then(() => watched[Symbol.dispose]());
      const [wire, monitor, console] = await callersOf(doors, started);
      if (wire && monitor && console) {
        return new Machine(started, wire, connected(monitor), new Console(console));
      }
      throw new VmError("QEMU did not call", "Please report this");
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    } finally {
      for (const door of doors) close(door);
    }
  }

  /**
   * What the guest has written to its console last, as lines.
   *
   * @param from how many characters of it to leave out; see {@link Machine.written}
   */
  console(from: number = 0): string[] {
    return this.#console.lines(from);
  }

  /** How many characters the guest has written to its console. */
  get written(): number {
    return this.#console.written;
  }

  /** Resolves when the guest has written something to its console, or has ended. */
  said(what: string): Promise<void> {
    return this.#console.said(what);
  }

  /**
   * Has the kernel write the stacks of all tasks that wait and of all processors, which it does as long as it takes
   * interrupts, whatever has become of its processes. One that does not is made to panic for the sake of a stack. The
   * machine is of no more use after that.
   *
   * @returns the lines; none where it does not even panic
   */
  async stacks(): Promise<string[]> {
    const from = this.#console.written;
    const asked = await within(this.#askForStacks(), STACKS_MS);
    if (asked.kind !== "value" || asked.value === "no answer") await within(this.#provoke(), STACKS_MS);
    return this.#console.lines(from);
  }

  /** Has a kernel that does nothing else any more panic, which it does with a stack: by an interrupt that it cannot mask. */
  async #provoke(): Promise<void> {
    this.#isProvoked = true;
    await this.ask("inject-nmi");
    await this.#console.said("end Kernel panic");
  }

  /** Asks for one thing after the other; the processors of a guest may all be lost in between. */
  async #askForStacks(): Promise<"done" | "no answer"> {
    for (const key of ["9", "w", "l"]) {
      if (await this.sysrq(key) === "no answer") return "no answer";
      await this.#quiet();
    }
    return "done";
  }

  /**
   * Gives the kernel a command of its own (sysrq), as over a serial line: a break, and the key. A guest that is slow to
   * take the break takes the key for a letter, so that it is tried again.
   *
   * @returns whether the kernel has said that it does it
   * @throws {VmError} where QEMU does not answer
   */
  async sysrq(key: string): Promise<"done" | "no answer"> {
    const from = this.#console.written;
    for (let tries = 1; tries <= SYSRQ_TRIES; tries++) {
      await this.ask("chardev-send-break", { id: CONSOLE });
      await pause(BREAK_MS * tries);
      await this.#console.type(key);
      for (let waited = 0; waited < SYSRQ_MS; waited += BREAK_MS) {
        await pause(BREAK_MS);
        if (this.#console.lines(from).some((line) => line.includes("sysrq: "))) return "done";
      }
    }
    return "no answer";
  }

  /** Waits until the guest writes nothing more to its console; who asked for it waits no longer than it wants. */
  async #quiet(): Promise<void> {
    for (let before = -1; before !== this.#console.written;) {
      before = this.#console.written;
      await pause(QUIET_MS);
    }
  }

  /** The process of QEMU. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Gives QEMU a command of its own protocol. */
  ask(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#monitor.ask(command, args);
  }

  /** Has its processors stand still, so that its state can be kept. */
  async standStill(): Promise<void> {
    this.#standsStill = true;
    await this.ask("stop");
  }

  /** Ends the machine, whatever it does, and lets go of everything. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    kill(this.#child);
    await within(this.#child.status, KILL_MS);
    close(this.wire);
    await this.#monitor.close();
    await within(this.#noted, KILL_MS);
    await this.#console.close();
    await rm(this.#files.folder, { recursive: true, force: true });
  }

  async #hear({ name, reason }: MonitorEvent): Promise<void> {
    if (this.#isProvoked) return;
    if (name === "GUEST_PANICKED") {
      await pause(CONSOLE_MS);
      this.#end.resolve({ kind: "panicked", why: this.#panic() ?? "it did not say why" });
    }
    if (name === "SHUTDOWN") this.#reset = reason;
    if (name === "STOP" && !this.#standsStill) {
      // A panic stops the machine as well, and is told after that.
      await pause(CONSOLE_MS * 2);
      this.#end.resolve({ kind: "stopped", why: "QEMU could not go on with the guest" });
    }
  }

  /** Tells how QEMU ended. */
  async #watch(): Promise<void> {
    const { code, signal } = await this.#child.status;
    const notes = (await this.#noted).split("\n").filter((line) => !IGNORED.test(line)).join("\n").trim();
    await within(this.#console.ended, CONSOLE_MS);
    const panic = this.#panic();
    if (panic !== undefined) this.#end.resolve({ kind: "panicked", why: panic });
    else if (this.#reset === "guest-shutdown") {
      this.#end.resolve({
        kind: "turned off",
        why: lastWord(this.console()) ?? "it did not say why",
      });
    } else if (this.#reset === "guest-reset") {
      this.#end.resolve({ kind: "gone", why: `the guest reset itself${withTail(this.console())}` });
    } else {
      const how = signal === null ? `with status ${code}` : `by ${signal}`;
      this.#end.resolve({ kind: "gone", why: `QEMU ended ${how}${notes === "" ? "" : `: ${notes}`}` });
    }
  }

  #panic(): string | undefined {
    const lines = this.console();
    const panic = panicOf(lines);
    const cause = causeOf(lines);
    return panic === undefined || cause === undefined ? panic : `${panic} (after ${cause})`;
  }
}

/** The last of a console, to be put behind a reason; nothing where it is empty. */
export function withTail(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `; the console said last:\n${tailOf(lines)}`;
}

interface Started {
  readonly child: Deno.ChildProcess;
  readonly files: MachineFiles & { readonly folder: string };
  /** What QEMU says of itself, once it has ended. */
  readonly noted: Promise<string>;
}

/** A process that ends by itself takes its machines with it, also where nobody has let go of them. */
const running = new Set<Deno.ChildProcess>();
globalThis.addEventListener("unload", () => running.forEach(kill));

function spawn(parts: MachineParts, files: Started["files"]): Started {
  try {
    const child = new Deno.Command(QEMU, {
      args: machineArguments(parts, files),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    running.add(child);
    void child.status.then(() => running.delete(child));
    return { child, files, noted: notesOf(child.stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missingTool(QEMU, error);
    throw error;
  }
}

/** Waits until QEMU has called at every door. */
async function callersOf(
  doors: readonly Deno.UnixListener[],
  { child, noted }: Started,
): Promise<Deno.UnixConn[]> {
  const calls = Promise.all(doors.map((door) => door.accept()));
  calls.catch(() => undefined);
  const first = await within(Promise.race([calls, child.status]), START_MS);
  if (first.kind === "value" && Array.isArray(first.value)) return first.value;
  kill(child);
  await child.status;
  const why = (await noted).trim();
  throw new VmError(
    `QEMU did not start${why === "" ? "" : `: ${why}`}`,
    "It needs at least version 7.2, with the devices intel-iommu, ivshmem-plain and edu",
  );
}

async function notesOf(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let notes = "";
  for await (const bytes of stderr) notes = (notes + decoder.decode(bytes, { stream: true })).slice(-NOTES);
  return notes;
}

function connected(caller: Deno.UnixConn): Connection {
  return connectStream(caller.readable, caller.writable, { peer: "the virtual machine" });
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}

function close(what: { close(): void }): void {
  try {
    what.close();
  } catch {
    // It was closed already.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
