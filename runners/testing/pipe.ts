/**
 * Connections within this process, for tests of the protocol.
 *
 * @module
 */
import type { Connection } from "../transport/connection.ts";
import { connectStream } from "../transport/stream.ts";

/** Both ends of a connection. */
export function connectionPair(): readonly [Connection, Connection] {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    connectStream(back.readable, there.writable, { peer: "the testee" }),
    connectStream(there.readable, back.writable, { peer: "the runner" }),
  ];
}
