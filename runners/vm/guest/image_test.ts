import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ADDON_VARIABLE } from "../../native/location.ts";
import { VmError } from "../failure.ts";
import { guestImage } from "./image.ts";

Deno.test("guestImage() refuses an addon that does not fit, before anything boots", async () => {
  const before = Deno.env.get(ADDON_VARIABLE);
  const file = await Deno.makeTempFile({ suffix: ".node" });
  try {
    await Deno.writeTextFile(file, "no addon");
    Deno.env.set(ADDON_VARIABLE, file);
    const error = await assertRejects(() => guestImage(() => {}), VmError);
    assertStringIncludes(error.message, `The native addon at ${file} cannot be loaded`);
    assertEquals(error.hint, "Build it for this machine with: deno task build:native");
  } finally {
    if (before === undefined) Deno.env.delete(ADDON_VARIABLE);
    else Deno.env.set(ADDON_VARIABLE, before);
    await Deno.remove(file);
  }
});
