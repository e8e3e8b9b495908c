/**
 * An agent for tests, in a process of its own: takes its options as JSON, and prints its address when it listens.
 *
 * @module
 */
import { z } from "zod";
import { startAgent } from "../agent/server.ts";
import { workerOf } from "../agent/worker.ts";
import { LIMITS } from "../agent/limits.ts";

const [given = "{}"] = Deno.args;
const { target, port, clock, limits } = z.object({
  target: z.string(),
  port: z.int(),
  clock: z.enum(["steady", "jumps"]),
  limits: z.object({ heartbeatMs: z.int(), keptMs: z.int(), killMs: z.int() }).partial(),
}).parse(JSON.parse(given));

if (clock === "jumps") {
  let jumps = 0;
  const now = Date.now();
  Date.now = () => now + (++jumps % 2 === 0 ? 1e10 : -1e10);
}
const agent = startAgent({
  startWorker: workerOf(target, new URL("sim_testee.ts", import.meta.url).pathname),
  port,
  limits: {
    ...LIMITS,
    ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
  },
});
await Deno.stdout.write(new TextEncoder().encode(`${agent.address}\n`));
