import { assert, assertEquals } from "@std/assert";
import { VmError } from "./failure.ts";
import { NoHello } from "./live.ts";
import { type Probed, probedBy } from "./probe.ts";
import { starvedMs } from "./starved.ts";

function kindOf(says: string): Probed["kind"] {
  return probedBy(new VmError(`QEMU did not start: qemu-system-x86_64: ${says}`, "")).kind;
}

Deno.test("probedBy() is certain of a QEMU that cannot use KVM, and not of one that cannot at this moment", () => {
  assertEquals(kindOf("failed to initialize kvm: Operation not supported"), "does not boot");
  assertEquals(kindOf("Could not access KVM kernel module: No such file or directory"), "does not boot");
  assertEquals(kindOf("failed to initialize kvm: Device or resource busy"), "not known");
  assertEquals(
    kindOf(
      "ioctl(KVM_CREATE_VM) failed: 12 Cannot allocate memory\nfailed to initialize kvm: Cannot allocate memory",
    ),
    "not known",
  );
  assertEquals(kindOf("cannot set up guest memory 'memory': Cannot allocate memory"), "not known");
});

Deno.test("probedBy() is certain of a machine that was silent and had the time", () => {
  const silent = (chance: NoHello["chance"]) => probedBy(new NoHello(chance, "no hello", "")).kind;
  assertEquals(silent("had the time"), "does not boot");
  assertEquals(silent("may not have had the time"), "not known");
});

Deno.test("starvedMs() tells how long a process has waited for a processor, as long as there is one", async () => {
  const own = await starvedMs(Deno.pid);
  assert(own !== undefined && own >= 0);
  assertEquals(await starvedMs(2 ** 30), undefined);
});
