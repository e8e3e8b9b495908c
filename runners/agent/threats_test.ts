import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request, type RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import { ConnectError } from "../protocol/errors.ts";
import { remoteTarget } from "../remote/target.ts";
import { Dialogue } from "../testee/dialogue.ts";
import { connectWebSocket, type WebSocketOptions } from "../transport/websocket.ts";
import { connectionPair } from "../testing/pipe.ts";
import { startCertifiedAgent } from "./certified.ts";
import { Lobby } from "./lobby.ts";
import { ExposureError } from "./door.ts";
import { type Agent, type AgentOptions, startAgent } from "./server.ts";
import { readTokens, TokenFileError, type Tokens } from "./tokens.ts";
import { workerOf } from "./worker.ts";

const WORKER = new URL("../testing/sim_testee.ts", import.meta.url).pathname;
const HELLO = { type: "hello", versions: [1], suite: { name: "a test", version: "1" } };
const NO_HELLO_MS = 50;
const ANSWER_MS = 20_000;

/** Two tokens and their owners. */
const TOKENS: Tokens = {
  ownerOf: (token) => ({ "token-of-alice-12345": "alice", "token-of-bob-1234567": "bob" })[token],
};
const ALICE = { token: "token-of-alice-12345" };
const BOB = { token: "token-of-bob-1234567" };

async function withAgent(
  options: Partial<AgentOptions>,
  test: (agent: Agent, log: readonly string[]) => Promise<void>,
): Promise<void> {
  const log: string[] = [];
  const agent = startAgent({
    startWorker: workerOf("sim", WORKER),
    log: (text) => log.push(text),
    ...options,
  });
  try {
    await test(agent, log);
  } finally {
    await agent.close();
  }
}

/** What a plain request is answered with. */
async function statusOf({ address }: Agent, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const port = Number(new URL(address).port);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const all = { host: `127.0.0.1:${port}`, connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await connection.write(new TextEncoder().encode(`GET / HTTP/1.1\r\n${lines}\r\n`));
  const answer = await new Response(connection.readable).text();
  return Number(answer.split(" ")[1]);
}

/** Talks to an agent message by message. */
async function withDialogue(
  agent: Agent,
  talk: (dialogue: Dialogue) => Promise<void>,
  options: WebSocketOptions = {},
): Promise<void> {
  const dialogue = new Dialogue(await connectWebSocket(agent.address, options));
  try {
    await talk(dialogue);
  } finally {
    await dialogue.close();
  }
}

async function codeOf(dialogue: Dialogue): Promise<string> {
  const message = await dialogue.next(ANSWER_MS);
  return message.type === "error" ? message.code : message.type;
}

function withFile(text: string, mode: number, test: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "conform-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, text);
    chmodSync(path, mode);
    test(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("an agent listens on this machine only", async () => {
  await withAgent({}, async (agent) => {
    assertStringIncludes(agent.address, "ws://127.0.0.1:");
    assertEquals(await statusOf(agent), 426);
  });
});

Deno.test("an agent does not start off this machine without TLS and a token", () => {
  const tls = { cert: "a certificate", key: "a key" };
  const start = (options: Partial<AgentOptions>) =>
    assertThrows(() => startAgent({ startWorker: workerOf("sim", WORKER), ...options }), ExposureError)
      .message;
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org", "127.0.0.1.example.org"]) {
    assertStringIncludes(
      start({ host }),
      "a certificate (--tls-cert, --tls-key) and a token (--token-file) or certificates of callers",
    );
    assertStringIncludes(start({ host, tokens: TOKENS }), "needs a certificate");
    assertStringIncludes(start({ host, tls }), "needs a token");
  }
});

/** A file of the folder with certificates for tests. */
function pem(name: string): string {
  return readFileSync(new URL(`../testing/tls/${name}.pem`, import.meta.url), "utf8");
}

Deno.test("an agent that knows callers by certificate lets nobody in without one", async () => {
  const log: string[] = [];
  const agent = await startCertifiedAgent({
    startWorker: workerOf("sim", WORKER),
    host: "localhost",
    tls: { cert: pem("cert"), key: pem("key"), clientCa: pem("callers-ca") },
    log: (text) => log.push(text),
  });
  const caCerts = [pem("cert")];
  try {
    const nobody = await assertRejects(() => connectWebSocket(agent.address, { caCerts }), ConnectError);
    assertStringIncludes(nobody.hint, "CONFORM_AGENT_CERT");
    const stranger = { cert: pem("stranger"), key: pem("stranger-key") };
    await assertRejects(() => connectWebSocket(agent.address, { caCerts, own: stranger }), ConnectError);
    const own = { cert: pem("caller"), key: pem("caller-key") };
    await withDialogue(agent, async (dialogue) => {
      dialogue.say(HELLO);
      assertEquals(await codeOf(dialogue), "hello");
    }, { caCerts, own });
    assertStringIncludes(log.join("\n"), 'session 1 of certificate "alice" ');
    const { port } = new URL(agent.address);
    const browser = {
      host: "localhost",
      port,
      ca: caCerts,
      ...own,
      headers: { origin: "https://example.org" },
    };
    assertEquals(await httpsStatus(browser), 403);
  } finally {
    await agent.close();
  }
});

function httpsStatus(options: RequestOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ ...options, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    }).on("error", reject).end();
  });
}

