/**
 * A sequence as a drawing: a line for everybody who takes part, an arrow for everything that happened.
 *
 * @module
 */
import { stepAnchor } from "../components/anchors.ts";
import type { Lane, Row, Sequence, Span, Wait } from "./model.ts";

const LANE_WIDTH = 168;
const FIRST = 96;
const TOP = 64;
const ROW_HEIGHT = 34;
const SECTION_HEIGHT = 30;

const LANE_WORDS: Readonly<Record<Lane["kind"], string>> = {
  user: "who runs the case",
  process: "process",
  device: "device",
  buffer: "dma-buf",
  importer: "importer",
  fence: "fence",
  other: "object",
};

const SECTION_WORDS: Readonly<Record<string, string>> = {
  given: "given",
  control: "control",
  when: "when",
  race: "at the same time, in any order",
  then: "then",
};

/** Where everything is. */
interface Frame {
  readonly width: number;
  readonly height: number;
  /** The middle of each row. */
  readonly ys: readonly number[];
}

/** Draws a sequence. `place` is what the anchors of its steps begin with. */
export function SequenceDrawing(
  { sequence, place }: { readonly sequence: Sequence; readonly place: string },
) {
  const frame = frameOf(sequence);
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Sequence of the case">
      <svg
        class="sequence"
        viewBox={`0 0 ${frame.width} ${frame.height}`}
        width={frame.width}
        height={frame.height}
        role="group"
        aria-labelledby={`${place}sequence-title`}
      >
        <title id={`${place}sequence-title`}>{describe(sequence)}</title>
        <defs>
          <marker
            id={`${place}tip`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerUnits="userSpaceOnUse"
            markerWidth="9"
            markerHeight="9"
            orient="auto-start-reverse"
          >
            <path class="tip" d="M 0 0.5 L 8 4 L 0 7.5 z" />
          </marker>
        </defs>
        {sequence.rows.map((row, index) => (
          <SectionBand row={row} y={frame.ys[index] ?? 0} width={frame.width} />
        ))}
        {sequence.lanes.map((lane, index) => (
          <LaneLine lane={lane} x={xOf(index)} bottom={frame.height - 12} />
        ))}
        {sequence.spans.map((span) => <StateBar span={span} frame={frame} />)}
        {sequence.waits.map((wait) => <WaitBar wait={wait} frame={frame} />)}
        {sequence.rows.map((row, index) => <RowArrow row={row} y={frame.ys[index] ?? 0} place={place} />)}
        {sequence.lanes.map((lane, index) => <LaneHead lane={lane} x={xOf(index)} />)}
      </svg>
    </div>
  );
}

function xOf(lane: number): number {
  return FIRST + lane * LANE_WIDTH;
}

function frameOf({ lanes, rows }: Sequence): Frame {
  let y = TOP;
  const ys = rows.map((row) => {
    const height = row.kind === "section" ? SECTION_HEIGHT : ROW_HEIGHT;
    y += height;
    return y - height / 2;
  });
  return { width: Math.max(2, lanes.length - 1) * LANE_WIDTH + FIRST * 2, height: y + 22, ys };
}

/** The same for those who cannot see it; the table of the steps says it all. */
function describe({ lanes, rows }: Sequence): string {
  const events = rows.filter(({ kind }) => kind === "event").length;
  const calls = rows.filter(({ kind }) => kind === "call").length;
  const others = lanes.slice(1).map(({ name, kind }) => `${LANE_WORDS[kind]} ${name}`);
  return `Sequence of ${calls} calls and ${events} callbacks between the user${
    others.length === 0 ? "" : ` and ${others.join(", ")}`
  }; the table below says the same in words`;
}

function SectionBand({ row, y, width }: { readonly row: Row; readonly y: number; readonly width: number }) {
  if (row.kind !== "section") return null;
  return (
    <g class="band">
      <rect x="0" y={y - 10} width={width} height="20" />
      <text x="12" y={y + 4}>{SECTION_WORDS[row.section]}</text>
    </g>
  );
}

