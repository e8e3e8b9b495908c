import { assertStringIncludes } from "@std/assert";
import { type Policy, remedyFor } from "./admission.ts";

const POLICIES: readonly (readonly [string, Policy, string])[] = [
  ["an open kernel", { lockdown: undefined, enforcesSignatures: "N\n" }, "conform module build"],
  ["a kernel that is not locked down", {
    lockdown: "[none] integrity confidentiality",
    enforcesSignatures: "N",
  }, "conform module build"],
  [
    "a kernel that enforces signatures",
    { lockdown: undefined, enforcesSignatures: "Y\n" },
    "sign it with a key",
  ],
  ["a kernel that is locked down", {
    lockdown: "none [integrity] confidentiality\n",
    enforcesSignatures: "N",
  }, "locked down (integrity)"],
];

for (const [what, policy, expected] of POLICIES) {
  Deno.test(`the remedy for ${what} is one that it would take`, () => {
    assertStringIncludes(remedyFor(policy), expected);
  });
}
