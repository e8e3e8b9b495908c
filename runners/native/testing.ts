/**
 * The addon and the executors for tests: built where they are missing or older than their sources.
 *
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Addon, loadAddon } from "./addon.ts";
import { buildAddon, type Built } from "./build.ts";
import { BuildError } from "./compile.ts";
import { buildExecutor } from "./executor/build.ts";
import type { Executor } from "./executor/executor.ts";
import { type FarExecutor, farExecutor } from "./executor/far.ts";
import type { Wire } from "./executor/wire.ts";
import { nearExecutor } from "./executor/near.ts";
import { builtAddon, type Flavour } from "./location.ts";
import { Files } from "./executor/files.ts";
import { lookAtMachine } from "./machine.ts";
import { HelperProcess } from "./process.ts";
import type { Setting } from "./session.ts";
import { isOverWithin } from "./strand.ts";
import { Taint } from "./taint.ts";

const SOURCES = fileURLToPath(new URL("addon/", import.meta.url));

/** Files of a flavour of the addon, or the reason why there are none. */
export async function built(flavour: Flavour): Promise<Built | string> {
  const addon = builtAddon(flavour);
  const helper = addon.replace(/\.node$/, ".helper");
  if (isFresh(addon) && existsSync(helper)) return { addon, helper };
  return await orReason(() => buildAddon(flavour));
}

/** The executor program of a flavour, or the reason why there is none. */
export async function builtExecutor(flavour: Flavour): Promise<string | { readonly reason: string }> {
  const folder = `${dirname(builtAddon(flavour))}/far`;
  const executor = `${folder}/executor`;
  if (isFresh(executor)) return executor;
  await mkdir(folder, { recursive: true });
  const made = await orReason(async () => ({ path: await buildExecutor(folder, flavour) }));
  return typeof made === "string" ? { reason: made } : made.path;
}

async function orReason<T>(build: () => Promise<T>): Promise<T | string> {
  try {
    return await build();
  } catch (error) {
    if (error instanceof BuildError) return error.message;
    throw error;
  }
}

function isFresh(file: string): boolean {
  if (!existsSync(file)) return false;
  const sources = readdirSync(SOURCES).filter((name) => /\.[chS]$/.test(name));
  const newest = Math.max(...sources.map((name) => statSync(`${SOURCES}${name}`).mtimeMs));
  return statSync(file).mtimeMs > newest;
}

/** The addon, or `undefined` where it cannot be built. */
export async function addonForTests(): Promise<Addon | undefined> {
  const files = await built("plain");
  return typeof files === "string" ? undefined : loadAddon(files.addon);
}

/** An executor while a test uses it. */
export interface Lent<E extends Executor = Executor> extends AsyncDisposable {
  readonly executor: E;
  /** The process that it is in, whose children the helper processes are. */
  readonly pid: number;
}

/** A far executor: a program that is a child of this one. */
export interface LentFar extends Lent<FarExecutor> {
  /** What it was told of its machine. */
  readonly told: string;
  /** Ends with it: its exit status, and what it wrote on its standard error. */
  readonly ended: Promise<{ readonly code: number; readonly errors: string }>;
}

/** How long an executor may take to end, in milliseconds. */
const END_MS = 20_000;

/** How to start a far executor. */
export interface FarOptions {
  /** How it is compiled; plain where left out. */
  readonly flavour?: Flavour | undefined;
  /** A program, with its arguments, that runs it. */
  readonly under?: readonly string[] | undefined;
  /** The file from which it reads what it is told of its machine. */
  readonly telling?: string | undefined;
  /** Stands between the executor and its wire. */
  readonly through?: ((wire: Wire) => Wire) | undefined;
}

/**
 * Starts the executor program as a child of this process and says hello to it.
 *
 * @throws {Error} if it cannot be built
 */
export async function farForTests(options: FarOptions = {}): Promise<LentFar> {
  const program = await builtExecutor(options.flavour ?? "plain");
  if (typeof program !== "string") throw new Error(program.reason);
  const child = startExecutor([...options.under ?? [], program], options.telling ?? "/dev/null");
  const executor = farExecutor((options.through ?? same)(wireOf(child)));
  const ended = endOf(child);
  const end = async () => {
    executor.close();
    if (await isOverWithin(ended, END_MS)) return;
    child.kill("SIGKILL");
    await ended;
    throw new Error("The executor did not end when its caller hung up");
  };
  try {
    const told = await executor.hello();
    return { executor, pid: child.pid, told, ended, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

function same(wire: Wire): Wire {
  return wire;
}

type Child = ReturnType<typeof startExecutor>;

/** It reads what it is told from the descriptor 3, which Deno gives to no child. */
function startExecutor(command: readonly string[], telling: string) {
  return new Deno.Command("sh", {
    args: ["-c", 'exec 3<"$0"; exec "$@"', telling, ...command],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function endOf(child: Child) {
  const [{ code }, errors] = await Promise.all([child.status, new Response(child.stderr).text()]);
  return { code, errors };
}

/** The wire to a child over its standard streams. When it is closed, the child sees the end of its input, and ends. */
function wireOf(child: Child): Wire {
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  let rest = new Uint8Array(0);
  return {
    async read(room) {
      if (rest.length === 0) {
        const { value, done } = await reader.read();
        if (done) return null;
        rest = value;
      }
      const count = Math.min(room.length, rest.length);
      room.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
    async write(bytes) {
      await writer.write(bytes.slice());
      return bytes.length;
    },
    close() {
      writer.close().catch(() => undefined);
      reader.cancel().catch(() => undefined);
    },
  };
}

/** Lends an executor of its own to each test. */
export type Lend = () => Promise<Lent>;

/** Every executor, by what it is called: that of this process, and one of another. None where they cannot be built. */
export async function executorsForTests(): Promise<readonly (readonly ["near" | "far", Lend])[]> {
  const addon = await addonForTests();
  if (!addon || typeof await builtExecutor("plain") !== "string") return [];
  const near = {
    executor: nearExecutor(addon),
    pid: Deno.pid,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return [["near", () => Promise.resolve(near)], ["far", () => farForTests()]];
}

let all: ReturnType<typeof executorsForTests> | undefined;

/** Tests something with each executor, which must all behave alike; the test is ignored where they cannot be built. */
export async function testEachExecutor(
  name: string,
  test: (lent: Lent, t: Deno.TestContext) => Promise<void>,
): Promise<void> {
  all ??= executorsForTests();
  const executors = await all;
  Deno.test({
    name,
    ignore: executors.length === 0,
    async fn(t) {
      for (const [which, lend] of executors) {
        await t.step(which, async (t) => {
          await using lent = await lend();
          await test(lent, t);
        });
      }
    },
  });
}

/** What only a fault takes so long, in milliseconds. */
const PATIENT_MS = 60_000;

/**
 * Looks until something is there, and gives it.
 *
 * @throws {Error} where that is never so
 */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const limit = performance.now() + PATIENT_MS;
  while (performance.now() < limit) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`What was waited for has not come within ${PATIENT_MS / 1000} s`);
}

/** What a case works with on a machine that was given no device, but for its handlers and limits. */
export async function bareSetting(executor: Executor): Promise<Omit<Setting, "handlers" | "limits">> {
  return {
    executor,
    files: new Files(executor),
    lockedFiles: new Files(executor),
    taint: new Taint(executor),
    machine: await lookAtMachine(executor, []),
    helper: () => new HelperProcess(executor),
    log: undefined,
    unsupported: () => undefined,
    revokeFeature: undefined,
  };
}
