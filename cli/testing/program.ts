/**
 * Programs that print an address and serve there until they are stopped, each in a process of its own.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** The command line of the suite. */
export const MAIN: string = fileURLToPath(new URL("../main.ts", import.meta.url));

/** How a program ended. */
export interface Stopped {
  /** The exit status. */
  readonly status: number;
  /** What it wrote to standard error. */
  readonly err: string;
}

/** Starts a program that prints its address first, and stops it as a user would. */
export function withProgram(
  args: readonly string[],
  test: (address: string) => Promise<void>,
  cwd?: string,
): Promise<Stopped> {
  return withCommand([Deno.execPath(), "run", "-A", "--quiet", "--no-check", ...args], test, { cwd });
}

/** The same for any command, with these variables alone where they are given. */
export async function withCommand(
  [command = "", ...args]: readonly string[],
  test: (address: string) => Promise<void>,
  { cwd, env }: { readonly cwd?: string | undefined; readonly env?: Record<string, string> | undefined } = {},
): Promise<Stopped> {
  const child = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    clearEnv: env !== undefined,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  }).spawn();
  const reader = child.stdout.getReader();
  const err = new Response(child.stderr).text();
  try {
    const { value } = await reader.read();
    await test(new TextDecoder().decode(value).trim());
  } finally {
    child.kill("SIGTERM");
  }
  await reader.cancel();
  return { status: (await child.status).code, err: await err };
}
