import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readRecord } from "../../record_reader.ts";
import { type CaseResult, resultOf } from "../../result.ts";
import { mishaps, simulated, suite, textOf } from "../../testing/runs.ts";
import { SequenceDrawing } from "./drawing.tsx";
import { type Sequence, sequenceOf } from "./model.ts";

function resultFor(id: string, dialect?: string): CaseResult {
  const [result] = resultOf(readRecord(textOf(simulated([id], dialect))), suite().cases).results;
  if (!result) throw new Error(`Cannot test without ${id}`);
  return result;
}

function sequenceFor(id: string, dialect?: string): Sequence {
  const sequence = sequenceOf(resultFor(id, dialect));
  if (!sequence) throw new Error(`There is no sequence of ${id}`);
  return sequence;
}

Deno.test("sequenceOf() puts the user first, then exporters, buffers, importers", () => {
  const { lanes } = sequenceFor("vfio/revoke/double-revoke");
  assertEquals(lanes.map(({ kind }) => kind), ["user", "device", "buffer", "importer"]);
});

Deno.test("sequenceOf() has a callback go from the exporter to the importer", () => {
  const { lanes, rows } = sequenceFor("vfio/revoke/double-revoke");
  const told = rows.find((row) => row.kind === "event" && row.words === "invalidate");
  assert(told?.kind === "event");
  assertEquals([lanes[told.from]?.kind, lanes[told.to]?.kind], ["device", "importer"]);
});

Deno.test("sequenceOf() follows the state of a buffer until it is revoked for good", () => {
  const { spans, rows } = sequenceFor("vfio/revoke/double-revoke");
  assertEquals(spans.map(({ state }) => state), ["live", "permanent"]);
  assertEquals(spans[0]?.to, spans[1]?.from);
  assertEquals(spans.at(-1)?.to, rows.length);
});

Deno.test("sequenceOf() shows what waits from its call to its return", () => {
  const { rows, waits } = sequenceFor("vfio/move/fence-holds-revoke[usage=READ]");
  const [wait] = waits;
  assert(wait);
  assertEquals(rows[wait.to]?.kind, "return");
  assert(rows.slice(wait.from, wait.to).some((row) => row.kind === "call" && row.words === "fence.signal"));
});

Deno.test("sequenceOf() does not claim to know the state of a buffer after a race about it", () => {
  for (const id of ["rdma/race/free-against-unbind", "vfio/race/close-against-attach"]) {
    const { rows, spans } = sequenceFor(id);
    const race = rows.findIndex((row) => row.kind === "section" && row.section === "race");
    const then = rows.findIndex((row) => row.kind === "section" && row.section === "then");
    assert(race > 0 && then > race, id);
    assert(spans.length > 0 && spans.every(({ to }) => to < then), `${id}: ${JSON.stringify(spans)}`);
  }
});

Deno.test("sequenceOf() makes nothing of a case that was not reached", () => {
  assertEquals(sequenceOf({ steps: [] }), undefined);
});

Deno.test("SequenceDrawing() draws every case of the suite, on two dialects, within its frame", () => {
  const ids = [...suite().cases.keys()].slice(0, 120);
  for (const dialect of ["matt-v1-vfio", "mainline-7.0"]) {
    for (const result of resultOf(readRecord(textOf(simulated(ids, dialect))), suite().cases).results) {
      const sequence = sequenceOf(result);
      if (!sequence) continue;
      const drawing = String(SequenceDrawing({ sequence, place: "" }));
      assertStringIncludes(drawing, "<svg");
      assert(!/NaN|undefined|Infinity/.test(drawing), `a figure is missing in the drawing of ${result.case}`);
      for (const { lane, from, to } of sequence.spans) {
        assert(sequence.lanes[lane]?.kind === "buffer" && from <= to, result.case);
      }
    }
  }
});

Deno.test("SequenceDrawing() keeps hostile text from becoming markup", () => {
  const { lines, cases } = mishaps();
  for (const result of resultOf(readRecord(textOf(lines)), cases).results) {
    const sequence = sequenceOf(result);
    if (sequence) assert(!String(SequenceDrawing({ sequence, place: "" })).includes("<script"));
  }
});
