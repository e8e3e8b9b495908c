/**
 * DSSE, the envelope that a signed statement travels in: what is signed are the bytes of the statement and its type,
 * so that nothing depends on how JSON is written.
 *
 * @module
 */
import { z } from "zod";
import type { CheckingKey, SigningKey } from "./key.ts";

/** The type of an in-toto statement inside an envelope. */
export const STATEMENT_TYPE = "application/vnd.in-toto+json";

/** A signed message. */
export interface Envelope {
  /** The message, in base 64. */
  readonly payload: string;
  /** What the message is. */
  readonly payloadType: string;
  /** Who signed it. */
  readonly signatures: readonly {
    /** The name of the key; a hint that is not signed. */
    readonly keyid?: string | undefined;
    /** The signature, in base 64. */
    readonly sig: string;
  }[];
}

/** Schema of {@link Envelope}. Fields that are not known are ignored, as DSSE demands. */
export const envelopeSchema: z.ZodType<Envelope> = z.object({
  payload: z.string(),
  payloadType: z.string(),
  signatures: z.array(z.object({ keyid: z.string().optional(), sig: z.string() })).min(1),
});

/** What a signature says: that of a message that is as it was signed, or what is wrong. */
export type Opened =
  | { readonly ok: true; readonly payload: Uint8Array }
  | { readonly ok: false; readonly payload: Uint8Array | undefined; readonly reasons: readonly string[] };

/** Signs a message. */
export async function seal(payload: string, { key, keyId }: SigningKey): Promise<Envelope> {
  const bytes = Buffer.from(payload);
  const signature = await crypto.subtle.sign({ name: "Ed25519" }, key, encoded(STATEMENT_TYPE, bytes));
  return {
    payload: bytes.toString("base64"),
    payloadType: STATEMENT_TYPE,
    signatures: [{ keyid: keyId, sig: Buffer.from(signature).toString("base64") }],
  };
}

/** The text of an envelope's file. */
export function envelopeText(envelope: Envelope): string {
  return JSON.stringify(envelope, undefined, 2) + "\n";
}

/** The message of an envelope, whoever signed it; `undefined` where it is not base 64. */
export function payloadOf({ payload }: Envelope): Uint8Array | undefined {
  return fromBase64(payload);
}

/** Checks that one of the signatures is that of a key. */
export async function open(envelope: Envelope, key: CheckingKey): Promise<Opened> {
  const payload = payloadOf(envelope);
  if (!payload) {
    return { ok: false, payload, reasons: ["The payload is not base 64 as it should be written"] };
  }
  const reasons: string[] = [];
  if (envelope.payloadType !== STATEMENT_TYPE) {
    reasons.push(`The payload is said to be ${envelope.payloadType}, not an in-toto statement`);
  }
  const signed = encoded(envelope.payloadType, payload);
  const checks = await Promise.all(envelope.signatures.map(({ sig }) => isSigned(signed, sig, key)));
  const own = envelope.signatures[checks.indexOf(true)];
  if (!own) reasons.push(`No signature is that of the key ${key.keyId} over this payload`);
  else if (own.keyid !== undefined && own.keyid !== "" && own.keyid !== key.keyId) {
    reasons.push(`The signature says that it is of the key ${own.keyid}, but it is of ${key.keyId}`);
  }
  return reasons.length === 0 ? { ok: true, payload } : { ok: false, payload, reasons };
}

async function isSigned(signed: BufferSource, sig: string, { key }: CheckingKey): Promise<boolean> {
  const signature = fromBase64(sig);
  if (signature?.length !== 64) return false;
  return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, signed);
}

/** What is signed: the type and the message, each with its length before it. */
function encoded(type: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return new Uint8Array([...Buffer.from(head), ...payload]);
}

/** Bytes of base 64, `undefined` if the text is not the one way in which they are written. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  return Buffer.from(bytes).toString("base64") === text ? bytes : undefined;
}
