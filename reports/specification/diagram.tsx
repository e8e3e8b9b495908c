/**
 * A state machine as a drawing: states in a row, the closed one below, every transition with its number.
 *
 * @module
 */
import { type Machine, type MachineState, STATE_TEXTS, type Transition } from "./machines.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The middle of each state. */
const PLACES: Readonly<Record<MachineState, Point>> = {
  OK: { x: 120, y: 120 },
  TEMP: { x: 400, y: 120 },
  PERM: { x: 680, y: 120 },
  CLOSED: { x: 400, y: 300 },
};

const BOTTOM = 335;
const BOX = { width: 150, height: 54 };

/** The path of an arrow and the middle of its number. */
interface Arrow {
  readonly path: string;
  readonly at: Point;
}

/** Where the arrow between two states runs. */
const ARROWS: Readonly<Record<string, Arrow>> = {
  "OK OK": { path: "M 85 93 C 65 40, 150 40, 130 91", at: { x: 104, y: 53 } },
  "OK TEMP": { path: "M 195 108 C 245 92, 275 92, 323 107", at: { x: 260, y: 96 } },
  "OK PERM": { path: "M 140 93 C 230 0, 570 0, 658 91", at: { x: 400, y: 23.5 } },
  "TEMP OK": { path: "M 325 134 C 275 150, 245 150, 197 135", at: { x: 260, y: 146 } },
  "TEMP PERM": { path: "M 475 120 L 603 120", at: { x: 538, y: 120 } },
  "OK CLOSED": { path: "M 120 147 C 130 240, 220 300, 323 300", at: { x: 177, y: 252 } },
  "TEMP CLOSED": { path: "M 400 147 L 400 271", at: { x: 400, y: 208 } },
  "PERM CLOSED": { path: "M 680 147 C 670 240, 580 300, 477 300", at: { x: 623, y: 252 } },
};

/** Draws a state machine. The numbers are those of its transitions, from 1. */
export function Diagram({ machine, id }: { readonly machine: Machine; readonly id: string }) {
  const { states, transitions } = machine;
  const { top, width } = frameOf(machine);
  return (
    <svg
      class="machine"
      viewBox={`30 ${top} ${width} ${BOTTOM - top}`}
      width={width}
      height={BOTTOM - top}
      role="img"
      aria-labelledby={`${id}-title`}
    >
      <title id={`${id}-title`}>{describe(machine)}</title>
      <defs>
        <marker
          id={`${id}-head`}
          viewBox="0 0 10 10"
          refX="8"
          refY="5"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path class="head" d="M 0 0 L 10 5 L 0 10 z" />
        </marker>
      </defs>
      {transitions.map((transition) => <Arrow transition={transition} head={`url(#${id}-head)`} />)}
      {states.map((state) => <State state={state} />)}
      {transitions.map((transition, index) => <Number transition={transition} number={index + 1} />)}
    </svg>
  );
}

/** How much room the drawing needs: less without the arrows above the states, and without the last state. */
function frameOf({ states, transitions }: Machine): { readonly top: number; readonly width: number } {
  const arched = transitions.some(({ from, to }) => from === "OK" && (to === "OK" || to === "PERM"));
  return { top: arched ? 5 : 75, width: states.includes("PERM") ? 740 : 460 };
}

function describe({ states, transitions }: Machine): string {
  const ways = transitions.map(({ from, to, trigger }, index) =>
    `${index + 1}: ${from} to ${to}, ${trigger}`
  );
  return `States ${states.join(", ")}. ${ways.join("; ")}.`;
}

function State({ state }: { readonly state: MachineState }) {
  const { x, y } = PLACES[state];
  return (
    <g>
      <rect
        class={`state ${state.toLowerCase()}`}
        x={x - BOX.width / 2}
        y={y - BOX.height / 2}
        width={BOX.width}
        height={BOX.height}
        rx="8"
      />
      <text class="name" x={x} y={y - 3}>{state}</text>
      <text class="what" x={x} y={y + 16}>{STATE_TEXTS[state]}</text>
    </g>
  );
}

function arrowOf({ from, to }: Transition): Arrow {
  const known = ARROWS[`${from} ${to}`];
  if (known) return known;
  const [a, b] = [PLACES[from], PLACES[to]];
  return { path: `M ${a.x} ${a.y} L ${b.x} ${b.y}`, at: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } };
}

function Arrow({ transition, head }: { readonly transition: Transition; readonly head: string }) {
  return <path class="arrow" d={arrowOf(transition).path} marker-end={head} />;
}

function Number({ transition, number }: { readonly transition: Transition; readonly number: number }) {
  const { x, y } = arrowOf(transition).at;
  return (
    <g>
      <circle class="number" cx={x} cy={y} r="11" />
      <text class="number" x={x} y={y + 4.5}>{number}</text>
    </g>
  );
}
