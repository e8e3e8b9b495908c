/**
 * Takes records in that a CI system brings: who brings one needs a token, and each goes through a file, so that its
 * size costs no memory.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import type { Imported } from "../../store/mod.ts";
import { runPath } from "../links.ts";
import type { Answer } from "./api.ts";
import { messageOf } from "../../../spec/message_of.ts";

/** Who may bring records, and how large they may be. */
export interface UploadOptions {
  /** What takes them: a store, or threads that judge them while others are answered. */
  readonly store: {
    /** A name for a file that is on its way in. */
    incoming(): string;
    /** Takes a record from a file; `name` is what a refusal is told of. */
    importFile(path: string, name: string): Imported | Promise<Imported>;
  };
  /** The token that must be shown. */
  readonly token: string;
  /** The largest record in bytes. */
  readonly maxBytes: number;
  /** How long a record may be on its way, in milliseconds; five minutes if left out. */
  readonly limitMs?: number | undefined;
}

/** At most so many are on their way at the same time. */
const MOST_AT_ONCE = 4;

/** Somebody who sends a byte now and then must not keep a place from others. */
const LIMIT_MS = 5 * 60_000;

/** So many wrong tokens are answered in a minute, and no more. */
const WRONG_PER_MINUTE = 30;

/** Takes records in. */
export class Uploads {
  readonly #options: UploadOptions;
  readonly #token: Uint8Array;
  #underWay = 0;
  #wrong = 0;
  #minute = 0;

  /** Takes records into a store. */
  constructor(options: UploadOptions) {
    this.#options = options;
    this.#token = digestOf(options.token);
  }

  /** Takes the record that a request brings. */
  async take(request: Request): Promise<Answer> {
    if (!this.#mayAsk()) return problem(429, "Too many wrong tokens; wait a minute");
    if (!this.#isAllowed(request.headers.get("authorization"))) {
      this.#wrong++;
      return problem(401, "The token is missing or wrong", "Send it as Authorization: Bearer TOKEN");
    }
    if (this.#underWay >= MOST_AT_ONCE) return problem(429, "Too many records are on their way; try again");
    this.#underWay++;
    try {
      return await this.#receive(request);
    } finally {
      this.#underWay--;
    }
  }

  #mayAsk(): boolean {
    const minute = Math.floor(Date.now() / 60_000);
    if (minute !== this.#minute) [this.#minute, this.#wrong] = [minute, 0];
    return this.#wrong < WRONG_PER_MINUTE;
  }

  /** Digests are of one length, and comparing them takes the same time wherever they differ. */
  #isAllowed(header: string | null): boolean {
    const given = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "";
    return timingSafeEqual(digestOf(given), this.#token) && given !== "";
  }

  async #receive(request: Request): Promise<Answer> {
    const { store, maxBytes, limitMs = LIMIT_MS } = this.#options;
    if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return this.#tooLarge();
    if (!request.body) return problem(422, "There is no record in the request");
    const path = store.incoming();
    const file = await open(path, "wx");
    try {
      const came = await copy(request.body, file, { maxBytes, limitMs });
      await file.close();
      if (came === "too-large") return this.#tooLarge();
      if (came === "too-late") return problem(408, `A record must come within ${limitMs / 1000} s`);
      return await this.#take(path);
    } finally {
      await file.close().catch(() => undefined);
      await rm(path, { force: true });
    }
  }

  /** What stops whoever takes records in is no fault of the record: it can be sent again. */
  async #take(path: string): Promise<Answer> {
    try {
      const imported = await this.#options.store.importFile(path, "an upload");
      if (imported.kind === "refused") return problem(422, imported.reason);
      return { status: 201, body: { ...imported, url: runPath(imported.run) } };
    } catch (error) {
      const reason = messageOf(error);
      return problem(503, `The record cannot be taken now: ${reason}`, "Try again in a minute");
    }
  }

  #tooLarge(): Answer {
    return problem(413, `A record may have at most ${this.#options.maxBytes} bytes`);
  }
}

/** Copies until there is no more, or until there is more than may be, or until it takes too long. */
async function copy(
  body: ReadableStream<Uint8Array>,
  file: FileHandle,
  { maxBytes, limitMs }: { readonly maxBytes: number; readonly limitMs: number },
): Promise<"whole" | "too-large" | "too-late"> {
  const reader = body.getReader();
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => undefined);
  }, limitMs);
  try {
    for (let bytes = 0;;) {
      const { value } = await reader.read();
      if (!value) return late ? "too-late" : "whole";
      bytes += value.length;
      if (bytes > maxBytes) {
        await reader.cancel();
        return "too-large";
      }
      await file.write(value);
    }
  } finally {
    clearTimeout(limit);
  }
}

function problem(status: 401 | 408 | 413 | 422 | 429 | 503, error: string, hint?: string): Answer {
  return { status, body: hint === undefined ? { error } : { error, hint } };
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
