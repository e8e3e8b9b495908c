/**
 * Uses every function of the addon once, for a test that runs it with the compiler's sanitizers.
 *
 * @module
 */
import process from "node:process";
import { loadAddon, type Primitive, PRIMITIVES } from "./addon.ts";
import { text } from "./abi/layout.ts";
import { CALL_SIZE, packCalls, type SystemCall, unpackReplies } from "./calls.ts";
import { MAP, PROT } from "./constants.ts";
import { KernelLog } from "./kernel_log.ts";
import { Files } from "./executor/files.ts";
import { nearExecutor } from "./executor/near.ts";
import { HelperProcess } from "./process.ts";
import { Strand } from "./strand.ts";

const addon = loadAddon();

function call(name: Primitive, bytes: Uint8Array | undefined, ...args: number[]): number {
  return addon.call(PRIMITIVES.indexOf(name), bytes, ...args);
}

function run(calls: readonly SystemCall[]) {
  const memory = new Uint8Array(CALL_SIZE * calls.length);
  const data = new Uint8Array(4096);
  packCalls(calls, memory, data);
  if (addon.run(memory, data) !== 0) throw new Error("The calls were refused");
  return unpackReplies(memory, calls.length, data);
}

const fd = call("memfd", text("test"), 0);
call("truncate", undefined, fd, 4096);
const address = call("map", undefined, 0, 8192, PROT.read | PROT.write, MAP.shared, fd, 0);
const replies = run([
  { do: "store", args: [address, 8, 2n ** 63n] },
  { do: "load", args: [address, 8] },
  { do: "load", args: [address + 4096, 1] },
  { do: "peek", args: [address], bytes: new Uint8Array(16) },
  { do: "no_op" },
]);
const signals = replies.map(({ signal }) => signal ?? "none").join(" ");
if (signals !== "none none SIGBUS none none") throw new Error(`The signals were ${signals}`);
call("unmap", undefined, address, 8192);
call("close", undefined, fd);

const executor = nearExecutor(addon);
const files = new Files(executor);
if (!(await files.list("/proc/self/fd"))?.includes("0")) throw new Error("A descriptor is not listed");
if ((await files.link("/proc/self/exe"))?.startsWith("/") !== true) throw new Error("The link leads nowhere");
const log = await KernelLog.open(executor);
await log?.take();
await log?.close();

executor.prepare();
const helper = new HelperProcess(executor);
const other = new HelperProcess(executor);
const sent = await helper.give(2, other);
if (sent < 0) throw new Error(`The descriptor was not given: ${sent}`);
const strand = new Strand(1, files);
const event = await strand.do(helper, "eventfd", [0, 0]);
const read = strand.attempt(helper, "read", [event], new Uint8Array(8));
/* a thread that is not yet in the call cannot be interrupted */
await strand.settle(read, { known: 20, unknown: 50 }, Infinity);
await strand.cancel();
await read;
await helper.kill(5_000);
await other.end(5_000);
process.stdout.write("done\n");
