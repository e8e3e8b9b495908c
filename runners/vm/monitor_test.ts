import { assertEquals, assertRejects } from "@std/assert";
import { connectionPair } from "../testing/pipe.ts";
import { VmError } from "./failure.ts";
import { Monitor, type MonitorEvent } from "./monitor.ts";

Deno.test("a monitor gives commands, hears events, and says what QEMU refuses", async () => {
  const [near, far] = connectionPair();
  const commands: string[] = [];
  far.listen({
    messages: (texts) =>
      texts.forEach((text) => {
        const { execute } = JSON.parse(text);
        commands.push(execute);
        const answer = execute === "stop"
          ? { error: { class: "GenericError", desc: "not now" } }
          : { return: { status: "running" } };
        far.send([JSON.stringify({ event: "RESUME", timestamp: {} }), JSON.stringify(answer)]);
      }),
    closed: () => {},
  });
  far.send([JSON.stringify({ QMP: { version: {} } })]);
  const events: MonitorEvent[] = [];
  const monitor = new Monitor(near, (event) => events.push(event));
  assertEquals(await monitor.ask("query-status"), { status: "running" });
  await assertRejects(() => monitor.ask("stop"), VmError, "not now");
  assertEquals(commands, ["qmp_capabilities", "query-status", "stop"]);
  assertEquals(events[0], { name: "RESUME", reason: undefined });
  await monitor.close();
  await assertRejects(() => monitor.ask("cont"), VmError, "it has ended");
  await far.close();
});
