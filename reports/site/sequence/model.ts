/**
 * What happened in a case as a sequence: who is there, who did what to whom, and in what state a buffer was meanwhile.
 *
 * @module
 */
import type { Event } from "../../../spec/observation.ts";
import { operationOf } from "../../../spec/operations/mod.ts";
import type { CaseResult, StepResult } from "../../result.ts";
import { type BufferState, stateAfter } from "./states.ts";

/** Somebody who takes part. */
export interface Lane {
  /** The name that the case gives it; `user` for who runs the case. */
  readonly name: string;
  /** What it is. */
  readonly kind: LaneKind;
}

/** What takes part: the user, exporting devices, buffers, importers, fences, and other objects. */
export type LaneKind = "user" | "process" | "device" | "buffer" | "importer" | "fence" | "other";

/** One thing that happened; the places are those of lanes. */
export type Row =
  /** A section of the case begins. */
  | { readonly kind: "section"; readonly section: StepResult["section"] }
  /** A step was begun. */
  | {
    readonly kind: "call";
    readonly step: string;
    readonly to: number;
    readonly words: string;
    readonly status: StepResult["status"];
    /** How it ended, in a word or two; missing where it ended later or was not reached. */
    readonly ended?: string | undefined;
    readonly depth: number;
  }
  /** Something happened meanwhile. */
  | { readonly kind: "event"; readonly from: number; readonly to: number; readonly words: string }
  /** A step that had been waiting ended. */
  | {
    readonly kind: "return";
    readonly step: string;
    readonly from: number;
    readonly words: string;
    readonly status: StepResult["status"];
  };

/** A buffer was in some state from one row up to another. */
export interface Span {
  /** The lane of the buffer. */
  readonly lane: number;
  /** The state. */
  readonly state: BufferState;
  /** The first row. */
  readonly from: number;
  /** The row before which it ends. */
  readonly to: number;
}

/** A step that waited, from one row to another. */
export interface Wait {
  /** Where it waited. */
  readonly lane: number;
  /** The row of its call. */
  readonly from: number;
  /** The row of its return; the last row where it never returned. */
  readonly to: number;
}

/** A case as a sequence. */
export interface Sequence {
  /** Who takes part, from left to right. */
  readonly lanes: readonly Lane[];
  /** What happened, from top to bottom. */
  readonly rows: readonly Row[];
  /** The states of buffers, where they are known. */
  readonly spans: readonly Span[];
  /** What waited. */
  readonly waits: readonly Wait[];
}

const KINDS: Readonly<Partial<Record<string, LaneKind>>> = {
  process: "process",
  device: "device",
  nic: "device",
  buffer: "buffer",
  attachment: "importer",
  region: "importer",
  entry: "importer",
  ioas: "importer",
  fence: "fence",
};

const ORDER: readonly LaneKind[] = ["user", "process", "device", "buffer", "importer", "fence", "other"];

/** What the first part of an operation's name is most about. */
const ABOUT: Readonly<Partial<Record<string, readonly LaneKind[]>>> = {
  vfio: ["device", "buffer"],
  buffer: ["buffer"],
  exporter: ["buffer"],
  importer: ["importer", "buffer"],
  rdma: ["importer", "device"],
  umem: ["importer", "buffer"],
  iommufd: ["importer", "buffer", "device"],
  fence: ["fence"],
  process: ["process"],
};

/** Makes the sequence of a case. Without a step that was reached there is none. */
export function sequenceOf({ steps }: Pick<CaseResult, "steps">): Sequence | undefined {
  const reached = steps.filter(({ status, observed }) => status !== "not-reached" || observed !== "");
  if (reached.length === 0) return undefined;
  const cast = castOf(reached);
  return { lanes: cast.lanes, ...happenings(reached, cast) };
}

