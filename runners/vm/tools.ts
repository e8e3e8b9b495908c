/**
 * Programs of this machine, and the Debian package of each that is missing.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { VmError } from "./failure.ts";
import { onAbort } from "../on_abort.ts";

/** The programs that are used, and the packages that have them. */
const PACKAGES = {
  "apt-get": "apt",
  "apt-cache": "apt",
  bash: "bash",
  busybox: "busybox-static",
  cc: "gcc libc6-dev",
  chroot: "coreutils",
  "dpkg-deb": "dpkg",
  flock: "util-linux",
  make: "make",
  mount: "mount",
  mv: "coreutils",
  patch: "patch",
  "qemu-system-x86_64": "qemu-system-x86",
  strip: "binutils",
  tar: "tar",
  unshare: "util-linux",
  xz: "xz-utils",
  zstd: "zstd",
} as const;

/** The name of a program that is used. */
export type Tool = keyof typeof PACKAGES;

/** How to run a program. */
export interface ToolOptions {
  /** The folder to run it in. */
  readonly cwd?: string | undefined;
  /** What it gets on its standard input. */
  readonly input?: Uint8Array | undefined;
  /** Variables of its environment, beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Is told each line that it writes to standard error, as it comes. */
  readonly line?: ((text: string) => void) | undefined;
  /** Ends it early, with all that it has started; that of {@link stoppedBy} unless said otherwise. */
  readonly signal?: AbortSignal | undefined;
}

const stopping = new AsyncLocalStorage<AbortSignal>();

/**
 * Ends every program that is run in an action when somebody wants to stop. Much of what makes a kernel is programs, one
 * after the other, so that none of them can be forgotten this way.
 */
export function stoppedBy<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  return stopping.run(signal, action);
}

/** That a program is missing, and how to get it. */
export function missingTool(tool: Tool, cause?: unknown): VmError {
  return new VmError(
    `The program ${tool} was not found`,
    `On Debian it is in: apt-get install ${PACKAGES[tool]}`,
    cause,
  );
}

/**
 * Runs a program to its end.
 *
 * @returns what it wrote to standard output
 * @throws {VmError} where it is missing, or ends with another status than 0; the reason of the signal where that is aborted
 */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { code, stdout, stderr } = await outputOfTool(tool, args, options);
  if (code === 0) return stdout;
  const last = new TextDecoder().decode(stderr).trim().split("\n").slice(-8).join("\n");
  throw new VmError(
    `${tool} ${args[0] ?? ""} ended with ${code}${last === "" ? "" : `:\n${last}`}`,
    "Look at what it says; nothing was changed",
  );
}

/** How many lines of what a program says of a failure are kept. */
const LAST_LINES = 20;

/** The same, as text. */
export async function runForText(
  tool: Tool,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  return new TextDecoder().decode(await runTool(tool, args, options));
}

/** How a program ended, and what it wrote. */
export interface ToolOutput {
  /** Its exit status. */
  readonly code: number;
  readonly stdout: Uint8Array<ArrayBuffer>;
  readonly stderr: Uint8Array<ArrayBuffer>;
}

/**
 * Runs a program to its end, whatever its status is; for those that say more with it than that they failed.
 *
 * @throws {VmError} where it is missing; the reason of the signal where that is aborted
 */
export async function outputOfTool(
  tool: Tool,
  args: readonly string[],
  { cwd, input, env, line, signal = stopping.getStore() }: ToolOptions = {},
): Promise<ToolOutput> {
  signal?.throwIfAborted();
  try {
    const child = new Deno.Command(tool, {
      args: [...args],
      stdin: input ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env: { ...env } }),
      detached: signal !== undefined,
    }).spawn();
    using _watched = onAbort(signal, () => endAll(child));
    const [status, stdout, stderr] = await Promise.all([
      child.status,
      new Response(child.stdout).bytes(),
      line ? eachLine(child.stderr, line) : new Response(child.stderr).bytes(),
      input && feed(child.stdin, input),
    ]);
    signal?.throwIfAborted();
    return { code: status.code, stdout, stderr };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missingTool(tool, error);
    throw error;
  }
}

/** Ends a program that leads a group of its own, and the group: a shell does not pass on what it is sent. */
function endAll({ pid }: Deno.ChildProcess): void {
  try {
    Deno.kill(-pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
}

/** Tells lines as they come, and keeps the last of them. */
async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  line: (text: string) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let rest = "";
  let last: string[] = [];
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(line);
    last = [...last, ...lines].slice(-LAST_LINES);
  }
  return new TextEncoder().encode([...last, rest].join("\n"));
}

/** A program that ends without reading everything says why in its own words. */
async function feed(stdin: WritableStream<Uint8Array>, input: Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(input);
    await writer.close();
  } catch {
    await writer.abort().catch(() => undefined);
  }
}
