import { assertEquals } from "@std/assert";
import type { Sequence } from "../kernel/sequence.ts";
import type { Change } from "../kernel/vfio_pci_dmabuf.ts";
import { DIALECTS } from "./mod.ts";

function rulesOf(id: string) {
  const dialect = DIALECTS.get(id);
  if (!dialect) throw new Error(`There is no dialect ${id}`);
  return dialect.rules.vfio;
}

function names(sequence: Sequence<Change> | undefined): readonly string[] {
  return (sequence ?? []).map(({ name }) => name);
}

const LOCK = "lock the reservation";
const UNLOCK = "unlock the reservation";
const SET = "set the state";
const TELL = "tell the importers";
const FENCES = "wait for the fences up to BOOKKEEP";
const UNMAPS = ["drop the initial kref", "wait until every mapping is unmapped"];
const ZAP = "zap the CPU mappings";
const REARM = "re-arm the kref";

Deno.test("a dialect revokes by the steps of its row, R1 to R8 in order", async (t) => {
  const table: Readonly<Record<string, readonly string[]>> = {
    "leon-v1-core": [LOCK, TELL, UNLOCK],
    "leon-v3-nonodp": [LOCK, SET, TELL, "wait for the fences up to KERNEL", UNLOCK],
    "matt-rfc-ioctl": [LOCK, SET, TELL, UNLOCK, ZAP],
    "matt-v1-vfio": [LOCK, SET, TELL, FENCES, UNLOCK, ...UNMAPS, ZAP],
    "matt-v2": [LOCK, SET, TELL, FENCES, UNLOCK, ...UNMAPS, ZAP, REARM],
    "matt-v8": [LOCK, SET, TELL, FENCES, UNLOCK, ...UNMAPS, ZAP, REARM],
    "mainline-7.0": [LOCK, SET, TELL, UNLOCK],
    "mainline-7.3": [LOCK, SET, TELL, FENCES, UNLOCK, ...UNMAPS, REARM],
  };
  for (const [id, expected] of Object.entries(table)) {
    await t.step(id, () => assertEquals(names(rulesOf(id).transitions.OK.TEMP), expected));
  }
});

Deno.test("a dialect brings a buffer back by the steps of its row", async (t) => {
  const told = [LOCK, TELL, FENCES, UNLOCK];
  const set = [LOCK, SET, UNLOCK];
  const table: Readonly<Record<string, readonly string[]>> = {
    "matt-rfc-ioctl": [LOCK, TELL, UNLOCK, ...set],
    "matt-v1-vfio": [...told, REARM, ...set],
    "matt-v3-feature": [...told, ...set],
    "matt-v4plus": set,
    "matt-v8": set,
    "mainline-7.3": [...told, ...set],
  };
  for (const [id, expected] of Object.entries(table)) {
    await t.step(id, () => assertEquals(names(rulesOf(id).transitions.TEMP.OK), expected));
  }
});

Deno.test("only seed 3 tells the importers when a temporary revoke becomes permanent", async (t) => {
  const table: Readonly<Record<string, readonly string[]>> = {
    "matt-rfc-ioctl": [LOCK, SET, TELL, UNLOCK, ZAP],
    "matt-v1-vfio": [LOCK, SET, UNLOCK],
    "matt-v8": [LOCK, SET, UNLOCK],
    "mainline-7.3": [],
    "leon-v1-core": [],
  };
  for (const [id, expected] of Object.entries(table)) {
    await t.step(id, () => assertEquals(names(rulesOf(id).transitions.TEMP.PERM), expected));
  }
});

Deno.test("a close tells importers of revoked buffers again up to v1, and not from v2 and 7.1 on", async (t) => {
  const table: Readonly<Record<string, boolean>> = {
    "matt-v1-vfio": true,
    "matt-v2": false,
    "matt-v3-feature": false,
    "matt-v8": false,
    "mainline-7.1": false,
    "mainline-7.3": false,
  };
  for (const [id, tells] of Object.entries(table)) {
    await t.step(id, () => {
      const { closing } = rulesOf(id);
      assertEquals([names(closing.TEMP).includes(TELL), names(closing.PERM).includes(TELL)], [tells, tells]);
    });
  }
});

Deno.test("a dialect has one form of the request, and takes the locks of its row for it", () => {
  const forms = [...DIALECTS.keys()].map((id) => {
    const { requestForm, revokeLock, bufferLock } = rulesOf(id);
    return [id, requestForm, ...(requestForm === "-" ? [] : [revokeLock, bufferLock])];
  }).filter(([, form]) => form !== "-");
  assertEquals(forms, [
    ["matt-rfc-ioctl", "buffer ioctl", "read", "memory_lock"],
    ["matt-v1-vfio", "device ioctl", "write", "memory_lock"],
    ["matt-v2", "device ioctl", "write", "memory_lock"],
    ["matt-v3-feature", "feature", "write", "memory_lock"],
    ["matt-v4plus", "feature", "write", "memory_lock"],
    ["matt-v8", "feature", "read", "dmabuf_lock"],
  ]);
});
