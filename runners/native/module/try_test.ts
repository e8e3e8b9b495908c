import { assertRejects } from "@std/assert";
import { VmError } from "../../vm/failure.ts";
import { tryModule } from "./try.ts";

Deno.test("a module that is not there is not tried", async () => {
  const kernel = {
    release: "7.3.4",
    version: "7.3.4",
    origin: "debian",
    image: "/nowhere/vmlinuz",
    digest: "",
    modules: [],
    made: [],
  } as const;
  await assertRejects(
    () => tryModule(kernel, "/nowhere/dmabuf_conform.ko", "smoke", {}, () => {}),
    VmError,
    "There is no module /nowhere/dmabuf_conform.ko",
  );
});
