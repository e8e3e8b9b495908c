/**
 * The tokens that open an agent, and whose they are.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

/** Who may call, and the digests of the tokens that show it. */
export interface Tokens {
  /** Whose token this is, or `undefined` if it is nobody's. Takes as long for a wrong one as for a right one. */
  ownerOf(token: string): string | undefined;
}

/** A file of tokens that cannot be used. */
export class TokenFileError extends Error {
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.name = "TokenFileError";
    this.hint = hint;
  }
}

/** The shortest token that is taken, in characters. */
const SHORTEST = 20;

/**
 * Reads a file of tokens: one on each line, perhaps with the name of its owner before it.
 *
 * @throws {TokenFileError} if there is no good token in it, or if others than its owner can read it
 */
export function readTokens(path: string): Tokens {
  const tokens = linesOf(path).map((words, index) => {
    const [first = "", second] = words;
    const [name, token] = second === undefined ? [`token ${index + 1}`, first] : [first, second];
    if (token.length < SHORTEST || words.length > 2) {
      throw new TokenFileError(
        `Line ${index + 1} of "${path}" is no token of at least ${SHORTEST} characters`,
        "Write one token on each line, with a name before it; openssl rand -hex 32 makes one",
      );
    }
    return { name, digest: digestOf(token) };
  });
  if (tokens.length === 0) {
    throw new TokenFileError(`There is no token in "${path}"`, "openssl rand -hex 32 makes one");
  }
  return {
    ownerOf(token) {
      const digest = digestOf(token);
      // Every token is compared, so that the time says nothing.
      return tokens.filter((each) => timingSafeEqual(each.digest, digest))[0]?.name;
    },
  };
}

/** Reads the token with which to call an agent: the last word of the first line of a file. */
export function readToken(path: string): string {
  const token = linesOf(path)[0]?.at(-1);
  if (token !== undefined) return token;
  throw new TokenFileError(`There is no token in "${path}"`, "Put the token there that the agent has");
}

function linesOf(path: string): readonly (readonly string[])[] {
  try {
    const about = statSync(path);
    if (!about.isDirectory() && (about.mode & 0o077) !== 0) {
      throw new TokenFileError(`Others than its owner can read "${path}"`, `Run: chmod 600 ${path}`);
    }
    return readFileSync(path, "utf8").split("\n")
      .map((line) => line.trim().split(/\s+/).filter((word) => word !== ""))
      .filter((words) => words.length > 0);
  } catch (error) {
    if (error instanceof TokenFileError) throw error;
    throw new TokenFileError(`Cannot read "${path}"`, "Name a file with a token in it");
  }
}

function digestOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
