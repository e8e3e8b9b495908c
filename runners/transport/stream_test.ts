import { assertEquals, assertInstanceOf } from "@std/assert";
import { FramingError, LostError } from "../protocol/errors.ts";
import type { Connection } from "./connection.ts";
import { connectStream } from "./stream.ts";

const UTF8 = new TextEncoder();

/** What came over a connection until it ended. */
async function everythingFrom(connection: Connection) {
  const messages: string[] = [];
  const reason = await new Promise<FramingError | LostError>((closed) =>
    connection.listen({ messages: (some) => messages.push(...some), closed })
  );
  return { messages, reason };
}

function connected(bytes: Iterable<Uint8Array<ArrayBuffer>>, messageBytes?: number) {
  return connectStream(ReadableStream.from(bytes), new WritableStream(), { peer: "a test", messageBytes });
}

Deno.test("connectStream() gives whole messages, however their bytes come", async () => {
  const text = '{"a":"é"}\n\n{"b":2}\r\n{"c":3}\n';
  const single = [...UTF8.encode(text)].map((byte) => new Uint8Array([byte]));
  for (const bytes of [[UTF8.encode(text)], single]) {
    const connection = connected(bytes);
    const { messages, reason } = await everythingFrom(connection);
    assertEquals(messages, ['{"a":"é"}', '{"b":2}', '{"c":3}']);
    assertInstanceOf(reason, LostError);
    assertEquals(reason.message, "The connection to a test ended");
    await connection.close();
  }
});

Deno.test("connectStream() gives whole messages where their bytes are read into the same memory again", async () => {
  const sent = Array.from(
    { length: 200 },
    (_, index) => JSON.stringify({ index, text: "x".repeat(index * 7) }),
  );
  const bytes = UTF8.encode(`${sent.join("\n")}\n`);
  for (const piece of [1000, 70_000]) {
    let at = 0;
    const readable = new ReadableStream({
      type: "bytes",
      pull(controller) {
        controller.enqueue(bytes.slice(at, at += piece));
        if (at >= bytes.length) controller.close();
      },
    });
    const connection = connectStream(readable, new WritableStream());
    const { messages, reason } = await everythingFrom(connection);
    assertEquals(messages, sent);
    assertInstanceOf(reason, LostError);
    await connection.close();
  }
});

Deno.test("connectStream() takes nothing that is no line of text", async (t) => {
  const table = [
    ["half a line", UTF8.encode('{"a":1}\n{"b":'), "The last 5 bytes have no line end"],
    ["a huge line", UTF8.encode(`{"a":1}\n"${"x".repeat(100)}"\n`), "A message is longer than 64 bytes"],
    ["an endless line", UTF8.encode(`{"a":1}\n"${"x".repeat(100)}`), "A message is longer than 64 bytes"],
    ["no UTF-8", new Uint8Array([...UTF8.encode('{"a":1}\n'), 0xff, 10]), "A line is not UTF-8"],
  ] as const;
  for (const [name, bytes, message] of table) {
    await t.step(name, async () => {
      const connection = connected([bytes], 64);
      const { messages, reason } = await everythingFrom(connection);
      assertInstanceOf(reason, FramingError);
      assertEquals(reason.message, message);
      assertEquals(messages, ['{"a":1}']);
      await connection.close();
    });
  }
});

Deno.test("connectStream() sends what was sent before a close, and lets go once", async () => {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  let released = 0;
  const here = connectStream(back.readable, there.writable, { release: () => void released++ });
  const far = connectStream(there.readable, back.writable);
  const heard = everythingFrom(far);
  here.listen({ messages() {}, closed() {} });
  here.send(['{"a":1}', '{"b":2}']);
  await Promise.all([here.close(), here.close()]);
  assertEquals((await heard).messages, ['{"a":1}', '{"b":2}']);
  await far.close();
  assertEquals(released, 1);
});

Deno.test("connectStream() is closed in time although nobody reads", async () => {
  const stuck = new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) });
  const silent = new ReadableStream<Uint8Array>();
  const connection = connectStream(silent, stuck);
  connection.listen({ messages() {}, closed() {} });
  connection.send(["{}"]);
  await connection.close();
});
