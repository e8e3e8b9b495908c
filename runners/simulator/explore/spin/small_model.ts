/**
 * A model of a few dozen lines, small enough to be written for another checker as well: a revoke against a map, a
 * fault and a fence, two importers. `revoke.pml` is the same in Promela.
 *
 * @module
 */
import { atomic, Completion, Mutex, RwSemaphore, type Steps, Thread, type Wait } from "../../kernel/sched.ts";
import { shared, SharedObject } from "../../kernel/shared.ts";
import type { Execution } from "../explore.ts";

/** How many threads run: revoke and map, a fault as well, a fence as well. */
export type ThreadCount = 2 | 3 | 4;

class Buffer extends SharedObject {
  @shared
  accessor status: "OK" | "PERM" = "OK";
  /** Its own, and the mapping of the second importer. */
  @shared
  accessor kref = 2;
  @shared
  accessor pte = false;
  @shared
  accessor fence = false;
  readonly importers: readonly Importer[] = [new Importer(false), new Importer(true)];
  readonly unmapped: Completion = new Completion(() => "unmap");
  readonly resv: Mutex = new Mutex("resv", "buffer");
  readonly memoryLock: RwSemaphore = new RwSemaphore("memory_lock", "device");
  revoked = false;

  putKref(): void {
    if (--this.kref === 0) this.unmapped.complete();
  }

  unmap(importer: Importer): void {
    if (!importer.mapped) return;
    importer.mapped = false;
    this.putKref();
  }
}

class Importer extends SharedObject {
  @shared
  accessor mapped: boolean;

  constructor(mapped: boolean) {
    super();
    this.mapped = mapped;
  }
}

/** The threads of the small model, in their first state. */
export function smallModel(threads: ThreadCount, rounds: number): Execution {
  const buffer = new Buffer();
  buffer.fence = threads > 3;
  const bodies = [revoke(buffer), mapAndUnmap(buffer, rounds), faults(buffer, rounds), signal(buffer)];
  const all = bodies.slice(0, threads).map((body, index) => new Thread(`thread ${index}`, body));
  return { threads: () => all, step: (thread) => thread.step(), watch: () => () => check(buffer) };
}

function check(buffer: Buffer): readonly string[] {
  const { revoked, status, kref, pte, importers } = buffer;
  const clean = status === "PERM" && kref === 0 && !pte && importers.every(({ mapped }) => !mapped);
  return revoked && !clean ? ["something is left after the revoke"] : [];
}

function* revoke(buffer: Buffer): Steps<void> {
  yield buffer.memoryLock.write;
  yield buffer.resv.lock;
  buffer.status = "PERM";
  for (const importer of buffer.importers) buffer.unmap(importer);
  yield fenceOf(buffer);
  buffer.resv.unlock();
  buffer.putKref();
  yield buffer.unmapped.wait;
  buffer.pte = false;
  buffer.memoryLock.upWrite();
  buffer.revoked = true;
}

function fenceOf(buffer: Buffer): Wait {
  return { on: "fence", ready: () => !buffer.fence };
}

function* mapAndUnmap(buffer: Buffer, rounds: number): Steps<void> {
  const [importer] = buffer.importers;
  if (!importer) return;
  for (let round = 0; round < rounds; round++) {
    yield buffer.resv.lock;
    if (buffer.status === "OK" && !importer.mapped) {
      importer.mapped = true;
      buffer.kref++;
    }
    buffer.resv.unlock();
    yield buffer.resv.lock;
    buffer.unmap(importer);
    buffer.resv.unlock();
  }
}

function* faults(buffer: Buffer, rounds: number): Steps<void> {
  for (let round = 0; round < rounds; round++) {
    yield buffer.resv.lock;
    const refused = buffer.status !== "OK";
    buffer.resv.unlock();
    if (refused) continue;
    yield buffer.memoryLock.read;
    if (buffer.status === "OK") buffer.pte = true;
    buffer.memoryLock.upRead();
  }
}

function signal(buffer: Buffer): Steps<void> {
  return atomic(() => {
    buffer.fence = false;
  });
}