Deno.test("an agent with TLS is only believed with a certificate that the runner knows", async () => {
  const [cert, key, other] = ["cert.pem", "key.pem", "other.pem"].map((name) =>
    readFileSync(new URL(`../testing/tls/${name}`, import.meta.url), "utf8")
  );
  assert(cert && key && other);
  await withAgent({ host: "localhost", tls: { cert, key } }, async (agent) => {
    assertStringIncludes(agent.address, "wss://localhost:");
    const error = await assertRejects(() => connectWebSocket(agent.address), ConnectError);
    assertEquals(error.hint, "Name the agent's certificate in CONFORM_AGENT_CA");
    await assertRejects(() => connectWebSocket(agent.address, { caCerts: [other] }), ConnectError);
    await withDialogue(agent, async (dialogue) => {
      dialogue.say(HELLO);
      assertEquals(await codeOf(dialogue), "hello");
    }, { caCerts: [cert] });
    await assertRejects(() => connectWebSocket(agent.address.replace("wss", "ws")), ConnectError);
  });
});

Deno.test("an agent lets nobody in without a token", async () => {
  await withAgent({ tokens: TOKENS }, async (agent, log) => {
    assertEquals(await statusOf(agent), 401);
    assertEquals(await statusOf(agent, { authorization: "Bearer wrong" }), 401);
    assertEquals(await statusOf(agent, { authorization: "Bearer " }), 401);
    assertEquals(await statusOf(agent, { authorization: `Bearer ${ALICE.token}` }), 426);
    const error = await assertRejects(() => connectWebSocket(agent.address), ConnectError);
    assertStringIncludes(error.message, "it demands another token");
    assertStringIncludes(log.join("\n"), "the token is wrong or missing");
    await withDialogue(agent, async (dialogue) => {
      dialogue.say(HELLO);
      assertEquals(await codeOf(dialogue), "hello");
    }, ALICE);
  });
});

Deno.test("an agent does not let tokens be guessed", async () => {
  await withAgent({ tokens: TOKENS, limits: { wrongTokens: 3 } }, async (agent) => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 5; guess++) {
      statuses.push(await statusOf(agent, { authorization: `Bearer ${guess}` }));
    }
    assertEquals(statuses, [401, 401, 401, 429, 429]);
    assertEquals(await statusOf(agent, { authorization: `Bearer ${ALICE.token}` }), 429);
  });
  withFile("short\n", 0o600, (path) => {
    assertStringIncludes(
      assertThrows(() => readTokens(path), TokenFileError).message,
      "is no token of at least 20",
    );
  });
});

