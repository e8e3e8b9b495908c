import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseCases } from "../../cases/parse.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { relatedClauses } from "../../spec/related.ts";
import { Failure, type Io } from "../io.ts";
import { newCase, newClause, OWN_ROOT } from "./new.ts";

/** Calls back with a copy of the ledger in a folder of its own, and tells what was printed. */
function inCopy(action: (root: URL, io: Io) => void): { readonly out: string; readonly err: string } {
  const folder = mkdtempSync(join(tmpdir(), "new-"));
  const printed = { out: "", err: "" };
  const io: Io = {
    out: (text) => printed.out += text,
    err: (text) => printed.err += text,
    columns: undefined,
    colours: false,
    signal: new AbortController().signal,
  };
  try {
    for (const part of ["clauses", "profiles", "sources.yaml"]) {
      cpSync(fileURLToPath(new URL(`spec/${part}`, OWN_ROOT)), join(folder, "spec", part), {
        recursive: true,
      });
    }
    action(pathToFileURL(`${folder}/`), io);
    return printed;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const PATH = "vfio/revoke/a-new-case";

Deno.test("conform new case writes a file that lints but for what its author has to say", () => {
  let text = "";
  const { out, err } = inCopy((root, io) => {
    assertEquals(newCase({ path: `cases/${PATH}.yaml`, clauses: ["VREV-10"] }, io, root), 0);
    text = readFileSync(new URL(`cases/${PATH}.yaml`, root), "utf8");
  });
  assertEquals(out, `cases/${PATH}.yaml\n`);
  assertStringIncludes(err, ':2:7: "title" is empty');
  assertStringIncludes(err, "VREV-10: A revoke request for a buffer that is permanently revoked");
  assertStringIncludes(err, "cases/vfio/revoke/double-revoke.yaml");
  const filled = text.replace("title:", "title: It fails").replace("why:", "why: It matters.")
    .replace("control: []", "control: [{ buffer.mmap: { buffer: buf } }]")
    .replace("when: []", "when: [{ vfio.revoke: { device: dev, buffer: buf } }]")
    .replace("then: []", "then: [{ buffer.mmap: { buffer: buf }, fails: ENODEV }]");
  const parsed = parseCases(filled, { file: "x.yaml", path: PATH, ledger: loadLedger() });
  assertEquals([parsed.diagnostics, parsed.cases.length], [[], 1]);
  assert(text.startsWith("# yaml-language-server: $schema=../../../spec/schema/case.json\n"));
});

Deno.test("conform new case starts a case of the core with an exporter of its own, and suggests clauses", () => {
  const { err } = inCopy((root, io) => {
    newCase({ path: "base/seek-from-the-end", clauses: [] }, io, root);
    assertStringIncludes(
      readFileSync(new URL("cases/base/seek-from-the-end.yaml", root), "utf8"),
      "exporter.create",
    );
  });
  assertStringIncludes(err, "Perhaps it verifies one of these:");
  assertStringIncludes(err, "BASE-08: ");
});

Deno.test("conform new case overwrites nothing and takes neither a wrong path nor an unknown clause", () => {
  inCopy((root, io) => {
    newCase({ path: PATH, clauses: [] }, io, root);
    const file = new URL(`cases/${PATH}.yaml`, root);
    const before = readFileSync(file, "utf8");
    assertThrows(() => newCase({ path: PATH, clauses: ["VREV-10"] }, io, root), Failure, "is there already");
    assertEquals(readFileSync(file, "utf8"), before);
    for (const path of ["", "../x", "vfio/", "vfio//x", "A/b", "x[y=1]"]) {
      assertThrows(() => newCase({ path, clauses: [] }, io, root), Failure, "cannot be the path of a case");
    }
    const failure = assertThrows(() => newCase({ path: "x", clauses: ["VREV-1O"] }, io, root), Failure);
    assertEquals(failure.hint, 'Did you mean "VREV-10"?');
  });
});

Deno.test("conform new clause adds an entry with the next number and says what its author fills in", () => {
  const { clauses } = loadLedger().families.get("VREV") ?? { clauses: [] };
  const next = `VREV-${clauses.length + 1}`;
  const { out, err } = inCopy((root, io) => {
    assertEquals(newClause("VREV", io, root), 0);
    const text = readFileSync(new URL("spec/clauses/vrev.yaml", root), "utf8");
    assertStringIncludes(text, `\n  - id: ${next}\n    title:\n`);
  });
  const [, line] = out.split(":");
  for (const key of ["title", "requirement", "keyword", "level", "status", "observable", "sources"]) {
    assertStringIncludes(err, `"${key}" is empty`);
  }
  assertStringIncludes(err, `vrev.yaml:${Number(line) + 1}:`);
});

Deno.test("conform new clause takes no unknown family and no number that is taken", () => {
  inCopy((root, io) => {
    const unknown = assertThrows(() => newClause("VRVE", io, root), Failure);
    assertEquals(unknown.hint, 'Did you mean "VREV"?');
    const taken = assertThrows(() => newClause("VREV-10", io, root), Failure, "cannot be the next clause");
    assertStringIncludes(taken.hint ?? "", "take VREV-");
  });
});

Deno.test("relatedClauses() finds the clause that is about the same thing", () => {
  const ledger = loadLedger();
  const first = (text: string) => relatedClauses(text, ledger).map(({ id }) => String(id));
  assert(first("seek from the end of the file").includes("BASE-08"));
  assert(first("vfio/revoke/of-an-ended-session").includes("VREV-09"));
  assertEquals(first("and the with"), []);
});
