/**
 * The part of `@std/expect` that the tests use, for machines that cannot reach the real one.
 *
 * `@std/expect` describes itself as compatible with Jest, so Jest's own `expect` stands in for it.
 *
 * @module
 */
export { expect } from "npm:expect@30.5.2";
