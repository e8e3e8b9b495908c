/**
 * Processes that tests start, and cables between them that tests can cut.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** An agent in a process of its own. */
export interface AgentProcess {
  /** Where it listens. */
  readonly address: string;
  /** Its port. */
  readonly port: number;
  /** Sends it a signal. */
  signal(signal: Deno.Signal): void;
  /** Ends it, whatever it does. */
  stop(): Promise<void>;
}

/** What an agent for tests is given. */
export interface AgentProcessOptions {
  readonly target: string;
  readonly port?: number | undefined;
  readonly clock?: "steady" | "jumps" | undefined;
  readonly limits?: { heartbeatMs?: number; keptMs?: number; killMs?: number } | undefined;
}

/** Starts an agent and waits until it listens. */
export async function startAgentProcess(options: AgentProcessOptions): Promise<AgentProcess> {
  const { target, port = 0, clock = "steady", limits = {} } = options;
  const main = fileURLToPath(new URL("agent_main.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", main, JSON.stringify({ target, port, clock, limits })],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const address = new TextDecoder().decode(value).trim();
  return {
    address,
    port: Number(new URL(address).port),
    signal: (signal) => child.kill(signal),
    async stop() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await child.status;
      await reader.cancel();
    },
  };
}

/** A folder in which a patient testee and a test meet. */
export interface Meeting {
  /** The command of the testee. */
  readonly command: string;
  /** Lets the testee go on. */
  go(): void;
  /** The process number of the testee. */
  pid(): number;
  /** Removes the folder. */
  end(): void;
}

/** Makes a folder for a patient testee. */
export function meeting(kernel = "none"): Meeting {
  const folder = mkdtempSync(join(tmpdir(), "conform-"));
  const testee = fileURLToPath(new URL("patient_testee.ts", import.meta.url));
  return {
    command: `"${Deno.execPath()}" run -A --quiet --no-check "${testee}" "${folder}" ${kernel}`,
    go: () => writeFileSync(join(folder, "go"), ""),
    pid: () => Number(readFileSync(join(folder, "pid"), "utf8")),
    end: () => rmSync(folder, { recursive: true }),
  };
}

/** A cable to a port of this machine. */
export interface Cable {
  /** The port of its near end. */
  readonly port: number;
  /** How many connections there have been. */
  readonly connections: number;
  /** Ends all connections; `for good` lets no new one through. */
  cut(how: "once" | "for good"): void;
  /** Takes it away. */
  close(): Promise<void>;
}

/** Lays a cable to a port. */
export function layCable(to: number): Cable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ends = new Set<Deno.Conn>();
  const pipes: Promise<void>[] = [];
  let whole = true;
  let connections = 0;
  const serve = async () => {
    for await (const near of listener) {
      if (!whole) {
        near.close();
        continue;
      }
      connections++;
      const far = await Deno.connect({ hostname: "127.0.0.1", port: to });
      ends.add(near).add(far);
      for (const [from, into] of [[near, far], [far, near]] as const) {
        pipes.push(from.readable.pipeTo(into.writable).catch(() => {}));
      }
    }
  };
  const serving = serve().catch(() => {});
  const cut = (how: "once" | "for good") => {
    whole = how === "once";
    for (const end of ends) {
      try {
        end.close();
      } catch {
        // The other side has closed it.
      }
    }
    ends.clear();
  };
  return {
    port: listener.addr.port,
    get connections() {
      return connections;
    },
    cut,
    async close() {
      cut("for good");
      listener.close();
      await serving;
      await Promise.all(pipes);
    },
  };
}
