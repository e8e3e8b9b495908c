/**
 * The keys that certificates are signed with: Ed25519, as PEM.
 *
 * @module
 */
import { createHash } from "node:crypto";

const ALGORITHM = "Ed25519";

/** A new pair of keys. */
export interface NewKey {
  /** The key to sign with, PKCS 8 as PEM. Whoever has it can sign. */
  readonly privatePem: string;
  /** The key to check with, SPKI as PEM. */
  readonly publicPem: string;
  /** The name of the pair. */
  readonly keyId: string;
}

/** A key to sign with. */
export interface SigningKey {
  /** The key. */
  readonly key: CryptoKey;
  /** The key to check with, SPKI in base 64. */
  readonly publicKey: string;
  /** The name of the pair. */
  readonly keyId: string;
}

/** A key to check with. */
export interface CheckingKey {
  /** The key. */
  readonly key: CryptoKey;
  /** The same, SPKI in base 64. */
  readonly publicKey: string;
  /** The name of the pair. */
  readonly keyId: string;
}

/** A key that cannot be used. */
export class KeyError extends Error {
  /** The name of the class. */
  override readonly name = "KeyError";
  /** What to do next. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.hint = hint;
  }
}

/** Makes a pair of keys. */
export async function newKey(): Promise<NewKey> {
  const pair = await crypto.subtle.generateKey({ name: ALGORITHM }, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("Cannot make a pair of keys: the runtime gave a single one");
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const spki = Buffer.from(await crypto.subtle.exportKey("spki", pair.publicKey));
  return { privatePem: pem("PRIVATE KEY", pkcs8), publicPem: pem("PUBLIC KEY", spki), keyId: keyIdOf(spki) };
}

/**
 * Reads a key to sign with.
 *
 * @throws {KeyError} if it is no private Ed25519 key
 */
export async function readSigningKey(text: string): Promise<SigningKey> {
  const der = derOf(text, "PRIVATE KEY");
  try {
    const key = await crypto.subtle.importKey("pkcs8", der, { name: ALGORITHM }, true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", key);
    if (x === undefined) throw new Error("it has no public part");
    const spki = Buffer.concat([SPKI_PREFIX, Buffer.from(x, "base64url")]);
    return { key, publicKey: spki.toString("base64"), keyId: keyIdOf(spki) };
  } catch (error) {
    throw notEd25519("private", error);
  }
}

/**
 * Reads a key to check with from PEM.
 *
 * @throws {KeyError} if it is no public Ed25519 key
 */
export async function readCheckingKey(text: string): Promise<CheckingKey> {
  return await checkingKey(derOf(text, "PUBLIC KEY").toString("base64"));
}

/**
 * Reads a key to check with from base 64.
 *
 * @throws {KeyError} if it is no public Ed25519 key
 */
export async function checkingKey(publicKey: string): Promise<CheckingKey> {
  const spki = Buffer.from(publicKey, "base64");
  try {
    const key = await crypto.subtle.importKey("spki", spki, { name: ALGORITHM }, true, ["verify"]);
    return { key, publicKey: spki.toString("base64"), keyId: keyIdOf(spki) };
  } catch (error) {
    throw notEd25519("public", error);
  }
}

/** What stands before the 32 bytes of every public Ed25519 key in SPKI (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

function keyIdOf(spki: Uint8Array): string {
  return `sha256:${createHash("sha256").update(spki).digest("hex")}`;
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

function derOf(text: string, label: "PRIVATE KEY" | "PUBLIC KEY"): Buffer<ArrayBuffer> {
  const [, found = "", body = ""] =
    /-----BEGIN ([A-Z0-9 ]+)-----\s([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(text) ?? [];
  if (found === label) return Buffer.from(body, "base64");
  const what = label === "PRIVATE KEY" ? "to sign with" : "to check with";
  throw new KeyError(
    found === "" ? `There is no key ${what} in it` : `It is a ${found.toLowerCase()}, not a key ${what}`,
    `Name a PEM file with a ${label}; conform key new makes a pair`,
  );
}

function notEd25519(what: "private" | "public", cause: unknown): KeyError {
  return new KeyError(`It is no ${what} Ed25519 key`, "Make a pair with: conform key new", cause);
}
