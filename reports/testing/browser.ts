/**
 * A real browser for tests of pages: Chromium as the machine has it. Where there is none, tests say so and what to do.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where Chromium usually is; another one can be named in `CONFORM_CHROMIUM`. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The program of the browser; `undefined` where there is none. */
export const BROWSER: string | undefined = [Deno.env.get("CONFORM_CHROMIUM") ?? "", ...PLACES].find((path) =>
  path !== "" && existsSync(path)
);

const LEFT_OUT =
  "left out, for there is no Chromium: install the package chromium, or name one in CONFORM_CHROMIUM";

/** What a test needs to be told: its name, which says why where it is left out, and whether it is. */
export function inBrowser(name: string): { readonly name: string; readonly ignore: boolean } {
  if (BROWSER !== undefined) return { name, ignore: false };
  Deno.stderr.writeSync(new TextEncoder().encode(`${name}: ${LEFT_OUT}\n`));
  return { name: `${name} (${LEFT_OUT})`, ignore: true };
}

/** Starts the browser; it must be closed again. */
export async function openBrowser(): Promise<Browser> {
  if (BROWSER === undefined) throw new Error(`The test must be ${LEFT_OUT}`);
  return await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox"] });
}
