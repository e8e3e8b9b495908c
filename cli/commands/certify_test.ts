import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conform, inFolder } from "../testing/conform.ts";

const PROFILE = "exporter-mock-iommufd";

/** A folder with a run of a small profile, a pair of keys, and a certificate where `certified`. */
async function prepared(test: (at: (name: string) => string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await conform("run", "--target", "sim:mainline-7.3", "--profile", PROFILE, "--out", at("run.jsonl"));
    await conform("key", "new", "--out", at("me"));
    await test(at);
  });
}

function certifyArgs(at: (name: string) => string): string[] {
  return ["certify", at("run.jsonl"), "--profile", PROFILE, "--key", at("me.key")];
}

Deno.test("conform certify writes what conform verify finds valid, with and without the key", async () => {
  await prepared(async (at) => {
    const certified = await conform(...certifyArgs(at), "--html", at("page.html"));
    assertEquals(certified.status, 0);
    assertEquals(
      certified.out,
      ["run.certificate.json", "run.test-result.json", "page.html", ""].map((name, index) =>
        index === 3 ? "" : at(name)
      ).join("\n"),
    );
    assertStringIncludes(certified.err, "grade model");
    assertStringIncludes(readFileSync(at("page.html"), "utf8"), "Certificate of conformance");
    const checked = await conform("verify", at("run.certificate.json"), "--key", at("me.pub"));
    assertEquals([checked.status, checked.err], [0, ""]);
    assertStringIncludes(
      checked.out,
      `valid: ${PROFILE} on sim:mainline-7.3, grade model, signed by sha256:`,
    );
    const unknown = await conform("verify", at("run.certificate.json"));
    assertEquals(unknown.status, 0);
    assertStringIncludes(unknown.err, "--key");
  });
});

Deno.test("conform verify takes a record from elsewhere and says when there is none", async () => {
  await prepared(async (at) => {
    await conform(...certifyArgs(at), "--out", at("c.json"));
    copyFileSync(at("run.jsonl"), at("copy"));
    writeFileSync(at("run.jsonl"), "");
    const verify = (...args: string[]) => conform("verify", at("c.json"), "--key", at("me.pub"), ...args);
    assertEquals((await verify("--record", at("copy"))).status, 0);
    const emptied = await verify();
    assertEquals(emptied.status, 1);
    assertStringIncludes(emptied.out, "record: ");
    const missing = await verify("--record", at("nowhere"));
    assertEquals([missing.status, missing.out], [2, ""]);
  });
});

Deno.test("conform verify fails for another key, a changed record and a changed certificate", async () => {
  await prepared(async (at) => {
    await conform(...certifyArgs(at));
    await conform("key", "new", "--out", at("other"));
    const certificate = at("run.certificate.json");
    const other = await conform("verify", certificate, "--key", at("other.pub"));
    assertEquals(other.status, 1);
    assertStringIncludes(other.out, "signature: ");
    const record = readFileSync(at("run.jsonl"), "utf8");
    writeFileSync(at("run.jsonl"), record.replace('"returned"', '"failed"'));
    assertEquals((await conform("verify", certificate, "--key", at("me.pub"))).status, 1);
    writeFileSync(at("run.jsonl"), record.replaceAll(/"errno":"E[A-Z]+"/g, '"errno":"ENOMEM"'));
    const changed = await conform("verify", certificate, "--key", at("me.pub"));
    assertEquals(changed.status, 1);
    assertStringIncludes(changed.out, "record: The record is another one, or was changed");
    assertStringIncludes(changed.out, 'the certificate says "pass", the record shows "fail"');
    writeFileSync(certificate, readFileSync(certificate, "utf8").slice(0, 300));
    assertEquals((await conform("verify", certificate)).status, 1);
  });
});

Deno.test("conform certify says everything that stands against it, and writes nothing", async () => {
  await prepared(async (at) => {
    const { status, out, err } = await conform(
      "certify",
      at("run.jsonl"),
      "-p",
      "mainline-7.3",
      "-k",
      at("me.key"),
    );
    assertEquals([status, out], [1, ""]);
    assertStringIncludes(err, "The run gets no certificate:\n- ");
    assertStringIncludes(err, "but the case was not run. Run all cases of the profile");
    assert(!existsSync(at("run.certificate.json")));
  });
});

Deno.test("conform key new keeps the key to itself and overwrites nothing", async () => {
  await inFolder(async (folder) => {
    const name = join(folder, "me");
    const { status, out } = await conform("key", "new", "--out", name);
    assertEquals([status, statSync(`${name}.key`).mode & 0o777], [0, 0o600]);
    assert(/^sha256:[0-9a-f]{64}\n$/.test(out));
    const before = readFileSync(`${name}.key`, "utf8");
    assertEquals((await conform("key", "new", "--out", name)).status, 2);
    assertEquals(readFileSync(`${name}.key`, "utf8"), before);
  });
});

Deno.test("conform certify says what is wrong with a key", async () => {
  await prepared(async (at) => {
    const wrong = await conform(...certifyArgs(at).slice(0, -1), at("me.pub"));
    assertEquals(wrong.status, 2);
    assertStringIncludes(wrong.err, "It is a public key, not a key to sign with");
    writeFileSync(at("none"), "nothing");
    assertStringIncludes((await conform(...certifyArgs(at).slice(0, -1), at("none"))).err, "conform key new");
  });
});

Deno.test("conform certify --explain takes the words of the issuer for a gap, and verify accepts them", async () => {
  await inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await conform("key", "new", "--out", at("me"));
    const profile = "leon-v3-nonodp";
    await conform("run", "--target", `sim:${profile}`, "--profile", profile, "--out", at("run.jsonl"));
    const args = ["certify", at("run.jsonl"), "--profile", profile, "--key", at("me.key")];
    const refused = await conform(...args);
    assertEquals(refused.status, 1);
    const gaps = [...refused.err.matchAll(/The profile has ([A-Z]+-\d+), of which nothing was seen/g)];
    assert(gaps.length > 0, refused.err);
    const explained = gaps.flatMap(([, clause]) => ["--explain", `${clause}=no importer here needs it`]);
    assertEquals((await conform(...args, ...explained)).status, 0);
    assertEquals((await conform("verify", at("run.certificate.json"))).status, 0);
    assertEquals((await conform(...args, "--explain", "VREV-01")).status, 2);
  });
});

Deno.test("conform verify follows no path that a certificate names", async () => {
  await prepared(async (at) => {
    await conform(...certifyArgs(at));
    const envelope = JSON.parse(readFileSync(at("run.certificate.json"), "utf8"));
    const statement = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
    for (const record of ["../run.jsonl", "/etc/passwd", "a/../run.jsonl", "..", ""]) {
      const run = { ...statement.predicate.run, record };
      const payload = JSON.stringify({ ...statement, predicate: { ...statement.predicate, run } });
      const stolen = { ...envelope, payload: Buffer.from(payload).toString("base64") };
      writeFileSync(at("stolen.json"), JSON.stringify(stolen));
      const { status, err } = await conform("verify", at("stolen.json"));
      assertEquals(status, 2);
      assertStringIncludes(err, "does not lie beside the certificate");
    }
  });
});

Deno.test("conform certify refuses a page that cannot be written before it writes a certificate", async () => {
  await prepared(async (at) => {
    for (const place of [at(""), at("none/page.html")]) {
      const { status, out, err } = await conform(...certifyArgs(at), "--html", place);
      assertEquals([status, out], [2, ""]);
      assertStringIncludes(err, `Cannot write "${place}"`);
      assertEquals(existsSync(at("run.certificate.json")), false);
    }
  });
});
