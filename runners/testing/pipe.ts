/**
 * Connections within this process, for tests of the protocol.
 *
 * @module
 */
import type { Connection } from "../transport/connection.ts";
import { connectStream, StreamConnection } from "../transport/stream.ts";
import { answer, type Fake } from "./fake_testees.ts";

/** Both ends of a connection. */
export function connectionPair(): readonly [Connection, Connection] {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    connectStream(back.readable, there.writable, { peer: "the testee" }),
    connectStream(there.readable, back.writable, { peer: "the runner" }),
  ];
}

/** A connection to a fake testee. */
export function connectFake(fake: Fake): Connection {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const writer = back.writable.getWriter();
  const write = (bytes: Uint8Array) => void writer.write(bytes).catch(() => {});
  const far = new StreamConnection(there.readable, {
    write,
    close: () => writer.close().catch(() => {}),
  }, { peer: "the runner" });
  answer(fake, far, (text) => write(new TextEncoder().encode(text)));
  return connectStream(back.readable, there.writable, { peer: "the testee" });
}
