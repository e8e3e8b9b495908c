/**
 * What a cheap request costs through the addon: many at once, one by one, and by a helper process, of this process and
 * of another executor, beside the same loop in C.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { builtAddon } from "./location.ts";
import { CALL_SIZE, packCalls, primitiveNumber, type SystemCall } from "./calls.ts";
import { nearExecutor } from "./executor/near.ts";
import { HelperProcess } from "./process.ts";
import { addonForTests, farForTests } from "./testing.ts";

const COUNT = 200_000;
const AT_ONCE = 1_000;
const REQUEST = 0x6200;
const ENOTTY = -25;

const addon = await addonForTests();

if (addon) {
  const group = `${COUNT} requests that a file does not know`;
  const loop = await compiledLoop();
  const fd = addon.call(primitiveNumber("eventfd"), undefined, 0, 0);
  const bytes = new Uint8Array(8);
  const ioctl = primitiveNumber("ioctl");
  const calls: SystemCall[] = Array.from(
    { length: AT_ONCE },
    () => ({ do: "ioctl", args: [fd, REQUEST], bytes }),
  );
  const packed = new Uint8Array(CALL_SIZE * AT_ONCE);
  const data = new Uint8Array(8 * AT_ONCE);
  packCalls(calls, packed, data);

  Deno.bench({ name: "a loop in C", group, baseline: true }, async () => {
    await new Deno.Command(loop, { args: [`${COUNT}`] }).output();
  });
  Deno.bench({ name: `${AT_ONCE} at once`, group }, () => {
    for (let index = 0; index < COUNT / AT_ONCE; index++) {
      if (addon.run(packed, data) !== 0) throw new Error("The calls were refused");
    }
  });
  Deno.bench({ name: "one by one", group }, () => {
    for (let index = 0; index < COUNT; index++) {
      if (addon.call(ioctl, bytes, fd, REQUEST) !== ENOTTY) throw new Error("The file knows the request");
    }
  });

  const inHelper: SystemCall = { do: "ioctl", args: [1, REQUEST], bytes };
  /* it lives for as long as the benchmark, and ends with it */
  const far = await farForTests();
  for (const [where, executor] of [["here", nearExecutor(addon)], ["elsewhere", far.executor]] as const) {
    const helper = new HelperProcess(executor);
    Deno.bench({ name: `a call of the executor ${where}`, group: "an executor" }, async () => {
      await executor.do([{ do: "no_op" }]);
    });
    Deno.bench({ name: `one request in a helper process ${where}`, group: "a helper process" }, async () => {
      await helper.call(1, inHelper);
    });
    Deno.bench({ name: `start and end a helper process ${where}`, group: "a helper process" }, async () => {
      const process = new HelperProcess(executor);
      await process.call(1, { do: "no_op" });
      await process.end(1_000);
    });
  }
}

async function compiledLoop(): Promise<string> {
  const output = builtAddon("plain").replace(/[^/]*$/, "loop");
  const source = fileURLToPath(new URL("addon/loop.c", import.meta.url));
  const { success } = await new Deno.Command("cc", { args: ["-O2", "-o", output, source] }).output();
  if (!success) throw new Error("The loop in C could not be compiled");
  return output;
}
