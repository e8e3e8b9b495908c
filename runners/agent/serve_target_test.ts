import { assertEquals } from "@std/assert";
import type { Target } from "../target.ts";
import { Dialogue } from "../testee/dialogue.ts";
import { CLEAN, wellBehaved } from "../testing/fakes.ts";
import { connectionPair } from "../testing/pipe.ts";
import { serveTarget } from "./serve_target.ts";

const PATIENT_MS = 20_000;

/** A target whose first case does not end before it is let go. */
function slowAtFirst(letGo: Promise<void>): Target {
  let runs = 0;
  return wellBehaved({ run: () => ++runs === 1 ? letGo.then(() => CLEAN) : CLEAN });
}

Deno.test("serveTarget() ends a run that is aborted before it begins as one whose time was up", async () => {
  const [runner, testee] = connectionPair();
  const { promise: release, resolve: letGo } = Promise.withResolvers<void>();
  const served = serveTarget(slowAtFirst(release), testee);
  const dialogue = new Dialogue(runner);
  const told: unknown[] = [];
  const next = async () => {
    const message = await dialogue.next(PATIENT_MS);
    told.push(message.type === "end" ? [message.run, message.end.end, message.end.reason] : message.type);
  };
  dialogue.say({ type: "hello", versions: [1], suite: { name: "a test", version: "1" } });
  await next();
  dialogue.say({ type: "run", run: 1, program: { case: "one", steps: [] } });
  dialogue.say({ type: "run", run: 2, program: { case: "two", steps: [] } });
  dialogue.say({ type: "run", run: 3, program: { case: "three", steps: [] } });
  dialogue.say({ type: "abort", run: 2, reason: "no end within 5 ms" });
  /* its answer says that what came before it was read */
  dialogue.say({ type: "nothing of this version" });
  await next();
  letGo();
  await next();
  await next();
  dialogue.say({ type: "reset", reset: 1 });
  await next();
  dialogue.say({ type: "run", run: 4, program: { case: "four", steps: [] } });
  await next();
  dialogue.say({ type: "bye" });
  await next();
  await Promise.all([served, dialogue.close()]);
  assertEquals(told, [
    "hello",
    "error",
    [1, "completed", undefined],
    [2, "timeout", "the run was aborted before it began: no end within 5 ms"],
    "ready",
    [4, "completed", undefined],
    "bye",
  ]);
});