Deno.test("an agent takes no token from a file that others can read", () => {
  withFile("alice 0123456789012345678901\n0123456789012345678902\n", 0o640, (path) => {
    const error = assertThrows(() => readTokens(path), TokenFileError);
    assertEquals(error.message, `Others than its owner can read "${path}"`);
    chmodSync(path, 0o600);
    const tokens = readTokens(path);
    assertEquals(tokens.ownerOf("0123456789012345678901"), "alice");
    assertEquals(tokens.ownerOf("0123456789012345678902"), "token 2");
    assertEquals(tokens.ownerOf("alice"), undefined);
    assertEquals(tokens.ownerOf(""), undefined);
  });
});

Deno.test("an agent lets no browser in", async () => {
  await withAgent({ tokens: TOKENS }, async (agent) => {
    const authorization = `Bearer ${ALICE.token}`;
    for (const origin of ["https://example.org", "http://127.0.0.1:8017", "null"]) {
      assertEquals(await statusOf(agent, { origin, authorization, upgrade: "websocket" }), 403);
    }
  });
});

Deno.test("an agent is not called by another name than that of this machine", async () => {
  await withAgent({}, async (agent) => {
    for (const host of ["example.org", "example.org:8018", "127.0.0.1.example.org", ""]) {
      assertEquals(await statusOf(agent, { host }), 403);
    }
    for (const host of ["localhost", "127.0.0.1:1", "[::1]:8018"]) {
      assertEquals(await statusOf(agent, { host }), 426);
    }
  });
});

Deno.test("an agent gives a session to nobody else", async () => {
  await withAgent({ tokens: TOKENS }, async (agent) => {
    await withDialogue(agent, async (alices) => {
      alices.say(HELLO);
      const hello = await alices.next(ANSWER_MS);
      assert(hello.type === "hello" && hello.session !== undefined);
      const resume = { session: hello.session, run: 1, seen: 0 };
      const resumed = async (options: WebSocketOptions, what: object) => {
        let after: number | undefined;
        await withDialogue(agent, async (dialogue) => {
          dialogue.say({ ...HELLO, resume: { ...resume, ...what } });
          const answer = await dialogue.next(ANSWER_MS);
          after = answer.type === "hello" ? answer.resumedAfter : undefined;
        }, options);
        return after;
      };
      assertEquals(await resumed(BOB, {}), undefined);
      assertEquals(await resumed(ALICE, { session: crypto.randomUUID() }), undefined);
      assertEquals(await resumed(ALICE, {}), 0);
    }, ALICE);
  });
});

Deno.test("an agent answers nonsense with an error, and others go on", async () => {
  await withAgent({}, async (agent) => {
    await withDialogue(agent, async (good) => {
      good.say(HELLO);
      assertEquals(await codeOf(good), "hello");
      const first = [["nonsense", "malformed"], ['{"type":"reset","reset":1}', "order"], [
        '{"type":"hello"}',
        "malformed",
      ]];
      for (const [text = "", code] of first) {
        await withDialogue(agent, async (dialogue) => {
          dialogue.print(text);
          assertEquals(await codeOf(dialogue), code);
        });
      }
      good.print("nonsense");
      assertEquals(await codeOf(good), "malformed");
      good.say({ type: "run", run: 1, program: "none" });
      assertEquals(await codeOf(good), "malformed");
      good.say({ type: "reset", reset: 1 });
      assertEquals(await codeOf(good), "ready");
    });
  });
});

