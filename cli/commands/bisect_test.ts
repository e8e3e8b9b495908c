import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readRecord } from "../../reports/record_reader.ts";
import { resultOf } from "../../reports/result.ts";
import { simulated, suite, textOf } from "../../reports/testing/runs.ts";
import { conform, conformUntil } from "../testing/conform.ts";
import { lockOf, type Shown, shownIn, type Side, sideOf } from "./bisect_lock.ts";
import { search } from "./bisect_search.ts";

const CASE = "invalidate/callback-is-optional";
const RELEASES = ["6.12", "7.0", "7.1", "7.2", "7.3"].map((version) => `sim:mainline-${version}`).join(",");

/** Refuses a pin as these proposals do: with EINVAL, with EOPNOTSUPP, with EBUSY, which is what the case expects. */
const OTHERS = ["leon-v1-cover", "leon-v3-nonodp", "matt-v1-vfio"];

function shown(id: string, dialect: string): Shown {
  const [result] = resultOf(readRecord(textOf(simulated([id], dialect))), suite().cases).results;
  if (!result) throw new Error(`Cannot test without ${id}`);
  return shownIn(result);
}

Deno.test("conform bisect finds the release that changed, and where to look in its history", async () => {
  const ends = ["--good", "sim:mainline-7.3", "--bad", "sim:mainline-6.12"];
  const { status, out, err } = await conform("bisect", CASE, "--targets", RELEASES, ...ends);
  assertEquals(status, 0);
  assertStringIncludes(out, `${CASE}: good since sim:mainline-7.1\n`);
  assertMatch(out, /good {2}ok \[[0-9a-f]{12}\]\n {2}bad {3}EINVAL \[/);
  assertStringIncludes(out, "INVAL-18  The callback is optional; the ledger: since 7.1");
  assertMatch(out, /git log --oneline v7\.0\.\.v7\.1 -- .*drivers\/dma-buf\/dma-buf\.c/);
  assertEquals(err.match(/^Running /gm)?.length, 4);
});

Deno.test("conform bisect finds since when something is wrong, too", async () => {
  const ends = ["--good", "sim:mainline-6.12", "--bad", "sim:mainline-7.3"];
  const { out } = await conform("bisect", CASE, "--targets", RELEASES, ...ends, "--format", "json");
  const { good, bad, lock, log } = JSON.parse(out);
  assertEquals([good.target, bad.target], ["sim:mainline-7.0", "sim:mainline-7.1"]);
  assertEquals([bad.shows.digest, good.shows.digest], [lock.bad.digest, lock.good.digest]);
  assertStringIncludes(log, "v7.0..v7.1");
});

Deno.test("conform bisect names the files of the clause that says otherwise, where its own clause names none", async () => {
  const ends = ["--good", "sim:mainline-6.12", "--bad", "sim:mainline-7.3"];
  const { out } = await conform(
    "bisect",
    "invalidate/refused-without-the-callback[reach=true]",
    "--targets",
    RELEASES,
    ...ends,
  );
  assertStringIncludes(out, "bad since sim:mainline-7.1\n");
  assertStringIncludes(out, "RNOD-01  Operations without the callback, third series; the ledger: until 7.0");
  assertStringIncludes(out, "INVAL-18  The callback is optional; the ledger: since 7.1");
  assertMatch(out, /git log --oneline v7\.0\.\.v7\.1 -- .*drivers\/dma-buf\/dma-buf\.c/);
});

Deno.test("conform bisect does not follow another failure of the same case", async () => {
  const targets = OTHERS.map((dialect) => `sim:${dialect}`);
  const ends = ["--good", "sim:matt-v1-vfio", "--bad", "sim:leon-v1-cover"];
  const { status, out } = await conform(
    "bisect",
    "iommufd/map/pin-refused",
    "--targets",
    targets.join(","),
    ...ends,
  );
  assertEquals(status, 1);
  assertStringIncludes(out, "good  sim:matt-v1-vfio");
  assertStringIncludes(out, "bad   sim:leon-v1-cover");
  assertStringIncludes(out, "neither  sim:leon-v3-nonodp: it shows EOPNOTSUPP, another failure");
});

Deno.test("sideOf() takes for good or bad only what shows the same observation, whatever the verdict", () => {
  const id = "iommufd/map/pin-refused";
  const [bad, other, good] = OTHERS.map((dialect) => shown(id, dialect));
  if (!bad || !other || !good) throw new Error("Cannot test without dialects");
  const lock = lockOf(good, bad);
  if (typeof lock === "string") throw new Error(lock);
  assertEquals([sideOf(good, lock), sideOf(bad, lock), sideOf(other, lock)], ["good", "bad", "neither"]);
  assertEquals(other.word, bad.word);
  assertEquals(sideOf({ ...bad, stable: false }, lock), "neither");
  assertEquals(sideOf({ ...bad, word: "not-supported" }, lock), "neither");
});

Deno.test("lockOf() locks to the end where a case dies before its step, and says why there is nothing to lock to", () => {
  const good = shown(CASE, "mainline-7.1");
  const dead: Shown = { ...good, word: "fail", reason: "the kernel panicked after 3 s", seen: new Map() };
  const lock = lockOf(good, dead);
  if (typeof lock === "string") throw new Error(lock);
  assertEquals(sideOf({ ...dead, reason: "the kernel panicked after 4 s" }, lock), "bad");
  assertEquals(sideOf({ ...dead, reason: "the executor ended" }, lock), "neither");
  assertEquals(lockOf(good, good), "both targets show the same");
  assertMatch(String(lockOf(good, { ...good, word: "not-supported", reason: "no module" })), /no module/);
  assertMatch(String(lockOf({ ...good, stable: false }, dead)), /do not end alike/);
});

/** What the search finds among places that are good (g), bad (b) or neither (.), and how often it asked. */
async function found(places: string, good: number, bad: number) {
  const sides: Readonly<Record<string, Side>> = { g: "good", b: "bad" };
  const asked: number[] = [];
  const result = await search(good, bad, (place) => {
    asked.push(place);
    return Promise.resolve(sides[places[place] ?? ""] ?? "neither");
  });
  assertEquals(new Set(asked).size, asked.length);
  return { ...result, asked: asked.length };
}

Deno.test("search() halves, in either direction, and goes round places that are neither", async () => {
  assertEquals(await found("gggggggbbbbbbbbbb", 0, 16), { good: 6, bad: 7, neither: [], asked: 4 });
  assertEquals(await found("bbbg", 3, 0), { good: 3, bad: 2, neither: [], asked: 2 });
  assertEquals(await found("gg..bb", 0, 5), { good: 1, bad: 4, neither: [2, 3], asked: 4 });
  assertEquals(await found("g....b", 0, 5), { good: 0, bad: 5, neither: [1, 2, 3, 4], asked: 4 });
  assertEquals(await found("gb", 0, 1), { good: 0, bad: 1, neither: [], asked: 0 });
});

Deno.test("conform bisect holds two targets against each other that are no kernels at hand", async () => {
  const ran = await conform("bisect", CASE, "--good", "sim:mainline-7.3", "--bad", "sim:mainline-7.0");
  assertEquals(ran.status, 0);
  assertStringIncludes(ran.out, "The case was run on 2 targets.");
});

Deno.test("conform bisect refuses what cannot be searched", async () => {
  const refused = async (status: number, words: string, ...args: string[]) => {
    const ran = await conform("bisect", ...args);
    assertEquals([ran.status, ran.out], [status, ""]);
    assertStringIncludes(ran.err, words);
  };
  const good = ["--good", "sim:mainline-7.3"];
  const bad = ["--bad", "sim:mainline-7.0"];
  const targets = ["--targets", RELEASES];
  await refused(2, "The good target is the bad one", CASE, ...targets, ...good, "--bad", "sim:mainline-7.3");
  await refused(2, 'The bad target "7.0" is not among', CASE, ...targets, ...good, "--bad", "7.0");
  await refused(2, "more than one case", "invalidate", ...targets, ...good, ...bad);
  await refused(2, 'No case matches "invalidate/none"', "invalidate/none", ...targets, ...good, ...bad);
  await refused(1, "both targets show the same", "base/lookup-of-a-fence", ...targets, ...good, ...bad);
  const stop = await conformUntil(AbortSignal.abort(), "bisect", CASE, ...targets, ...good, ...bad);
  assertEquals(stop.status, 1);
  assertStringIncludes(stop.err, "The search was interrupted");
});
