/**
 * What befalls virtual machines, with real faults. Each costs one case; the next one completes in a new machine.
 *
 * It takes minutes, so that `deno task test` leaves it out; `deno task test:vm` runs it.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import type { Program } from "../../cases/program.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import type { CaseEnd, LogLine, Observation } from "../../spec/observation.ts";
import { LINES_MISSING } from "../native/kernel_log.ts";
import { Limit, within } from "../deadline.ts";
import type { Target } from "../target.ts";
import { callOf } from "../testing/steps.ts";
import type { Machine } from "./machine.ts";
import type { KernelChoice, VmName } from "./name.ts";
import { openVm } from "./target.ts";
import { FAULT_KEYS, faultyKernel } from "./testing/faults.ts";
import { BOOT_VARIABLE, kernelThatLooksForLeaks, kernelToBoot } from "./testing/here.ts";

/** The second step opens the device to which faults happen. */
const PROGRAM: Program = {
  case: caseIdSchema.parse("vm/test"),
  steps: [
    callOf("given.0", "memfd.create", {}, "mem"),
    callOf("when.0", "exporter.create", {}, "buf"),
    callOf("then.0", "fd.close", { fd: "mem" }),
  ],
};

/** No case takes so long on a machine that is busy with everything else; in milliseconds. */
const LIMIT_MS = 120_000;

/** What was seen of a case. */
interface Seen {
  readonly end: CaseEnd;
  readonly log: readonly LogLine[];
  /** The steps whose end was seen. */
  readonly steps: readonly string[];
}

/** A target whose machine can be got at. */
class Rig {
  readonly machines: Machine[] = [];
  readonly #target: Target;
  readonly #limitMs: number;

