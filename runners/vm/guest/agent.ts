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

if (import.meta.main) {
  const options = parseNative(Deno.args[0] ?? "native");
  if (typeof options === "string") throw new Error(options);
  await serveTarget(nativeTarget(options), ownStdio(), { observations: "each" });
}
