/**
 * A simulator as a testee: `--stdio --target sim:<dialect>`, as an agent starts its workers.
 *
 * @module
 */
import { serveTarget } from "../agent/serve_target.ts";
import { openTarget } from "../open.ts";
import { ownStdio } from "../transport/stdio.ts";

await serveTarget(openTarget(Deno.args.at(-1) ?? "sim")(), ownStdio(), { observations: "together" });
Deno.exit(0);
