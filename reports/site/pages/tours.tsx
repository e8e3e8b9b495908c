/**
 * Model coverage: how much of the model was walked on a target, and the races over all schedules.
 *
 * @module
 */
import { WordMark, WORDS } from "../components/verdict.tsx";
import { Facts } from "../components/facts.tsx";
import { ShareBar } from "../components/share.tsx";
import { Table } from "../components/table.tsx";
import { caseHistoryPath, runsPath } from "../links.ts";
import type { DepthTour, ExploredRace, ToldDivergence, Tour, TouredUniverse } from "../papers/papers.ts";

/** A part in per cent, rounded down, so that 100 % is said of nothing less. */
export function ratio(part: number, whole: number): string {
  return whole === 0 ? "0 %" : `${(Math.floor(part / whole * 1000) / 10).toFixed(1)} %`;
}

/** A tour of the model on a target. */
export function TourPage({ name, tour }: { readonly name: string; readonly tour: Tour }) {
  const { universes } = tour;
  const sum = (of: (each: TouredUniverse) => number) =>
    universes.reduce((total, each) => total + of(each), 0);
  const [edges, reached] = [sum((u) => u.edges), sum((u) => u.taken + u.diverged)];
  return (
    <>
      <TourHead title="Model coverage" name={name} tour={tour}>
        An edge is an operation in an abstract state of the model. Each edge was taken on the target, and what
        the target did was held against what the model did.
      </TourHead>
      <p class="hero">
        <b class="large">{ratio(reached, edges)}</b>{" "}
        <span class="soft">
          {reached} of {edges} edges taken, in {sum((u) => u.states)} states, by {sum((u) => u.sequences)}
          {" "}
          programs of {sum((u) => u.steps)} steps
        </span>
      </p>
      <Table
        class="areas"
        label="By universe"
        columns={[
          "Universe",
          [<span class="aloud">Shares</span>, "share"],
          ["States", "number"],
          ["Edges", "number"],
          ["As the model", "number"],
          ["Diverged", "number"],
          ["Not taken", "number"],
        ]}
      >
        <tbody>{universes.map((each) => <UniverseRow universe={each} />)}</tbody>
      </Table>
      <Divergences of={universes} />
      <NotTaken universes={universes} />
    </>
  );
}

function TourHead(
  { title, name, tour, children }: {
    readonly title: string;
    readonly name: string;
    readonly tour: Pick<Tour, "target" | "dialect" | "stopped" | "failures">;
    readonly children?: string | string[];
  },
) {
  const { target, dialect, stopped, failures } = tour;
  return (
    <>
      <p class="crumbs">
        <a href="/suite">How good is the suite?</a>
      </p>
      <h1>{title}</h1>
      <p class="lead">{children}</p>
      {stopped === undefined ? "" : <p class="notice">It did not come to its end: {stopped}.</p>}
      {failures.length === 0 ? "" : (
        <ul class="notice bad">
          {failures.slice(0, 10).map((each) => <li>The target failed as a target: {each}</li>)}
        </ul>
      )}
      <Facts
        facts={[
          ["Target", <a class="mono" href={runsPath({ target: target.id })}>{target.id}</a>],
          ["", ""],
          ["Kernel", target.kernel],
          ["Model", <code>{dialect}</code>],
          ["From", <code>{name}</code>],
        ]}
      />
    </>
  );
}

function UniverseRow({ universe }: { readonly universe: TouredUniverse }) {
  const { universe: id, title, states, edges, taken, diverged } = universe;
  return (
    <tr>
      <th scope="row">
        {id}
        <div class="soft words">{title}</div>
      </th>
      <td class="share">
        <ShareBar
          parts={[
            { count: taken, kind: "pass", words: "as the model says" },
            { count: diverged, kind: "fail", words: "diverged" },
            { count: edges - taken - diverged, kind: "not-run", words: "not taken" },
          ]}
        />
      </td>
      <td class="number">{states}</td>
      <td class="number">{edges}</td>
      <td class="number">{taken}</td>
      <td class={`number ${diverged > 0 ? "word fail" : "soft"}`}>{diverged}</td>
      <td class={`number ${edges - taken - diverged > 0 ? "" : "soft"}`}>{edges - taken - diverged}</td>
    </tr>
  );
}

/** The most divergences that are told. */
const DIVERGENCES_TOLD = 100;

