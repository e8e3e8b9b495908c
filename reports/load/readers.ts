/**
 * Readers of pages, in a thread of their own: gives back the milliseconds that each answer took.
 *
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { z } from "zod";

const workSchema = z.object({ addresses: z.array(z.string()), side: z.number(), pauseMs: z.number() });

self.onmessage = async ({ data }: MessageEvent<unknown>) => {
  const { addresses, side, pauseMs } = workSchema.parse(data);
  self.postMessage(await askAll(addresses, side, pauseMs));
};

/** Asks for every address, `side` readers at the same time, each of whom reads for a while between two pages. */
async function askAll(addresses: readonly string[], side: number, pauseMs: number): Promise<number[]> {
  const times: number[] = [];
  const rest = addresses.values();
  await Promise.all(Array.from({ length: side }, async (_, reader) => {
    if (pauseMs > 0) await pause(pauseMs * reader / side);
    for (const address of rest) {
      const begin = performance.now();
      const response = await fetch(address);
      await response.arrayBuffer();
      if (response.status !== 200) throw new Error(`A page was answered with ${response.status}`);
      times.push(performance.now() - begin);
      if (pauseMs > 0) await pause(pauseMs);
    }
  }));
  return times;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