function LaneHead({ lane, x }: { readonly lane: Lane; readonly x: number }) {
  return (
    <g class={`lane ${lane.kind}`}>
      <rect x={x - 66} y="8" width="132" height="40" rx="6" />
      <text class="name" x={x} y="25">{clipped(lane.name, 16)}</text>
      <text class="what" x={x} y="40">{LANE_WORDS[lane.kind]}</text>
    </g>
  );
}

function LaneLine({ lane, x, bottom }: { readonly lane: Lane; readonly x: number; readonly bottom: number }) {
  return <line class={`life ${lane.kind}`} x1={x} y1="48" x2={x} y2={bottom} />;
}

const STATE_WORDS: Readonly<Record<Span["state"], string>> = {
  live: "live",
  temporary: "revoked for a time",
  permanent: "revoked for good",
  closed: "without its exporter",
};

/** The state of a buffer, as a bar on its line; its words are beside it, for colour alone says nothing. */
function StateBar({ span, frame }: { readonly span: Span; readonly frame: Frame }) {
  const begin = frame.ys[span.from] ?? TOP;
  const end = span.to < frame.ys.length ? frame.ys[span.to] ?? begin : frame.height - 12;
  const height = Math.max(4, end - begin);
  const x = xOf(span.lane);
  return (
    <g class={`state ${span.state}`}>
      <rect x={x - 5} y={begin} width="10" height={height} rx="2" />
      {height > 100 || span.state !== "live"
        ? (
          <text x={x + 10} y={begin + Math.min(22, height / 2 + 6)}>
            {STATE_WORDS[span.state]}
          </text>
        )
        : ""}
    </g>
  );
}

function WaitBar({ wait, frame }: { readonly wait: Wait; readonly frame: Frame }) {
  const begin = frame.ys[wait.from] ?? TOP;
  const x = xOf(wait.lane === 0 ? 0 : wait.lane) - (wait.lane === 0 ? 0 : 11);
  return (
    <rect class="wait" x={x - 3} y={begin} width="6" height={(frame.ys[wait.to] ?? begin) - begin} rx="3" />
  );
}

function RowArrow({ row, y, place }: { readonly row: Row; readonly y: number; readonly place: string }) {
  switch (row.kind) {
    case "section":
      return null;
    case "call":
      return <CallArrow row={row} y={y} place={place} />;
    case "event":
      return (
        <Arrow kind="event" from={row.from} to={row.to} y={y} words={row.words} tip={`url(#${place}tip)`} />
      );
    case "return":
      return (
        <Arrow
          kind={`return ${row.status}`}
          from={row.from}
          to={0}
          y={y}
          words={row.words}
          tip={`url(#${place}tip)`}
        />
      );
  }
}

function CallArrow(
  { row, y, place }: {
    readonly row: Extract<Row, { kind: "call" }>;
    readonly y: number;
    readonly place: string;
  },
) {
  const plain = row.ended === undefined || (row.ended === "ok" && row.status === "met");
  const words = plain ? row.words : `${row.words} → ${row.ended}`;
  return (
    <a href={`#${stepAnchor(place, row.step)}`}>
      <Arrow kind={`call ${row.status}`} from={0} to={row.to} y={y} words={words} tip={`url(#${place}tip)`} />
    </a>
  );
}

function Arrow(
  { kind, from, to, y, words, tip }: {
    readonly kind: string;
    readonly from: number;
    readonly to: number;
    readonly y: number;
    readonly words: string;
    readonly tip: string;
  },
) {
  const [begin, end] = [xOf(from), xOf(to)];
  if (from === to) {
    return (
      <g class={`arrow ${kind}`}>
        <path d={`M ${begin} ${y - 4} h 22 v 12 h -14`} marker-end={tip} />
        <text class="own" x={begin + 28} y={y + 4}>{words}</text>
      </g>
    );
  }
  const gap = end > begin ? -7 : 7;
  return (
    <g class={`arrow ${kind}`}>
      <path d={`M ${begin} ${y} L ${end + gap} ${y}`} marker-end={tip} />
      <text x={Math.min(begin, end) + 12} y={y - 5}>{words}</text>
    </g>
  );
}

function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