function Divergences(
  { of }: {
    readonly of: readonly { readonly universe: string; readonly divergences: readonly ToldDivergence[] }[];
  },
) {
  const all = of.flatMap(({ universe, divergences }) => divergences.map((each) => ({ ...each, universe })));
  if (all.length === 0) return <p>The target is as the model, wherever it was held against it.</p>;
  return (
    <>
      <h2>
        Where the target is not the model <span class="soft count">{all.length}</span>
      </h2>
      <Table
        class="stack"
        columns={["Operation", "In the state", "The model", "The target", ["Edges", "number"]]}
      >
        <tbody>
          {all.slice(0, DIVERGENCES_TOLD).map(({ universe, operation, state, expected, seen, edges }) => (
            <tr>
              <td>
                <code>{operation}</code>
                <div class="soft">{universe}</div>
              </td>
              <td>
                <code>{state}</code>
              </td>
              <td data-label="the model">{expected}</td>
              <td data-label="the target">{seen}</td>
              <td class="number" data-label="edges">{edges ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {all.length > DIVERGENCES_TOLD
        ? <p class="soft">{all.length - DIVERGENCES_TOLD} more are in the file.</p>
        : ""}
    </>
  );
}

function NotTaken({ universes }: { readonly universes: readonly TouredUniverse[] }) {
  const all = universes.flatMap(({ universe, notTaken }) => notTaken.map((each) => ({ ...each, universe })));
  if (all.length === 0) return null;
  const groups = Map.groupBy(
    all,
    ({ operation, reason, universe }) => `${universe} · ${operation.split(" ")[0]} · ${reason}`,
  );
  return (
    <>
      <h2>
        What was not taken <span class="soft count">{all.length}</span>
      </h2>
      <Table class="stack" columns={["Operation", "Why", "As in the state", ["Edges", "number"]]}>
        <tbody>
          {[...groups.values()].map((own) => (
            <tr>
              <td>
                <code>{own[0]?.operation.split(" ")[0]}</code>
                <div class="soft">{own[0]?.universe}</div>
              </td>
              <td>{own[0]?.reason}</td>
              <td>
                <code>{own[0]?.state}</code>
              </td>
              <td class="number" data-label="edges">{own.length}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}

/** Every sequence of operations up to a depth. */
export function DepthPage({ name, tour }: { readonly name: string; readonly tour: DepthTour }) {
  const violations = tour.universes.flatMap((each) => each.violations);
  return (
    <>
      <TourHead title={`Every sequence of ${tour.depth} operations`} name={name} tour={tour}>
        Every sequence of operations was played on the target and on the model, and the invariants of the
        model were asked for after each.
      </TourHead>
      {violations.length === 0 ? "" : (
        <ul class="notice bad">
          {violations.slice(0, DIVERGENCES_TOLD).map(({ what, operation, state }) => (
            <li>
              {what}: after <code>{operation}</code> in <code>{state}</code>
            </li>
          ))}
        </ul>
      )}
      <Table
        class="areas"
        label="By universe"
        columns={["Universe", ["Sequences", "number"], ["Histories", "number"], ["Diverged", "number"]]}
      >
        <tbody>
          {tour.universes.map(({ universe, title, sequences, histories, divergences }) => (
            <tr>
              <th scope="row">
                {universe}
                <div class="soft words">{title}</div>
              </th>
              <td class="number">{sequences}</td>
              <td class="number">{histories}</td>
              <td class={`number ${divergences.length > 0 ? "word fail" : "soft"}`}>
                {divergences.length}
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      <Divergences of={tour.universes} />
    </>
  );
}

/** Races over the schedules of the simulator. */
export function RacesPage(
  { name, races }: { readonly name: string; readonly races: readonly ExploredRace[] },
) {
  const sum = (of: (each: ExploredRace) => number) => races.reduce((total, each) => total + of(each), 0);
  return (
    <>
      <p class="crumbs">
        <a href="/suite">How good is the suite?</a>
      </p>
      <h1>Races over all schedules</h1>
      <p class="lead">
        Every schedule of the threads was run on the simulator, but for those that only differ in the order of
        steps that commute. An outcome that a case allows and no schedule reaches is a failure too.
      </p>
      <p class="hero">
        <b class="large">{sum(({ runs }) => runs)}</b>{" "}
        <span class="soft">
          schedules of {races.length} races, with {sum(({ ends }) => ends.length)} outcomes in{" "}
          {sum(({ states }) => states ?? 0)} states
        </span>
      </p>
      <p class="soft">
        From the file <span class="mono">{name}</span>
      </p>
      <Table
        class="stack races"
        columns={[
          ["Result", "verdict"],
          "Race",
          ["Outcomes, by schedules", "share"],
          ["Schedules", "number"],
          ["States", "number"],
        ]}
      >
        <tbody>{races.map((each) => <RaceRow race={each} />)}</tbody>
      </Table>
    </>
  );
}

function RaceRow({ race }: { readonly race: ExploredRace }) {
  const { case: id, verdict, reasons, runs, states, ends, exhaustive } = race;
  const word = WORDS.find((each) => each === verdict) ?? "unknown";
  return (
    <tr>
      <td>
        <WordMark word={word} />
      </td>
      <td>
        <a class="mono" href={caseHistoryPath(id)}>{id}</a>
        {reasons.map((reason) => <div class="soft">{reason}</div>)}
      </td>
      <td class="share">
        <Outcomes ends={ends} runs={runs} />
      </td>
      <td class="number" data-label="schedules">
        {runs}
        {exhaustive ? "" : <div class="partial">not all</div>}
      </td>
      <td class="number" data-label="states">{states ?? ""}</td>
    </tr>
  );
}

/** Each outcome as a block as wide as its share; blocks stand apart, so that their number can be seen. */
function Outcomes({ ends, runs }: Pick<ExploredRace, "ends" | "runs">) {
  const gap = 8;
  const counts = ends.map(({ count }) => count).toSorted((one, other) => other - one);
  const room = 1000 - gap * Math.max(0, counts.length - 1);
  let x = 0;
  return (
    <svg
      class="bar outcomes"
      role="img"
      aria-label={`${counts.length} outcomes of ${runs} schedules: ${counts.join(", ")}`}
      viewBox="0 0 1000 1"
      preserveAspectRatio="none"
    >
      {counts.map((count) => {
        const width = room * count / Math.max(1, runs);
        const begin = x;
        x += width + gap;
        return <rect class="time" x={begin.toFixed(2)} y="0" width={width.toFixed(2)} height="1" />;
      })}
    </svg>
  );
}
