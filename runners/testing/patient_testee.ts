/**
 * A testee that waits where a test wants it to: in the second step of a case whose name begins with `patient`, until a
 * file named `go` is in the folder that it is given. It writes its process number there, into `pid`.
 *
 * @module
 */
import { existsSync, writeFileSync } from "node:fs";
import { serveTarget } from "../agent/serve_target.ts";
import { ownStdio } from "../transport/stdio.ts";
import { CLEAN, succeeded, wellBehaved } from "./fakes.ts";

const [folder = ".", kernel = "none"] = Deno.args;
writeFileSync(`${folder}/pid`, String(Deno.pid));

/** How often it looks for the file, in milliseconds. */
const LOOK_MS = 5;

async function opened(): Promise<void> {
  while (!existsSync(`${folder}/go`)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

const plain = wellBehaved();
const target = wellBehaved({
  describe: async () => ({ ...await plain.describe(), kernel }),
  async run(program, observe) {
    for (const [index, { id }] of program.steps.entries()) {
      if (index === 1 && program.case.startsWith("patient")) await opened();
      observe(succeeded(id));
    }
    return CLEAN;
  },
});

await serveTarget(target, ownStdio());
Deno.exit(0);
