/**
 * The file of the kernel module in each process of a case, and what the module reports of its importers.
 *
 * @module
 */
import { errnoName } from "../../spec/errno.ts";
import type { Event } from "../../spec/observation.ts";
import { CONFORM_PATH, CONFORM_VALUES, conformEvent } from "./abi/conform.ts";
import type { Request } from "./abi/ioctl.ts";
import {
  decode,
  type Fields,
  type ReadValues,
  sizeOf,
  type Struct,
  text,
  type Values,
} from "./abi/layout.ts";
import { O_CLOEXEC, O_RDWR } from "./constants.ts";
import { Unsupported } from "./failure.ts";
import { freshNumber } from "./numbers.ts";
import type { HelperProcess } from "./process.ts";
import type { Session } from "./session.ts";
import type { Numbered, Strand } from "./strand.ts";

/** How many events one look takes at most. */
const EVENTS = 64;

/** The module in a process: its descriptor, and what the case calls the attachments. */
export class ModuleFile implements Numbered {
  readonly process: HelperProcess;
  readonly number: number;
  /** Names of attachments by their ids. */
  readonly names: Map<number, string> = new Map();

  constructor(process: HelperProcess, number: number) {
    this.process = process;
    this.number = number;
  }

  /** Sends a request of the module; `argsz` is filled in. */
  async ask<const F extends Fields>(
    strand: Strand,
    request: Request,
    of: Struct<F>,
    values: Values<F>,
  ): Promise<ReadValues<F> & { readonly result: number }> {
    return await strand.ioctl(this, request, of, { argsz: sizeOf(of), ...values });
  }
}

const files = new WeakMap<HelperProcess, Promise<ModuleFile>>();

/**
 * The module in a process, opened with the first use.
 *
 * @throws {Unsupported} if the machine has no module
 */
export function moduleIn(session: Session, strand: Strand, process: HelperProcess): Promise<ModuleFile> {
  const known = files.get(process);
  if (known) return known;
  const opened = open(session, strand, process);
  files.set(process, opened);
  return opened;
}

async function open(session: Session, strand: Strand, process: HelperProcess): Promise<ModuleFile> {
  const { module } = session.setting.machine;
  if (module.kind === "missing") throw new Unsupported(module.reason);
  const opened = await strand.do(process, "open", [O_RDWR | O_CLOEXEC, 0], text(CONFORM_PATH));
  const number = await freshNumber(strand, process, opened);
  const file = new ModuleFile(process, number);
  const own = session.ownStrand();
  session.watch(() => newEvents(own, file));
  /* to close it undoes whatever the case left, so that a revoke that waits for it can end */
  session.atTheEnd(() => own.attempt(process, "close", [number]));
  return file;
}

/** What happened since the last look; nothing where the process has ended. */
async function newEvents(strand: Strand, file: ModuleFile): Promise<readonly Event[]> {
  const size = sizeOf(conformEvent);
  try {
    const { result, bytes } = await strand.attempt(
      file.process,
      "read",
      [file.number],
      new Uint8Array(size * EVENTS),
    );
    const count = Math.max(0, Math.floor(result / size));
    return Array.from({ length: count }, (_, index) => decode(conformEvent, bytes.subarray(index * size)))
      .flatMap((event) => eventOf(file, event.kind, event.attachment, event.error) ?? []);
  } catch {
    return [];
  }
}

function eventOf({ names }: ModuleFile, kind: number, id: number, error: number): Event | undefined {
  const attachment = names.get(id);
  if (attachment === undefined) return undefined;
  switch (kind) {
    case CONFORM_VALUES.EVENT_INVALIDATE:
      return { event: "invalidate", attachment };
    case CONFORM_VALUES.EVENT_REMAP:
      return { event: "remap", attachment, errno: errnoName(error) ?? null };
    default:
      return { event: "unmap", attachment };
  }
}
