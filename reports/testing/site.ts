/**
 * A site with something of everything on it: runs that pass, fail, are contested, not supported, partial, hostile or
 * broken, races, warnings of the kernel, long names; a certificate that holds and one that does not; mutants, tours.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "../../cases/case.ts";
import type { MutantResult } from "../../runners/mutation/kills.ts";
import { scoreOf } from "../../runners/mutation/score.ts";
import { DEPTH_SCHEMA, TOUR_SCHEMA } from "../../runners/tour/mod.ts";
import { profileIdSchema } from "../../spec/ids.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { certify, envelopeText, newKey, readSigningKey } from "../certificate/mod.ts";
import { readRecord } from "../record_reader.ts";
import { createSite, folderHistory, folderShelf, type Site } from "../site/mod.ts";
import type { DepthTour, ExploredRace, Tour } from "../site/papers/papers.ts";
import { footer, header, HOSTILE, mishaps, simulated, suite, textOf } from "./runs.ts";

/** The cases of the runs: one of each kind, on dialects that pass, fail, lack or contest them. */
export const SHOWN: readonly string[] = [
  "base/attach-without-a-device",
  "base/incomplete-exporter[pin=absent,omit=map]",
  "invalidate/order-of-the-sequence",
  "invalidate/race/fence-of-a-user",
  "modes/addresses-stay-valid-until-the-unmap[kind=revocable]",
  "rdma/race/free-against-unbind",
  "vfio/move/fence-holds-revoke[usage=READ]",
  "vfio/race/close-against-attach",
  "vfio/revoke/double-revoke",
  "vfio/revoke/waits-for-unmap",
];

/** What the certificate is for. */
const CERTIFIED = [
  "vfio/revoke/double-revoke",
  "vfio/revoke/waits-for-unmap",
  "rdma/race/free-against-unbind",
];

const LONG = "a-target-whose-name-is-so-long-that-it-fits-on-no-line-of-any-screen-".repeat(3);

/** Writes records and papers into a folder. */
export async function writeExample(folder: string): Promise<void> {
  for (const [name, text] of Object.entries({ ...records(), ...papers(), ...await certificates(known()) })) {
    writeFileSync(join(folder, name), text);
  }
}

/** The site of such a folder. */
export function exampleSite(folder: string, answers: "yes" | "no" = "yes"): Site {
  const sources = known();
  return createSite({
    history: folderHistory(folder, sources.cases),
    shelf: folderShelf(folder),
    ...sources,
    identity,
    version: "0.1.0",
    answers,
  });
}

/** The suite, with a profile of what is certified and with cases that go wrong. */
function known(): { readonly ledger: Ledger; readonly cases: ReadonlyMap<string, Case> } {
  const { ledger, cases } = suite();
  const id = profileIdSchema.parse("few");
  const clauses = new Set(CERTIFIED.flatMap((each) => cases.get(each)?.clauses ?? []));
  const few = {
    id,
    title: "A few clauses",
    kind: "role",
    summary: "What a few cases show",
    extends: [],
    clauses,
    at: { file: "few.yaml", line: 1, column: 1 },
  } as const;
  return {
    ledger: { ...ledger, profiles: new Map([...ledger.profiles, [id, few]]) },
    cases: new Map([...cases, ...mishaps().cases]),
  };
}

function identity() {
  return { version: "0.1.0", ledger: "sha256:1", cases: "sha256:2", files: "sha256:3" };
}

/** A record of the cases, which began at some hour. */
function recordOf(dialect: string, hour: number, ids: readonly string[] = SHOWN): string {
  const [head, ...rest] = simulated(ids, dialect);
  if (head?.type !== "header") throw new Error("Cannot test without a header");
  return textOf([{ ...head, startedAt: `2026-11-20T${hour}:00:00.000Z` }, ...rest]);
}

function records(): Readonly<Record<string, string>> {
  const longTarget = {
    ...header([]).target,
    id: LONG,
    name: LONG,
    kernel: LONG,
    config: `sha256:${"0".repeat(64)}`,
  };
  return {
    "mainline-6.12.jsonl": recordOf("mainline-6.12", 10),
    "mainline-7.0.jsonl": recordOf("mainline-7.0", 11),
    "mainline-7.3.jsonl": recordOf("mainline-7.3", 12),
    "older.jsonl": recordOf("matt-v1-vfio", 13, SHOWN.slice(0, 6)),
    "newer.jsonl": recordOf("matt-v1-vfio", 14),
    "partial.jsonl": recordOf("matt-v2", 15).split("\n").slice(0, 20).join("\n"),
    "mishaps.jsonl": textOf(mishaps().lines),
    "long.jsonl": textOf([
      header([HOSTILE], { target: longTarget, profile: LONG, command: [LONG] }),
      footer(0),
    ]),
    "broken.jsonl": "no record\n",
  };
}

