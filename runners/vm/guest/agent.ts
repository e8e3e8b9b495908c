/**
 * The agent in the guest: serves the native target over its standard streams, which are a virtio-serial port.
 *
 * It is a program of its own, with nothing of the command line in it, so that it starts quickly where every
 * instruction is translated.
 *
 * @module
 */
import { serveTarget } from "../../agent/serve_target.ts";
import { nativeTarget, parseNative } from "../../native/mod.ts";
import { ownStdio } from "../../transport/stdio.ts";

/** Where the first process tells the name of the target, when the modules are loaded and the devices have their drivers. */
const NAME = "/proc/self/fd/3";

if (import.meta.main) {
  const options = parseNative(await Deno.readTextFile(NAME));
  if (typeof options === "string") throw new Error(options);
  await serveTarget(nativeTarget(options), ownStdio(), { observations: "each" });
}
