import { assertEquals, assertMatch } from "@std/assert";
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import type { Target } from "../target.ts";
import { localKernels } from "./kernels/mod.ts";
import type { Machine } from "./machine.ts";
import { openVm } from "./target.ts";

/** Why no machine can be booted here; `undefined` if one can. */
async function whyNot(): Promise<string | undefined> {
  const qemu = await new Deno.Command("sh", { args: ["-c", "command -v qemu-system-x86_64"], stdout: "null" })
    .output();
  if (!qemu.success) return "there is no qemu-system-x86_64: apt-get install qemu-system-x86";
  const [newest] = await localKernels();
  return newest ? undefined : "there is no kernel here: conform kernels fetch 7.3";
}

const reason = await whyNot();
if (reason !== undefined) {
  const notice = `\n*** NOT TESTED: virtual machines are not booted, since ${reason} ***\n\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(notice));
}

const PROGRAM: Program = {
  case: caseIdSchema.parse("vm/test"),
  steps: [
    { action: "call", id: "given.0", operation: "memfd.create", args: {}, bind: "mem" },
    { action: "call", id: "then.0", operation: "fd.close", args: { fd: "mem" } },
  ],
};

/** A target on which something can be done to the machine while a case runs. */
class Rig {
  readonly machines: Machine[] = [];
  readonly #target: Target;

  constructor(release: string) {
    const kernel = { kind: "version", version: release, with: "its own modules only" } as const;
    // A non-maskable interrupt that nobody expects is a way to a real panic.
    const name = { id: `vm:${release}`, kernel, append: "unknown_nmi_panic", reuse: "until dirty" } as const;
    this.#target = openVm(name, { booted: (machine) => this.machines.push(machine) })();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target.close();
  }

  /** Runs the program; `meanwhile` is called after its first step. */
  async run(meanwhile?: (machine: Machine) => void): Promise<CaseEnd> {
    const controller = new AbortController();
    const observe = ({ step }: Observation) => {
      const machine = this.machines.at(-1);
      if (step !== "given.0" || !machine || !meanwhile) return;
      meanwhile(machine);
      controller.abort("the test does not wait");
    };
    const end = await this.#target.run(PROGRAM, observe, meanwhile ? controller.signal : undefined);
    if (end.end !== "completed") await this.#target.reset();
    return end;
  }
}

Deno.test("a virtual machine runs cases, and whatever befalls it costs one of them", {
  ignore: reason !== undefined,
}, async (t) => {
  const [newest] = await localKernels();
  await using rig = new Rig(newest?.release ?? "");
  await t.step("a case completes", async () => {
    assertEquals((await rig.run()).end, "completed");
  });
  await t.step("a case completes in the same machine", async () => {
    assertEquals([(await rig.run()).end, rig.machines.length], ["completed", 1]);
  });
  await t.step("a panic is a crash, with the reason that the kernel gives", async () => {
    const end = await rig.run((machine) => void machine.ask("inject-nmi"));
    assertEquals(end.end, "crash");
    assertMatch(end.reason ?? "", /the kernel panicked: NMI/);
  });
  await t.step("the next case completes in a new machine", async () => {
    assertEquals([(await rig.run()).end, rig.machines.length], ["completed", 2]);
  });
  await t.step("a machine that stands still is a hang", async () => {
    const end = await rig.run((machine) => Deno.kill(machine.pid, "SIGSTOP"));
    assertEquals(end.end, "hang");
  });
  await t.step("a machine that is killed is lost", async () => {
    const end = await rig.run((machine) => Deno.kill(machine.pid, "SIGKILL"));
    assertEquals(end.end, "lost");
    assertMatch(end.reason ?? "", /QEMU ended by SIGKILL/);
  });
  await t.step("and the next case completes after all that", async () => {
    assertEquals((await rig.run()).end, "completed");
  });
});
