/**
 * Bytes out of a stream, read into the same memory again and again where the stream can do that.
 *
 * New memory for each piece lies outside of what the collector sees; it then looks through the whole heap every few
 * hundred pieces, which costs more than the reading.
 *
 * @module
 */

/** Reads a stream. */
export interface ByteReader {
  /** The next bytes. More can be asked for before they have come. */
  read(): Promise<Piece>;
  /** The memory of these bytes may be used anew. */
  giveBack(bytes: Uint8Array): void;
  /** Reads no more. */
  cancel(): Promise<void>;
}

/** Some bytes, or the end of the stream. */
export type Piece =
  | { readonly done: false; readonly value: Uint8Array }
  | { readonly done: true };

/** How much is read at a time: what a pipe holds. */
const PIECE_BYTES = 64 * 1024;

/** What reads a stream of bytes; it takes the stream. */
export function byteReaderOf(readable: ReadableStream<Uint8Array>): ByteReader {
  try {
    return new ReusingReader(readable.getReader({ mode: "byob" }));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new PlainReader(readable.getReader());
  }
}

/** For a stream that gives memory of its own. */
class PlainReader implements ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  async read(): Promise<Piece> {
    const { done, value } = await this.#reader.read();
    return done ? { done } : { done, value };
  }

  giveBack(): void {}

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

class ReusingReader implements ByteReader {
  readonly #reader: ReadableStreamBYOBReader;
  #free: ArrayBuffer[] = [];

  constructor(reader: ReadableStreamBYOBReader) {
    this.#reader = reader;
  }

  async read(): Promise<Piece> {
    const memory = this.#free.pop() ?? new ArrayBuffer(PIECE_BYTES);
    const { done, value } = await this.#reader.read(new Uint8Array(memory));
    return done || value === undefined ? { done: true } : { done: false, value };
  }

  giveBack({ buffer }: Uint8Array): void {
    if (buffer instanceof ArrayBuffer) this.#free.push(buffer);
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
