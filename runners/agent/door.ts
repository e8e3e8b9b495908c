/**
 * Who is let in to an agent, and where it may listen.
 *
 * @module
 */
import { hostOf, isLoopback } from "./address.ts";
import type { Tokens } from "./tokens.ts";

/** An agent would be open to others than it should. */
export class ExposureError extends Error {
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.name = "ExposureError";
    this.hint = hint;
  }
}

/**
 * Refuses to let others than this machine in without more ado.
 *
 * @param host where an agent is to listen
 * @param keys by what it is believed, `tls`, and by what it tells `callers` apart; undefined is none
 * @throws {ExposureError} if it must not listen there
 */
export function refuseExposure(
  host: string,
  keys: { readonly tls: unknown; readonly callers: unknown },
): void {
  if (isLoopback(host)) return;
  const missing = [
    ...(keys.tls === undefined ? ["a certificate (--tls-cert, --tls-key)"] : []),
    ...(keys.callers === undefined
      ? ["a token (--token-file) or certificates of callers (--client-ca)"]
      : []),
  ];
  if (missing.length === 0) return;
  throw new ExposureError(
    `Others than this machine could run cases here as this user: "${host}" needs ${missing.join(" and ")}`,
    "Give both, or listen on 127.0.0.1 and let ssh -L bring the runner here",
  );
}

/** Who calls, as far as the request says. */
export interface Caller {
  /** The address from which the connection comes. */
  readonly from: string;
  readonly address: string;
  /** The host that the agent listens on. */
  readonly host: string;
  readonly headers: Headers;
  /** Whose certificate it showed, where one was demanded. */
  readonly certificate?: string | undefined;
}

/** What the doorkeeper says. */
export type Door =
  | { readonly kind: "open"; readonly who: string }
  | { readonly kind: "closed"; readonly status: 401 | 403 | 426 | 429 | 503; readonly why: string };

/**
 * Decides whether a caller is let in.
 *
 * @param caller who calls
 * @param tokens the tokens, where callers need one
 * @param lobby where the caller would wait
 * @param wrong counts wrong tokens
 */
export function doorkeeper(
  caller: Caller,
  tokens: Tokens | undefined,
  lobby: { readonly hasRoomForWaiting: boolean },
  wrong: WrongTokens,
): Door {
  const { headers, address, host } = caller;
  if (headers.has("origin")) return { kind: "closed", status: 403, why: "browsers are not let in" };
  if (isLoopback(host) && !isLoopback(hostOf(headers.get("host") ?? ""))) {
    return { kind: "closed", status: 403, why: "it was called by a name that is not this machine's" };
  }
  if (wrong.isTooMany(address)) return { kind: "closed", status: 429, why: "too many wrong tokens" };
  const who = tokens === undefined ? caller.certificate ?? "anyone" : tokens.ownerOf(bearer(headers));
  if (who === undefined) {
    wrong.count(address);
    return { kind: "closed", status: 401, why: "the token is wrong or missing" };
  }
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return {
      kind: "closed",
      status: 426,
      why: "this is the agent of a conformance suite; it speaks WebSocket",
    };
  }
  if (!lobby.hasRoomForWaiting) {
    return { kind: "closed", status: 503, why: "there is no room for more callers" };
  }
  return { kind: "open", who };
}

function bearer(headers: Headers): string {
  return /^Bearer (\S+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? "";
}

/** Counts wrong tokens of each address within a minute. */
export class WrongTokens {
  readonly #most: number;
  #counts = new Map<string, number>();
  #begin = performance.now();

  /** Makes one that takes so many. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether an address has sent too many. */
  isTooMany(address: string): boolean {
    if (performance.now() - this.#begin >= 60_000) {
      this.#begin = performance.now();
      this.#counts = new Map();
    }
    return (this.#counts.get(address) ?? 0) >= this.#most;
  }

  /** Counts one more. */
  count(address: string): void {
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
  }
}