async function certificates(
  { ledger, cases }: ReturnType<typeof known>,
): Promise<Readonly<Record<string, string>>> {
  const pair = await newKey();
  const profile = ledger.profiles.get(profileIdSchema.parse("few"));
  if (!profile) throw new Error("Cannot test without a profile");
  const ids = [...cases.values()].filter(({ clauses }) =>
    clauses.length > 0 && clauses.every((id) => profile.clauses.has(id))
  )
    .map(({ id }) => id);
  const text = textOf(simulated(ids));
  const assessed = {
    record: readRecord(text),
    recordName: "certified.jsonl",
    profile,
    ledger,
    cases,
    identity,
  };
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  const issued = await certify(
    assessed,
    digest,
    await readSigningKey(pair.privatePem),
    new Date("2026-11-21T12:00:00Z"),
  );
  const [signature] = issued.envelope.signatures;
  return {
    "certified.jsonl": text,
    "certified.certificate.json": envelopeText(issued.envelope),
    "certified.test-result.json": envelopeText(issued.testResult),
    "forged.certificate.json": envelopeText({
      ...issued.envelope,
      signatures: signature ? [{ ...signature, sig: btoa("x".repeat(64)) }] : [],
    }),
    "lab.pub": pair.publicPem,
  };
}

const MUTANTS: readonly MutantResult[] = ([
  ["killed", false, undefined],
  ["control", false, "noticed only by a control"],
  ["postcondition", true, "Nobody holds the buffer, so that only its memory is missed"],
  ["harness", false, HOSTILE],
  ["survived", false, undefined],
] as const).map(([fate, explained, reason], index) => ({
  id: `mutant-${fate}`,
  title: `A buffer is forgotten in way ${index}`,
  dialect: index > 2 ? "mainline-7.3" : "matt-v1-vfio",
  breaks: ["VREV-10", "VST-13"],
  fate,
  explained,
  reason,
  kills: fate === "killed"
    ? SHOWN.slice(0, 4).map((id) =>
      ({ case: id, to: "fail", by: "step", reason: "then.0: it did not fail" }) as const
    )
    : [],
}));

const DIVERGENCE = {
  operation: "vfio.command device memory=off",
  state: "buffer live, device open, memory on, one importer mapped, one CPU mapping, no fences",
  expected: "succeeds",
  seen: `fails with EBUSY ${HOSTILE}`,
  edges: 12,
};

const TOURED = {
  target: { id: "sim:mainline-7.0", name: "Linux 7.0", kernel: "7.0" },
  dialect: "mainline-7.3",
  stopped: "it was told to stop",
  failures: ["no answer within 5 s"],
};

function papers(): Readonly<Record<string, string>> {
  const counts = { states: 475, edges: 6540, taken: 6000, diverged: 400, sequences: 432, steps: 10902 };
  const universe = {
    universe: "device",
    title: "every event on a device, with an importer and a CPU mapping",
  };
  const notTaken = [{ state: DIVERGENCE.state, operation: "fence.signal", reason: "not supported" }];
  const tour: Tour = {
    ...TOURED,
    universes: [{ ...universe, ...counts, divergences: [DIVERGENCE], notTaken }],
  };
  const depth: DepthTour = {
    ...TOURED,
    depth: 3,
    universes: [{
      ...universe,
      sequences: 1000,
      histories: 900,
      divergences: [],
      violations: [{ what: "a fence is leaked", operation: "fence.signal", state: DIVERGENCE.state }],
    }],
  };
  const races: readonly ExploredRace[] = [
    {
      case: "vfio/race/close-against-attach",
      verdict: "pass",
      reasons: [],
      runs: 9,
      exhaustive: true,
      states: 30,
      ends: [{ count: 7, schedule: "a5b2" }, { count: 2, schedule: "a2b2a" }],
    },
    {
      case: "rdma/race/free-against-unbind",
      verdict: "fail",
      reasons: [`race: ${HOSTILE}`],
      runs: 1,
      exhaustive: false,
      ends: [{ count: 1 }],
    },
  ];
  return {
    "mutants.json": JSON.stringify(
      scoreOf(MUTANTS, [...suite().cases.values()].filter(({ id }) => SHOWN.includes(id))),
    ),
    "tour.json": JSON.stringify({ schema: TOUR_SCHEMA, ...tour }),
    "depth.json": JSON.stringify({ schema: DEPTH_SCHEMA, ...depth }),
    "races.json": JSON.stringify(races),
    "broken.json": JSON.stringify({ schema: TOUR_SCHEMA }),
    "other.json": JSON.stringify({ schema: "of something else" }),
  };
}
