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

Deno.test("a monitor waits for no answer for ever, and takes a late one for no other's", async () => {
  const [near, far] = connectionPair();
  const asked: string[] = [];
  far.listen({
    messages: (texts) =>
      texts.forEach((text) => {
        asked.push(JSON.parse(text).execute);
        if (asked.length < 3) return;
        far.send(asked.map((name) => JSON.stringify({ return: name })));
      }),
    closed: () => {},
  });
  const monitor = new Monitor(near, () => {}, 20);
  await assertRejects(() => monitor.ask("stop"), VmError, 'QEMU has not answered "stop" within 0.02 s');
  assertEquals(await monitor.ask("cont"), "cont");
  await monitor.close();
  await far.close();
});
