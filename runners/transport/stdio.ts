/**
 * Messages over the standard streams of a process: of one that is started here, or of this one.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { within } from "../deadline.ts";
import { ConnectError, LostError } from "../protocol/errors.ts";
import type { Connection, Listener } from "./connection.ts";
import { sinkOf, StreamConnection, type StreamOptions } from "./stream.ts";
import { messageOf } from "../../spec/message_of.ts";

/** How a process is started. */
export interface CommandOptions {
  /** What it is called in messages; the command where left out. */
  readonly peer?: string | undefined;
  /** The environment, and nothing else; that of this process where left out. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The longest message to take, in bytes. */
  readonly messageBytes?: number | undefined;
  /** How long it may take to end by itself, and then to end when it is told to, in milliseconds; 1000 each. */
  readonly graceMs?: number | undefined;
}

/** What became of a process that was killed: it is gone, or a system call holds it and it cannot die. */
export type Killed = { readonly kind: "gone" } | { readonly kind: "stuck"; readonly on: string };

/** A connection to a process that was started for it. */
export interface CommandConnection extends Connection {
  /** The number of the process. */
  readonly pid: number;
  /** Whether it still runs. */
  readonly isAlive: boolean;
  /** The last lines that it wrote to standard error. */
  notes(): string;
  /** Kills it, whatever it does. */
  kill(): Promise<Killed>;
}

/** How much of standard error is kept, in characters. */
const NOTES = 2000;

/** How many of its last lines are told: the message of an error often stands above a stack. */
const LAST_LINES = 6;

/**
 * Starts a process and talks to it over its standard input and output.
 *
 * @param command the program and its arguments
 * @param options how to start it
 * @throws {ConnectError} if it cannot be started
 */
export function connectCommand(
  command: readonly [string, ...string[]],
  options: CommandOptions = {},
): CommandConnection {
  const [program, ...args] = command;
  const peer = options.peer ?? `the command "${command.join(" ")}"`;
  try {
    const child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      clearEnv: options.env !== undefined,
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
    }).spawn();
    return new ProcessConnection(child, peer, options);
  } catch (error) {
    throw new ConnectError(
      `Cannot start ${peer}: ${messageOf(error)}`,
      "Try the command in a shell first",
      error,
    );
  }
}

/** Starts a shell command, as a user writes it. */
export function connectShell(command: string, options: CommandOptions = {}): CommandConnection {
  return connectCommand(["/bin/sh", "-c", `exec ${command}`], {
    peer: `the command "${command}"`,
    ...options,
  });
}

class ProcessConnection implements CommandConnection {
  readonly peer: string;
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #stream: StreamConnection;
  readonly #graceMs: number;
  readonly #noted: Promise<void>;
  #notes = "";
  #isAlive = true;
  #closing: Promise<void> | undefined;

  constructor(child: Deno.ChildProcess, peer: string, { graceMs = 1000, messageBytes }: CommandOptions) {
    this.peer = peer;
    this.pid = child.pid;
    this.#child = child;
    this.#graceMs = graceMs;
    const options: StreamOptions = { peer, messageBytes };
    this.#stream = new StreamConnection(child.stdout, sinkOf(child.stdin), options);
    this.#noted = this.#note(child.stderr);
    child.status.then(() => this.#isAlive = false);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  listen({ messages, closed }: Listener): void {
    this.#stream.listen({
      messages: (texts) => messages(texts),
      closed: async (reason) => closed(reason instanceof LostError ? await this.#ended() : reason),
    });
  }

  send(messages: readonly string[]): void {
    this.#stream.send(messages);
  }

  notes(): string {
    return this.#notes;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async kill(): Promise<Killed> {
    this.#signal("SIGKILL");
    const gone = await within(this.#child.status, this.#graceMs);
    if (gone.kind === "silent") return { kind: "stuck", on: waitChannel(this.pid) };
    await this.close();
    return { kind: "gone" };
  }

  async #end(): Promise<void> {
    await this.#stream.close();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if ((await within(this.#child.status, this.#graceMs)).kind !== "silent") break;
      this.#signal(signal);
    }
    await within(this.#child.status, this.#graceMs);
    await within(this.#noted, this.#graceMs);
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
  }

  /** Why the process says no more: how it ended, and the last that it wrote. */
  async #ended(): Promise<LostError> {
    const ended = await within(this.#child.status, this.#graceMs);
    await within(this.#noted, this.#graceMs);
    const how = ended.kind === "value" ? `ended ${howOf(ended.value)}` : "closed its standard output";
    const lines = this.#notes.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    const last = lines.slice(-LAST_LINES).join(" / ");
    return new LostError(
      `${this.peer} ${how}`,
      last === ""
        ? "It wrote nothing to standard error"
        : `The last that it wrote to standard error: ${last}`,
    );
  }

  async #note(stderr: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of stderr) {
        this.#notes = (this.#notes + decoder.decode(bytes, { stream: true })).slice(-NOTES);
      }
    } catch {
      // The process has gone; what it wrote until then is kept.
    }
  }
}

function howOf({ code, signal }: Deno.CommandStatus): string {
  return signal === null ? `with status ${code}` : `by ${signal}`;
}

/** Where in the kernel a process waits, as far as this machine tells. */
function waitChannel(pid: number): string {
  const path = `/proc/${pid}/wchan`;
  if (!existsSync(path)) return "something unknown";
  const channel = readFileSync(path, "utf8").trim();
  return channel === "" || channel === "0" ? "something unknown" : channel;
}

/**
 * Talks over the standard streams of this process. A message has left when `send()` returns, so that it outlives
 * whatever this process does next.
 */
export function ownStdio(): Connection {
  return new StreamConnection(Deno.stdin.readable, {
    write(bytes) {
      try {
        for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
    close: () => Promise.resolve(),
  }, { peer: "the process that started this one" });
}
