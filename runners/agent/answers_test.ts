import { assertEquals } from "@std/assert";
import type { CaseEnd } from "../../spec/observation.ts";
import { decodeTestee } from "../protocol/decode.ts";
import { withoutTimePassing } from "../testing/clock.ts";
import { CLEAN, succeeded } from "../testing/fakes.ts";
import type { Connection } from "../transport/connection.ts";
import { Answers, type Departure } from "./answers.ts";

/** Answers, and what has left of them: a line for each time that something did. */
function answers(departure: Departure, takes: "rest" | "nothing more") {
  const left: string[] = [];
  const connection: Connection = {
    peer: "a test",
    listen() {},
    send: (texts) => void left.push(texts.map(inShort).join(", ")),
    close: () => Promise.resolve(),
  };
  const told = new Answers(connection, departure);
  if (takes === "rest") told.takesRest();
  const see = (run: number, ...places: readonly number[]) =>
    places.forEach((seq) => told.observed(run, seq, succeeded(`given.${seq}`)));
  const end = (run: number, observations: number, end: CaseEnd = CLEAN) => told.ended(run, observations, end);
  return { told, left, see, end };
}

/** A message as `run.seq`, `end run` or `end run with (steps)`, or its type. */
function inShort(text: string): string {
  const message = decodeTestee(text);
  if (message.type === "observation") return `${message.run}.${message.seq}`;
  if (message.type !== "end") return message.type;
  const rest = message.rest?.map(({ step }) => step).join(" ");
  return `end ${message.run}${rest === undefined ? "" : ` with (${rest})`}`;
}

/** Lets what was put off to the end of this turn have its turn. */
async function turn(): Promise<void> {
  await Promise.resolve();
}

Deno.test("Answers sends observations with the end of their run where they come at once", async () => {
  const { told, left, see, end } = answers("together", "rest");
  await withoutTimePassing(() => {
    see(1, 0, 1);
    end(1, 2);
    see(2, 0);
    end(2, 1);
    end(3, 0);
    told.flush();
  });
  assertEquals(left, ["end 1 with (given.0 given.1), end 2 with (given.0), end 3"]);
});

Deno.test("Answers sends every observation by itself to a runner that does not take them otherwise", () => {
  const { told, left, see, end } = answers("together", "nothing more");
  see(1, 0, 1);
  end(1, 2);
  told.flush();
  assertEquals(left, ["1.0, 1.1, end 1"]);
});

Deno.test("Answers sends each message at once for a target that may take the machine down", () => {
  const { left, see, end } = answers("each", "rest");
  see(1, 0, 1);
  end(1, 2);
  assertEquals(left, ["1.0", "1.1", "end 1"]);
});

Deno.test("Answers keeps no observation back where the case does not end at once", async () => {
  const { left, see, end } = answers("together", "rest");
  see(1, 0, 1);
  await turn();
  assertEquals(left, ["1.0, 1.1"]);
  await withoutTimePassing(() => {
    see(1, 2, 3);
    end(1, 4);
  });
  await turn();
  assertEquals(left.slice(1), ["end 1 with (given.2 given.3)"]);
});

Deno.test("Answers keeps no observation back where the target holds up the turn", () => {
  const { left, see } = answers("together", "rest");
  see(1, 0);
  const begin = performance.now();
  while (performance.now() - begin < 3);
  see(1, 1);
  assertEquals(left, ["1.0, 1.1"]);
});

Deno.test("Answers keeps the order of what it is told", async () => {
  const { told, left, see, end } = answers("together", "rest");
  await withoutTimePassing(() => {
    see(1, 0);
    told.tell({ type: "log", run: 1, lines: [] });
    see(1, 1);
    end(1, 2);
    see(1, 2);
    see(2, 0);
    end(2, 1);
    told.flush();
  });
  assertEquals(left, ["1.0, log, end 1 with (given.1), 1.2, end 2 with (given.0)"]);
});
