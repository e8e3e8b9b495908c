import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { conform, inFolder } from "../testing/conform.ts";
import { served } from "../testing/serve.ts";

Deno.test("conform serve --rate answers one address so often and no more, and says when to ask again", () =>
  inFolder((folder) =>
    served(["--rate", "1", "--runs", join(folder, "none")], async (address) => {
      let refused: Response | undefined;
      for (let count = 0; count < 1000 && !refused; count++) {
        const response = await fetch(`${address}style.css`);
        await response.body?.cancel();
        if (response.status !== 200) refused = response;
      }
      assertEquals([refused?.status, refused?.headers.get("retry-after")], [429, "1"]);
    })
  ));

Deno.test("conform serve takes no rate that is none", async () => {
  assertEquals((await conform("serve", "--rate", "-1")).status, 2);
  assertEquals((await conform("serve", "--rate", "often")).status, 2);
});
