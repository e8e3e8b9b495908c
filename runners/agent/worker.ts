/**
 * The command that an agent starts as a worker, and what that may see of the agent.
 *
 * @module
 */
import { type CommandConnection, connectCommand, connectShell } from "../transport/stdio.ts";

/** What a worker reads and answers is soon done with: with room for more of it (in MiB) it is tidied less often. */
const NURSERY = "--v8-flags=--min-semi-space-size=16";

/** The variables of the environment that a worker gets; a token is in none of them. */
const ENVIRONMENT = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "XDG_CACHE_HOME", "DENO_DIR", "LD_LIBRARY_PATH"];

/**
 * What starts a worker for a target.
 *
 * @param target the name of the target
 * @param entry the program that serves a target over its standard streams when it is given `--stdio --target T`
 * @param messageBytes the longest message to take from it
 */
export function workerOf(target: string, entry: string, messageBytes?: number): () => CommandConnection {
  const env = Object.fromEntries(ENVIRONMENT.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
  const options = { peer: "the worker", env, messageBytes };
  if (target.startsWith("stdio:")) {
    const command = target.slice("stdio:".length);
    return () => connectShell(command, options);
  }
  const [program, ...args] = [Deno.execPath(), "run", "-A", "--quiet", NURSERY, entry];
  return () => connectCommand([program, ...args, "--stdio", "--target", target], options);
}