Deno.test("an agent ends a session that sends too much", async (t) => {
  await t.step("in one message", async () => {
    const all: string[] = [];
    await withAgent({ limits: { messageBytes: 1000 }, log: (text) => all.push(text) }, async (agent) => {
      await withDialogue(agent, async (dialogue) => {
        dialogue.say(HELLO);
        assertEquals(await codeOf(dialogue), "hello");
        dialogue.say({ type: "run", run: 1, program: { case: "a", steps: [] }, padding: "x".repeat(1000) });
        await assertRejects(() => dialogue.next(ANSWER_MS));
      });
    });
    assertStringIncludes(all.join("\n"), "is over: A message is longer than 1000 bytes");
  });
  await t.step("in many messages", async () => {
    await withAgent({ limits: { messagesPerSecond: 20 } }, async (agent) => {
      await withDialogue(agent, async (dialogue) => {
        dialogue.say(HELLO);
        assertEquals(await codeOf(dialogue), "hello");
        for (let count = 0; count < 100; count++) dialogue.say({ type: "abort", run: 1, reason: "none" });
        assertEquals(await codeOf(dialogue), "rate");
      });
    });
  });
});

Deno.test("an agent has a limit of sessions", async () => {
  await withAgent({ limits: { sessions: 1 } }, async (agent) => {
    await withDialogue(agent, async (first) => {
      first.say(HELLO);
      assertEquals(await codeOf(first), "hello");
      await withDialogue(agent, async (second) => {
        second.say(HELLO);
        assertEquals(await codeOf(second), "busy");
      });
    });
  });
});

Deno.test("an agent takes one caller right after the other, and no more workers than sessions", async () => {
  const startOne = workerOf("sim", WORKER);
  const workers: ReturnType<typeof startOne>[] = [];
  let most = 0;
  const startWorker = () => {
    const worker = startOne();
    workers.push(worker);
    most = Math.max(most, workers.filter(({ isAlive }) => isAlive).length);
    return worker;
  };
  await withAgent({ startWorker, limits: { sessions: 1 } }, async ({ address }) => {
    for (let callers = 0; callers < 3; callers++) {
      const target = remoteTarget("test", () => connectWebSocket(address));
      assertEquals((await target.describe()).id, "test");
      await target.close();
    }
  });
  assertEquals([workers.length, most], [3, 1]);
});

Deno.test("an agent waits for no hello for ever", async () => {
  await withAgent({ limits: { helloMs: NO_HELLO_MS } }, async (agent) => {
    await withDialogue(agent, async (dialogue) => assertEquals(await codeOf(dialogue), "order"));
  });
});

Deno.test("a lobby waits for a hello over a stream that is always there", async () => {
  const lobby = new Lobby({ startWorker: workerOf("sim", WORKER), limits: { helloMs: NO_HELLO_MS } });
  const [patient, itsEnd] = connectionPair();
  const [late, otherEnd] = connectionPair();
  lobby.admit(itsEnd, "anyone", "a stream", "at any time");
  lobby.admit(otherEnd, "anyone", "elsewhere");
  const [dialogue, other] = [new Dialogue(patient), new Dialogue(late)];
  assertEquals(await codeOf(other), "order");
  await assertRejects(() => other.next(ANSWER_MS));
  assertEquals(dialogue.isOver, false);
  dialogue.say({ type: "abort", run: 1, reason: "no hello" });
  assertEquals(await codeOf(dialogue), "order");
  await Promise.all([dialogue.close(), other.close()]);
  await lobby.close();
});

Deno.test("an agent ends what nobody comes back for", async () => {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const log = (text: string) => text.includes("is over: nobody came back") && resolve();
  await withAgent({ limits: { keptMs: 50 }, log }, async (agent) => {
    await withDialogue(agent, async (dialogue) => {
      dialogue.say(HELLO);
      assertEquals(await codeOf(dialogue), "hello");
    });
    await over;
  });
});

