/**
 * From the text of a message to the message, or to what is wrong with it.
 *
 * @module
 */
import type { z } from "zod";
import { ERRNO_NAMES } from "../../spec/errno.ts";
import { didYouMean } from "../../spec/nearest.ts";
import { MessageError } from "./errors.ts";
import { RUNNER_SCHEMAS, type RunnerMessage, TESTEE_SCHEMAS, type TesteeMessage } from "./messages.ts";
import { quickEnd, quickObservation, quickRun } from "./quick.ts";

/** A message of a type that this side does not know, perhaps of a later version; it is to be left aside. */
export interface UnknownMessage {
  readonly type: "unknown";
  /** What it says that it is. */
  readonly named: string;
}

/**
 * Reads what a testee sent.
 *
 * @throws {MessageError} if it is no message
 */
export function decodeTestee(text: string): TesteeMessage | UnknownMessage {
  return decode<TesteeMessage>(text, TESTEE_SCHEMAS, QUICK_TESTEE);
}

/**
 * Reads what a runner sent.
 *
 * @throws {MessageError} if it is no message
 */
export function decodeRunner(text: string): RunnerMessage | UnknownMessage {
  return decode<RunnerMessage>(text, RUNNER_SCHEMAS, QUICK_RUNNER);
}

/** Something for each type of message. */
type ByType<T> = Readonly<Record<string, T | undefined>>;

/** Reads a message of a certain type; `undefined` where it takes the schema to say what it is. */
type Reader<M> = (message: unknown) => M | undefined;

const QUICK_TESTEE: ByType<Reader<TesteeMessage>> = { observation: quickObservation, end: quickEnd };
const QUICK_RUNNER: ByType<Reader<RunnerMessage>> = { run: quickRun };

function decode<M>(
  text: string,
  schemas: ByType<z.ZodType<M>>,
  quick: ByType<Reader<M>>,
): M | UnknownMessage {
  const value = parsed(text);
  const type = typeOf(value);
  if (type === undefined) {
    throw new MessageError(
      `A line is JSON but no message: ${shortened(text)}`,
      'A message is an object with a "type"; anything else belongs on standard error',
    );
  }
  const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
  if (!schema) return { type: "unknown", named: type };
  const read = text.includes("__proto__") ? undefined : quick[type]?.(value);
  if (read) return read;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw misshapen(type, value, result.error);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MessageError(
      `A line is not JSON: ${shortened(text)}`,
      "Write only messages where messages are read, each on one line; notes belong on standard error",
      error,
    );
  }
}

function typeOf(value: unknown): string | undefined {
  const hasType = typeof value === "object" && value !== null && "type" in value;
  return hasType && typeof value.type === "string" ? value.type : undefined;
}

function misshapen(type: string, value: unknown, error: z.ZodError): MessageError {
  const { issue, path } = deepest(error.issues);
  const where = path.length === 0 ? "" : `, at "${path.join(".")}"`;
  const begin = `A message of type "${type}" is wrong${where}`;
  if (path.at(-1) === "errno") return wrongErrno(begin, at(value, path));
  return new MessageError(
    `${begin}: ${issue.message}`,
    `runners/protocol/schema has the schema of "${type}"`,
    error,
  );
}

/** The name of an error that the suite does not know is perhaps only misspelt. */
function wrongErrno(begin: string, value: unknown): MessageError {
  const all = "Give the name of an error that spec/errno.ts has, never its number";
  return new MessageError(
    `${begin}: ${JSON.stringify(value)} is no name of an error`,
    typeof value === "string" ? didYouMean(value, ERRNO_NAMES, all) : all,
  );
}

/** The issue that is furthest inside; of a union, that of the option that came furthest. */
function deepest(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[] = []): Located {
  const [first] = issues;
  if (!first) throw new Error("Cannot say what is wrong: there is no issue");
  const path = [...above, ...first.path];
  if (first.code !== "invalid_union" || first.errors.length === 0) return { issue: first, path };
  const inner = first.errors.filter((each) => each.length > 0).map((each) => deepest(each, path));
  return inner.reduce((best, each) => each.path.length > best.path.length ? each : best, {
    issue: first,
    path,
  });
}

interface Located {
  readonly issue: z.core.$ZodIssue;
  readonly path: readonly PropertyKey[];
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (typeof inner !== "object" || inner === null) return undefined;
    return Object.entries(inner).find(([name]) => name === String(key))?.[1];
  }, value);
}

/** The begin of a text, in quotes. */
export function shortened(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