  constructor(kernel: KernelChoice, more: Pick<VmName, "kmemleak" | "bootMs"> = {}) {
    const name = { id: "vm:test", kernel, reference: undefined, reuse: "until dirty", ...more } as const;
    this.#limitMs = LIMIT_MS + (more.bootMs ?? 0);
    this.#target = openVm({ ...name, append: "watchdog_thresh=1" }, {
      booted: (machine) => this.machines.push(machine),
    })();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target.close();
  }

  /** A machine in which a case has completed. */
  async machine(): Promise<Machine> {
    assertEquals((await this.run()).end.end, "completed");
    const machine = this.machines.at(-1);
    if (!machine) throw new Error("No machine was booted");
    return machine;
  }

  /** Runs the program; it is given up when `enough` resolves, and after the limit in any case. */
  async run(enough?: Promise<unknown>): Promise<Seen> {
    const controller = new AbortController();
    void enough?.then(() => controller.abort("the test has seen enough"));
    const limit = new Limit(this.#limitMs);
    void limit.passed.then(() => controller.abort("the limit of the test has passed"));
    const log: LogLine[] = [];
    const steps: string[] = [];
    const observe = (observation: Observation) => {
      log.push(...observation.log);
      steps.push(`${observation.step} ${observation.outcome.kind}`);
    };
    const end = await this.#target.run(PROGRAM, observe, controller.signal);
    limit.clear();
    if (end.end !== "completed") await this.#target.reset();
    return { end, log, steps };
  }

  /** Waits until a machine has said something, within the limit of the test. */
  async said(machine: Machine, what: string): Promise<void> {
    const waited = await within(machine.said(what), this.#limitMs);
    if (waited.kind !== "value") {
      throw new Error(`"${what}" was not said; last: ${machine.console().slice(-10).join("\n")}`);
    }
  }

  /**
   * Has a fault happen to the second step of the program, or to the machine.
   *
   * @param fault what is to happen
   * @param begun what the kernel says when it has begun, where it does not wait for the step
   * @param enough when to give the program up
   */
  async befall(
    fault: keyof typeof FAULT_KEYS,
    { begun, enough }: { begun?: string; enough?: (machine: Machine) => Promise<unknown> } = {},
  ): Promise<Seen> {
    const machine = await this.machine();
    const said = begun === undefined ? undefined : this.said(machine, begun);
    const answer = await machine.sysrq(FAULT_KEYS[fault]);
    /* a fault that takes the whole machine may take the answer to the key as well */
    if (said) await said;
    else assertEquals(answer, "done");
    return await this.run(enough?.(machine));
  }
}

const newest = Deno.env.has(BOOT_VARIABLE) ? await kernelToBoot() : undefined;

/** A kernel that watches itself takes minutes to boot, so that it is booted only where the variable says `debug`. */
const watching = Deno.env.get(BOOT_VARIABLE) === "debug" ? await kernelThatLooksForLeaks() : undefined;

/** How long a kernel that watches itself may take to boot on a machine that is busy, in milliseconds. */
const LONG_MS = 1_080_000;

Deno.test("whatever befalls a virtual machine costs one case", { ignore: !newest }, async (t) => {
  if (!newest) return;
  await using rig = new Rig(await faultyKernel(newest, () => {}));

  await t.step("two cases complete in one machine", async () => {
    const [first, second] = [await rig.machine(), await rig.machine()];
    assertEquals(first === second, true);
  });

  await t.step("a panic is a crash, with the reason that the kernel gives", async () => {
    const { end } = await rig.befall("panic");
    assertEquals(end.end, "crash");
    assertMatch(end.reason ?? "", /^the kernel panicked: sysrq triggered crash/);
  });

  await t.step(
    "an oops is a crash, with what the kernel stumbled over, and the steps before it",
    async () => {
      const { end, steps } = await rig.befall("an oops");
      assertEquals(end.end, "crash");
      assertEquals(steps, ["given.0 returned"]);
      assertMatch(end.reason ?? "", /^the kernel panicked: Fatal exception \(after BUG: kernel NULL pointer/);
    },
  );

  await t.step("a warning is seen by the step that meets it, and the machine is not used again", async () => {
    const { end, log } = await rig.befall("a warning");
    const machines = rig.machines.length;
    assertEquals(end.end, "completed");
    assertEquals(log.some(({ level, text }) => level === "warn" && text.includes("WARNING")), true);
    await rig.machine();
    assertEquals(rig.machines.length, machines + 1);
  });

  await t.step("a task that nothing ends is a hang, with the stack of where it waits", async () => {
    const { end } = await rig.befall("a task that waits for ever");
    assertEquals(end.end, "hang");
    assertMatch(end.reason ?? "", /state:D[^]*open_fault/);
  });

  await t.step("a processor that spins is a hang, with the kernel's report", async () => {
    const { end } = await rig.befall("a processor that spins", {
      enough: (machine) => machine.said("soft lockup"),
    });
    assertEquals(end.end, "hang");
    assertMatch(end.reason ?? "", /soft lockup/);
  });

  await t.step("a guest that does nothing but spin is a hang", async () => {
    const { end } = await rig.befall("all processors spin", {
      begun: "every processor is taken",
      enough: () => Promise.resolve(),
    });
    assertEquals(end.end, "hang");
    assertMatch(end.reason ?? "", /spin_thread/);
  });

  await t.step("a disk that is full costs nothing", async () => {
    const machine = await rig.machine();
    const full = rig.said(machine, "the disk is full");
    assertEquals((await rig.befall("a full disk")).end.end, "completed");
    await full;
    assertEquals((await rig.run()).end.end, "completed");
  });

  await t.step("an executor that is killed is lost, with the signal", async () => {
    const { end, steps } = await rig.befall("every process killed");
    assertEquals(end.end, "lost");
    assertEquals(steps.filter((step) => !step.endsWith(" returned")), []);
    assertMatch(end.reason ?? "", /ended by signal 9/);
  });

  await t.step("a machine that is killed is lost", async () => {
    const machine = await rig.machine();
    Deno.kill(machine.pid, "SIGKILL");
    const { end } = await rig.run();
    assertEquals(end.end, "lost");
    assertMatch(end.reason ?? "", /QEMU ended by SIGKILL/);
  });

  await t.step("a machine that stands still is a hang", async () => {
    const machine = await rig.machine();
    Deno.kill(machine.pid, "SIGSTOP");
    assertEquals((await rig.run(Promise.resolve())).end.end, "hang");
  });

  await t.step("a machine whose clock is stopped is lost", async () => {
    const machine = await rig.machine();
    await machine.ask("stop");
    assertEquals((await rig.run()).end.end, "lost");
  });

  await t.step("and the next case completes after all that", async () => {
    assertEquals((await rig.run()).end.end, "completed");
  });
});

Deno.test("a guest that says too much costs one case", { ignore: !newest }, async (t) => {
  if (!newest) return;
  await using rig = new Rig(await faultyKernel(newest, () => {}));

  await t.step("a flood on the console costs nothing else", async () => {
    const { end, log } = await rig.befall("a flooded console");
    const machines = rig.machines.length;
    assertEquals([end.end, end.reason], ["completed", undefined]);
    assertEquals(log.find(({ text }) => text === LINES_MISSING)?.level, "warn");
    await rig.machine();
    assertEquals(rig.machines.length, machines + 1);
  });

  await t.step("a flood on the console does not hide a task that nothing ends", async () => {
    const { end } = await rig.befall("a flooded console and a task that waits for ever");
    assertEquals(end.end, "hang");
    assertMatch(
      end.reason ?? "",
      /cannot be killed: it is in .*open_fault.* flooded with lines like "a kernel that says too much/,
    );
  });

  await t.step(
    "a guest that does nothing but write to its console is a hang, with what it writes",
    async () => {
      const { end } = await rig.befall("all processors talk", {
        begun: "every processor is taken",
        enough: () => Promise.resolve(),
      });
      assertEquals(end.end, "hang");
      assertMatch(
        end.reason ?? "",
        /does not answer.* flooded with lines like "a kernel that does nothing but say/,
      );
    },
  );

  await t.step("and the next case completes after all that", async () => {
    assertEquals((await rig.run()).end.end, "completed");
  });
});

Deno.test("memory that a case loses is told with who asked for it", { ignore: !watching }, async (t) => {
  if (!watching) return;
  await using rig = new Rig(await faultyKernel(watching, () => {}), {
    kmemleak: "after each case",
    bootMs: LONG_MS,
  });

  await t.step("a case that loses nothing has lost nothing", async () => {
    assertEquals((await rig.run()).end.post?.leaks, []);
  });

  await t.step("one that does is told of, and the machine is not used again", async () => {
    const { end } = await rig.befall("memory that is lost");
    assertEquals(end.end, "completed");
    assertMatch(
      end.post?.leaks.join("\n") ?? "",
      /^(2777|4096) bytes that nothing points to \(kmemleak\), from .*open_fault/,
    );
    const machines = rig.machines.length;
    await rig.machine();
    assertEquals(rig.machines.length, machines + 1);
  });
});
