import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { main } from "../main.ts";
import { conform, inFolder } from "../testing/conform.ts";

Deno.test("conform serve --rate answers one address so often and no more, and says when to ask again", () =>
  inFolder(async (folder) => {
    const stop = new AbortController();
    const listening = Promise.withResolvers<string>();
    const io = {
      out: listening.resolve,
      err: listening.resolve,
      columns: undefined,
      colours: false,
      signal: stop.signal,
    };
    const running = main(["serve", "--port", "0", "--rate", "1", "--runs", join(folder, "none")], io);
    try {
      const address = /http:\S+/.exec(await listening.promise)?.[0];
      assert(address, "it does not listen");
      let refused: Response | undefined;
      for (let count = 0; count < 1000 && !refused; count++) {
        const response = await fetch(`${address}style.css`);
        await response.body?.cancel();
        if (response.status !== 200) refused = response;
      }
      assertEquals([refused?.status, refused?.headers.get("retry-after")], [429, "1"]);
    } finally {
      stop.abort();
      await running;
    }
  }));

Deno.test("conform serve takes no rate that is none", async () => {
  assertEquals((await conform("serve", "--rate", "-1")).status, 2);
  assertEquals((await conform("serve", "--rate", "often")).status, 2);
});