/** Who takes part, and at whose place the other names of a case are. */
interface Cast {
  readonly lanes: readonly Lane[];
  /** The place of each name. */
  readonly places: ReadonlyMap<string, number>;
  /** The exporter of each buffer and importer, where it is known. */
  readonly exporters: ReadonlyMap<string, string>;
  /** The mapping entry of each buffer of an RDMA device. */
  readonly entries: ReadonlyMap<string, string>;
}

function castOf(steps: readonly StepResult[]): Cast {
  const lanes: Lane[] = [{ name: "user", kind: "user" }];
  const home = new Map<string, string>();
  const exporters = new Map<string, string>();
  for (const step of steps) {
    const named = namesIn(step.args).filter((name) => home.has(name));
    const about = aboutOf(step, named, lanes, home);
    const bound = boundOf(step);
    if (bound === undefined) continue;
    const kind = laneKindOf(step);
    if (kind) lanes.push({ name: bound, kind });
    home.set(bound, kind ? bound : about ?? "user");
    const parent = named.map((name) => exporters.get(name) ?? home.get(name)).find((name) =>
      name !== undefined
    );
    if (kind && parent !== undefined) exporters.set(bound, parent);
  }
  const sorted = lanes.toSorted((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  const place = new Map(sorted.map(({ name }, index) => [name, index]));
  const places = new Map([...home].map(([name, own]) => [name, place.get(own) ?? 0]));
  const entries = new Map(
    steps.flatMap(({ bind, args: { entry } }) =>
      bind !== undefined && typeof entry === "string" ? [[bind, entry]] : []
    ),
  );
  return { lanes: sorted, places, exporters, entries };
}

/** The name under which a step's result goes on; callbacks name a result without one by the step. */
function boundOf({ bind, step, operation }: StepResult): string | undefined {
  return bind ?? (operation === "importer.attach" ? step : undefined);
}

function laneKindOf({ operation, outcome }: StepResult): LaneKind | undefined {
  const { result } = operationOf(operation);
  if (result.gives !== "object" || outcome?.kind === "failed") return undefined;
  return KINDS[result.kind];
}

function namesIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(namesIn);
}

/** Whom a step is about, of those that it names. */
function aboutOf(
  { operation }: StepResult,
  named: readonly string[],
  lanes: readonly Lane[],
  home: ReadonlyMap<string, string>,
): string | undefined {
  const homes = named.map((name) => home.get(name));
  const own = lanes.filter(({ name }) => homes.includes(name));
  const [family = ""] = operation.split(".");
  for (const kind of ABOUT[family] ?? []) {
    const found = own.find((lane) => lane.kind === kind);
    if (found) return found.name;
  }
  return own[0]?.name;
}

function happenings(steps: readonly StepResult[], cast: Cast): Omit<Sequence, "lanes"> {
  const rows: Row[] = [];
  const waits: Wait[] = [];
  const open: { readonly step: StepResult; readonly row: number; readonly lane: number }[] = [];
  const states = new States(cast);
  steps.forEach((step, index) => {
    closeDown(step.depth);
    if (steps[index - 1]?.section !== step.section) rows.push({ kind: "section", section: step.section });
    const to = placeOf(step, cast);
    const waiting = step.section !== "race" && step.observed.startsWith("blocked");
    rows.push({ kind: "call", ...callOf(step), to, ended: waiting ? undefined : endOf(step) });
    if (waiting) open.push({ step, row: rows.length - 1, lane: to });
    for (const event of step.events) rows.push(eventRow(event, cast));
    if (!waiting) states.after(step, rows.length);
  });
  closeDown(0);
  return { rows, waits, spans: states.spans(rows.length) };

  function closeDown(depth: number): void {
    for (let last = open.at(-1); last && last.step.depth >= depth; last = open.at(-1)) {
      open.pop();
      const { step, row, lane } = last;
      const never = step.outcome?.kind === "blocked";
      rows.push({
        kind: "return",
        step: step.step,
        from: lane,
        words: never ? "never returned" : endOf(step) ?? "",
        status: step.status,
      });
      waits.push({ lane, from: row, to: rows.length - 1 });
      if (!never) states.after(step, rows.length);
    }
  }
}

function callOf({ step, operation, status, depth, bind }: StepResult) {
  return { step, words: bind === undefined ? operation : `${bind} = ${operation}`, status, depth };
}

function placeOf(step: StepResult, cast: Cast): number {
  const bound = boundOf(step);
  if (bound !== undefined && laneKindOf(step)) return cast.places.get(bound) ?? 0;
  const named = namesIn(step.args).filter((name) => cast.places.has(name));
  const home = new Map(named.map((name) => [name, cast.lanes[cast.places.get(name) ?? 0]?.name ?? ""]));
  const about = aboutOf(step, named, cast.lanes, home);
  return Math.max(0, cast.lanes.findIndex(({ name }) => name === about));
}

/** How a step ended, in a word or two. */
function endOf({ outcome, observed }: StepResult): string | undefined {
  switch (outcome?.kind) {
    case "returned":
      return outcome.value === null || outcome.value === 0 ? "ok" : shortened(JSON.stringify(outcome.value));
    case "failed":
      return outcome.errno;
    case "faulted":
      return outcome.signal;
    case "blocked":
      return "waits";
    case "skipped":
      return "skipped";
    case "unsupported":
      return "not supported";
    case "error":
      return "target error";
    default:
      return observed === "" ? undefined : shortened(shortWords(observed));
  }
}

/** What was seen of a step that was run more than once, without how often. */
function shortWords(observed: string): string {
  const outcomes = observed.split(", ").map((outcome) =>
    outcome.replace(/ \(\d+\)$/, "").replace(/^succeeded$/, "ok").replace(
      /^(failed with|raised|returned) /,
      "",
    )
  );
  return [...new Set(outcomes)].join(" or ");
}

/** As many characters as fit beside an arrow. */
const MOST_CHARACTERS = 34;

function shortened(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
}

/** A callback goes from the exporter to the importer; what an importer does by itself goes back. */
function eventRow(event: Event, { places, exporters, lanes }: Cast): Row {
  const name = "attachment" in event ? event.attachment : event.device;
  const own = places.get(name) ?? 0;
  const exporter = places.get(exporters.get(name) ?? "") ?? lanes.findIndex(({ kind }) => kind === "buffer");
  const other = Math.max(0, exporter);
  const words = event.event === "remap"
    ? `maps again: ${event.errno ?? "ok"}`
    : event.event === "release-request"
    ? "asks to let go"
    : event.event;
  if ("device" in event) return { kind: "event", from: own, to: 0, words };
  const inward = event.event === "invalidate" || event.event === "stop";
  return { kind: "event", from: inward ? other : own, to: inward ? own : other, words };
}

/** Follows the states of the buffers. */
class States {
  readonly #cast: Cast;
  readonly #current = new Map<number, { readonly state: BufferState; readonly from: number }>();
  readonly #spans: Span[] = [];

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  /** A step is over; `row` is the one after it. */
  after(step: StepResult, row: number): void {
    this.#cast.lanes.forEach((lane, place) => {
      if (lane.kind !== "buffer") return;
      const known = this.#current.get(place);
      const exporter = this.#cast.exporters.get(lane.name);
      const entry = this.#cast.entries.get(lane.name);
      const state = stateAfter(step, { buffer: lane.name, exporter, entry, state: known?.state });
      if (state === known?.state) return;
      if (known) this.#spans.push({ lane: place, ...known, to: row - 1 });
      if (state) this.#current.set(place, { state, from: row - 1 });
      else this.#current.delete(place);
    });
  }

  /** All of them, when there is no more row than `end`. */
  spans(end: number): readonly Span[] {
    return [...this.#spans, ...[...this.#current].map(([lane, known]) => ({ lane, ...known, to: end }))];
  }
}
