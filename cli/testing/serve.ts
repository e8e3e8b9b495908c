/**
 * A server of the command line for tests.
 *
 * @module
 */
import { main } from "../main.ts";

/** Serves until the test is over, and gives it the address. */
export async function served(
  args: readonly string[],
  test: (address: string) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const listening = Promise.withResolvers<string>();
  const io = {
    out: listening.resolve,
    err: listening.resolve,
    columns: undefined,
    colours: false,
    signal: stop.signal,
  };
  const running = main(["serve", "--port", "0", ...args], io);
  try {
    const address = /http:\S+/.exec(await listening.promise)?.[0];
    if (address === undefined) throw new Error("It does not listen");
    await test(address);
  } finally {
    stop.abort();
    await running;
  }
}