Deno.test("an agent does nothing that the vocabulary does not have", async () => {
  const step = { action: "call", args: {} } as const;
  const steps = [
    { ...step, id: "given.0", operation: "ioctl" },
    { ...step, id: "given.1", operation: "constructor" },
    { ...step, id: "given.2", operation: "vfio.open", args: { bars: "/dev/mem" } },
    { ...step, id: "given.3", operation: "fd.open", args: { kind: "/etc/shadow" } },
    { ...step, id: "given.4", operation: "fence.create" },
  ];
  await withAgent({}, async (agent) => {
    await withDialogue(agent, async (dialogue) => {
      dialogue.say(HELLO);
      assertEquals(await codeOf(dialogue), "hello");
      dialogue.say({ type: "run", run: 1, program: { case: "a", steps } });
      const kinds: string[] = [];
      for (const { id } of steps) {
        const message = await dialogue.next(ANSWER_MS);
        assert(message.type === "observation" && message.observation.step === id);
        kinds.push(message.observation.outcome.kind);
      }
      assertEquals(kinds, [...Array(4).fill("unsupported"), "returned"]);
      assertEquals(await codeOf(dialogue), "end");
    });
  });
});

Deno.test("an agent only describes where that is all it should do", async () => {
  await withAgent({ mode: "describe" }, async (agent) => {
    const target = remoteTarget("agent", () => connectWebSocket(agent.address));
    assertEquals((await target.describe()).kernel, "7.1-rc+matt-v1");
    const seen: Observation[] = [];
    const end: CaseEnd = await target.run(
      { case: caseIdSchema.parse("a"), steps: [] },
      (observation) => seen.push(observation),
    );
    assertEquals([end.end, seen.length], ["infra-error", 0]);
    assertStringIncludes(end.reason ?? "", "This agent describes its target and runs nothing");
    await target.close();
  });
});

Deno.test("an agent keeps its environment to itself", async () => {
  Deno.env.set("CONFORM_AGENT_TOKEN_FILE", "/secret");
  const worker = workerOf("stdio:env >&2", WORKER)();
  Deno.env.delete("CONFORM_AGENT_TOKEN_FILE");
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  worker.listen({ messages() {}, closed: () => resolve() });
  await ended;
  assertStringIncludes(worker.notes(), "PATH=");
  assertEquals(worker.notes().includes("CONFORM"), false);
  await worker.close();
});

Deno.test("an agent logs who ran what", async () => {
  await withAgent({ tokens: TOKENS }, async (agent, log) => {
    await withDialogue(agent, async (dialogue) => {
      dialogue.say(HELLO);
      assertEquals(await codeOf(dialogue), "hello");
      dialogue.say({ type: "run", run: 1, program: { case: "vfio/revoke/one", steps: [] } });
      assertEquals(await codeOf(dialogue), "end");
    }, BOB);
    const lines = log.map((line) => line.replace(/127\.0\.0\.1:\d+/, "ADDRESS"));
    assertEquals(lines.slice(0, 2), [
      "session 1 of bob at ADDRESS begins, with a test 1",
      "session 1 of bob at ADDRESS runs vfio/revoke/one",
    ]);
  });
});

Deno.test("an agent gives up what it does not need", async () => {
  const module = new URL("permissions.ts", import.meta.url).href;
  const script = `import { dropPermissions } from "${module}"; await dropPermissions();
    for (const name of ["write", "ffi", "env", "sys", "import", "net", "run"]) {
      console.log(name, (await Deno.permissions.query({ name })).state);
    }`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", `data:application/typescript,${encodeURIComponent(script)}`],
  });
  const { stdout } = await child.output();
  assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
    ...["write", "ffi", "env", "sys", "import"].map((name) => `${name} prompt`),
    "net granted",
    "run granted",
  ]);
});

Deno.test("every line of the page of threats has a test", () => {
  const page = readFileSync(new URL("THREATS.md", import.meta.url), "utf8");
  const tests = ["threats_test.ts", "faults_test.ts"].map((name) =>
    readFileSync(new URL(name, import.meta.url), "utf8")
  ).join("");
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| threat"))
    .map((line) => line.split("|").at(-2)?.trim() ?? "").filter((cell) => !/^-+$/.test(cell));
  assertEquals(rows.length, 22);
  const titles = [...tests.matchAll(/Deno\.test\("(.*?)"/g)].map(([, title = ""]) => title);
  assertEquals(rows.filter((row) => !titles.some((title) => title.includes(row))), []);
});
