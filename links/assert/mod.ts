/**
 * The part of `@std/assert` that the tests use, for machines that cannot reach the real one.
 *
 * Names and signatures are those of `@std/assert`; comparing and showing differences is left to
 * `node:assert/strict`. Where the two disagree this one is stricter: it tells `0` from `-0`.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";
import { inspect } from "node:util";

/** What every assertion of this module throws when it does not hold. */
export class AssertionError extends Error {
  /** Makes an error that says which assertion does not hold. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** A class whose instances are `T`, whatever its constructor takes. */
export type Constructor<T> = abstract new (...args: never[]) => T;

/** An array or something like one, but not a string. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** Every value that counts as false. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

/** Asserts that a value counts as true. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that a value counts as false. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

/** Asserts that two values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  rethrow(() => nodeAssert.deepStrictEqual(actual, expected), msg);
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  rethrow(() => nodeAssert.notDeepStrictEqual(actual, expected), msg);
}

/** Asserts that two values are one and the same. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  rethrow(() => nodeAssert.strictEqual(actual, expected), msg);
}

/** Asserts that a value is neither `null` nor `undefined`. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    throw new AssertionError(`Expected actual: "${actual}" to not be null or undefined${suffix(msg)}`);
  }
}

/** Asserts that a value is an instance of a class. */
export function assertInstanceOf<T extends Constructor<unknown>>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  throw new AssertionError(
    `Expected object to be an instance of "${expectedType.name}" but was ${inspect(actual)}${suffix(msg)}`,
  );
}

/** Asserts that a text contains another one. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(`Expected actual: "${actual}" to contain: "${expected}"${suffix(msg)}`);
}

/** Asserts that a text matches a regular expression. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`Expected actual: "${actual}" to match: "${expected}"${suffix(msg)}`);
}

/** Asserts that every element of one array is, compared deeply, in the other. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((item) => !present.some((other) => isEqual(other, item)));
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: "${inspect(present)}" to include: "${inspect(Array.from(expected))}"${suffix(msg)}\n` +
      `missing: ${inspect(missing)}`,
  );
}

/** Asserts that an object has at least the properties of another one, with deeply equal values. */
export function assertObjectMatch(
  actual: object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  rethrow(() => nodeAssert.deepStrictEqual(pick(actual, expected), pick(expected, expected)), msg);
}

/** Asserts that two numbers differ by no more than a tolerance, by default a ten-millionth of the expected one. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= allowed) return;
  throw new AssertionError(
    `Expected actual: "${actual}" to be close to "${expected}": delta "${delta}" is greater than "${allowed}"` +
      suffix(msg),
  );
}

/** Asserts that one value is greater than another. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (actual > expected) return;
  throw new AssertionError(msg ?? `Expect ${inspect(actual)} > ${inspect(expected)}`);
}

/** Asserts that one value is greater than another, or equal to it. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual >= expected) return;
  throw new AssertionError(msg ?? `Expect ${inspect(actual)} >= ${inspect(expected)}`);
}

/** Asserts that one value is less than another. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (actual < expected) return;
  throw new AssertionError(msg ?? `Expect ${inspect(actual)} < ${inspect(expected)}`);
}

/** Asserts that one value is less than another, or equal to it. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual <= expected) return;
  throw new AssertionError(msg ?? `Expect ${inspect(actual)} <= ${inspect(expected)}`);
}

/** Asserts that a function throws, and gives back what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that a function throws an error of a class, with a text in its message, and gives that error back. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClassOrMsg?: Constructor<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
    return typeof errorClassOrMsg === "function"
      ? checkError(thrown, errorClassOrMsg, msgIncludes, msg)
      : thrown;
  }
  throw new AssertionError(
    `Expected function to throw${suffix(typeof errorClassOrMsg === "string" ? errorClassOrMsg : msg)}`,
  );
}

/** Asserts that a function gives a promise that is rejected, and gives back the reason. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that a promise is rejected with an error of a class, with a text in its message, and gives that error back. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClassOrMsg?: Constructor<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const reason = typeof errorClassOrMsg === "string" ? errorClassOrMsg : msg;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject${suffix(reason)}`, { cause: error });
  }
  try {
    await promise;
  } catch (error) {
    return typeof errorClassOrMsg === "function"
      ? checkError(error, errorClassOrMsg, msgIncludes, msg)
      : error;
  }
  throw new AssertionError(`Expected function to reject${suffix(reason)}`);
}

/** Fails. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

/** Fails because a line was reached that nothing should reach. */
export function unreachable(msg?: string): never {
  throw new AssertionError(`Unreachable${suffix(msg)}`);
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}

function rethrow(check: () => void, msg: string | undefined): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof nodeAssert.AssertionError)) throw error;
    throw new AssertionError(msg ? `${msg}\n${error.message}` : error.message);
  }
}

function isEqual(left: unknown, right: unknown): boolean {
  try {
    nodeAssert.deepStrictEqual(left, right);
    return true;
  } catch {
    return false;
  }
}

function checkError<E extends Error>(
  error: unknown,
  ErrorClass: Constructor<E>,
  msgIncludes: string | undefined,
  msg: string | undefined,
): E {
  if (!(error instanceof ErrorClass)) {
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was ${inspect(error)}${suffix(msg)}`,
    );
  }
  if (msgIncludes !== undefined && !error.message.includes(msgIncludes)) {
    throw new AssertionError(
      `Expected error message to include ${JSON.stringify(msgIncludes)}, but got ` +
        `${JSON.stringify(error.message)}${suffix(msg)}`,
    );
  }
  return error;
}

/** The part of a value that has the shape of another one: its properties, and as many elements as it has. */
function pick(value: unknown, shape: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(shape)) {
    return value.slice(0, shape.length).map((item, index) => pick(item, shape[index]));
  }
  if (!isRecord(value) || !isRecord(shape)) return value;
  const keys = Reflect.ownKeys(shape).filter((key) => key in value);
  return Object.fromEntries(keys.map((key) => [key, pick(Reflect.get(value, key), Reflect.get(shape, key))]));
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    Object.prototype.toString.call(value) === "[object Object]";
}
