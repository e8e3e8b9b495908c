/**
 * Makes one file that starts the agent by itself: a shell script with the bundle behind it, the native addon where it
 * has been built, and with `--with-deno` Deno too, so that nothing need be installed where it runs.
 *
 * `deno task build:agent` runs it when the bundle is there. It unpacks once, into the cache of the user.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ADDON_NAME, findAddon } from "../runners/native/location.ts";

/** What goes into a launcher. */
export interface LauncherOptions {
  /** The bundle of the agent. */
  readonly bundle: string;
  /** The file to write. */
  readonly output: string;
  /** The native addon, where there is one. */
  readonly addon?: string | undefined;
  /** Deno's own program, where it is to be inside. */
  readonly deno?: string | undefined;
}

/**
 * Writes a launcher.
 *
 * @throws {Error} where the files cannot be packed
 */
export function writeLauncher({ bundle, output, addon, deno }: LauncherOptions): void {
  const folder = mkdtempSync(join(tmpdir(), "conform-"));
  try {
    copyFileSync(bundle, join(folder, "agent.js"));
    if (addon !== undefined) copyFileSync(addon, join(folder, ADDON_NAME));
    if (deno !== undefined) copyFileSync(deno, join(folder, "deno"));
    const packed = pack(folder);
    const digest = createHash("sha256").update(packed).digest("hex").slice(0, 16);
    writeFileSync(output, script(digest));
    writeFileSync(output, packed, { flag: "a" });
    chmodSync(output, 0o755);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pack(folder: string): Uint8Array {
  const { success, stdout, stderr } = new Deno.Command("tar", { args: ["-C", folder, "-czf", "-", "."] })
    .outputSync();
  if (success) return stdout;
  throw new Error(`Cannot pack the agent: ${new TextDecoder().decode(stderr).trim()}`);
}

/** The script. Only its owner can write where it unpacks, because what lies there is run by whoever calls it. */
function script(digest: string): string {
  const lines = String.raw`#!/bin/sh
# The agent of dmabuf-conform in one file: it unpacks itself once and runs. Options are those of conform agent.
set -eu
umask 077
fail() { echo "$1" >&2; exit 3; }
[ -n "${"${XDG_CACHE_HOME:-${HOME:-}}"}" ] || fail "There is no place to unpack to: set HOME"
place=${"${XDG_CACHE_HOME:-$HOME/.cache}"}/dmabuf-conform/agent/${digest}
if [ ! -d "$place" ]; then
  mkdir -p "$(dirname "$place")"
  half=$(mktemp -d "$place.XXXXXX")
  tail -n +LINES "$0" | tar -xzf - -C "$half" || fail "Cannot unpack into $half"
  mv -T "$half" "$place" 2>/dev/null || rm -rf "$half"
fi
deno=$place/deno
[ -x "$deno" ] || deno=$(command -v "${"${DENO:-deno}"}") || fail "There is no deno: install it, or name it in DENO"
exec "$deno" run -A --quiet --no-config --cached-only "$place/agent.js" "$@"
`;
  return lines.replace("LINES", `${lines.split("\n").length}`);
}

if (import.meta.main) {
  const bundle = join(dirname(import.meta.dirname ?? "."), "out/agent.js");
  const output = join(dirname(bundle), "conform-agent");
  const deno = Deno.args.includes("--with-deno") ? Deno.execPath() : undefined;
  writeLauncher({ bundle, output, addon: findAddon(), deno });
}
