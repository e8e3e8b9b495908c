import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { globSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { requestNumber } from "./ioctl.ts";
import { DMA_BUF_REQUESTS } from "./dma_buf.ts";
import { VFIO_REQUESTS } from "./vfio.ts";
import { concat, decode, encode, layoutOf, type Struct, struct } from "./layout.ts";
import { REQUESTS, STRUCTS } from "./table.ts";

/** Headers to hold the table against, as the flags of a compiler that finds them before those of the system. */
interface Headers {
  readonly name: string;
  readonly flags: readonly string[];
}

const SYSTEM: Headers = { name: "the headers of the system", flags: [] };

/**
 * Newer headers than the system's: those in the folder that `CONFORM_UAPI` names, or those of the newest kernel whose
 * modules can be built here, which `conform kernels fetch` and `conform module build` leave in the cache. The latter are
 * not made for programs: what is not for these is defined away.
 */
function newer(): Headers | undefined {
  const named = process.env["CONFORM_UAPI"];
  if (named !== undefined) return { name: named, flags: [`-I${named}`] };
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const found = globSync("dmabuf-conform/headers/*/usr/src/linux-headers-*/include/uapi", { cwd: cache });
  const newest = found.toSorted((one, other) => one.localeCompare(other, "en", { numeric: true })).at(-1);
  if (newest === undefined) return undefined;
  const stubs = new URL("testing/", import.meta.url).pathname;
  const flags = [`-I${stubs}`, `-I${join(cache, newest)}`, "-D__user=", "-D__force=", "-D__bitwise="];
  return { name: basename(dirname(dirname(newest))), flags };
}

const KINDS: readonly Headers[] = [SYSTEM, newer()].flatMap((each) => each ?? []);

interface Compiled {
  readonly ok: boolean;
  readonly path: string;
}

async function compile(
  source: string,
  { flags }: Headers,
  folder: string,
  name: string,
): Promise<Compiled> {
  const path = `${folder}/${name}`;
  await Deno.writeTextFile(`${path}.c`, source);
  const { success } = await new Deno.Command("cc", {
    args: [...flags, "-w", "-o", path, `${path}.c`],
    stderr: "null",
  }).output();
  return { ok: success, path };
}

/** What a C program prints, or `undefined` where it does not compile: the header is older than what it asks for. */
async function printed(
  header: string,
  statements: string,
  headers: Headers,
  folder: string,
  name: string,
) {
  const source = `#include <stddef.h>\n#include <stdio.h>\n#include <linux/types.h>\n#include <${header}>\n` +
    `int main(void)\n{\n${statements}\n\treturn 0;\n}\n`;
  const { ok, path } = await compile(source, headers, folder, name);
  if (!ok) return undefined;
  const { stdout } = await new Deno.Command(path, {}).output();
  return new TextDecoder().decode(stdout).trim().split("\n");
}

/** A structure that says how long it is gets longer in later kernels, which still take the shorter one. */
function mayGrow({ fields }: Struct): boolean {
  return ["argsz", "size"].includes(Object.keys(fields)[0] ?? "");
}

async function hasCompiler(): Promise<boolean> {
  try {
    return (await new Deno.Command("cc", { args: ["--version"], stdout: "null" }).output()).success;
  } catch {
    return false;
  }
}

const noCompiler = !(await hasCompiler());

for (const headers of KINDS) {
  Deno.test({
    name: `STRUCTS have the sizes and offsets of ${headers.name}`,
    ignore: noCompiler,
    async fn(t) {
      const folder = await Deno.makeTempDir();
      const lacking: string[] = [];
      for (const of of STRUCTS) {
        await t.step(of.name, async () => {
          const { places, size } = layoutOf(of);
          const fields = [...places].map(([field, { offset, size }]) => `${field} ${offset} ${size}`);
          const lines = of.header && await printed(
            of.header,
            [
              `\tprintf("%zu\\n", sizeof(struct ${of.name}));`,
              ...[...places.keys()].map((field) =>
                `\tprintf("${field} %zu %zu\\n", offsetof(struct ${of.name}, ${field}), ` +
                `sizeof(((struct ${of.name} *)0)->${field}));`
              ),
            ].join("\n"),
            headers,
            folder,
            of.name,
          );
          if (!lines) return void lacking.push(of.name);
          const [whole, ...rest] = lines;
          assertEquals(rest, fields);
          if (mayGrow(of)) assertGreaterOrEqual(Number(whole), size);
          else assertEquals(Number(whole), size);
        });
      }
      await Deno.remove(folder, { recursive: true });
      await t.step(`the headers do not have: ${lacking.join(", ") || "nothing that is asked for"}`, () => {
        assertLess(lacking.length, STRUCTS.length);
      });
    },
  });

  Deno.test({
    name: `REQUESTS have the numbers of ${headers.name}`,
    ignore: noCompiler,
    async fn(t) {
      const folder = await Deno.makeTempDir();
      const lacking: string[] = [];
      for (const request of REQUESTS) {
        await t.step(request.name, async () => {
          const lines = request.header && await printed(
            request.header,
            `#ifndef ${request.name}\n#error none\n#endif\n\tprintf("%lu\\n", (unsigned long)${request.name});`,
            headers,
            folder,
            request.name,
          );
          if (lines) assertEquals(lines, [`${requestNumber(request)}`]);
          else lacking.push(request.name);
        });
      }
      await Deno.remove(folder, { recursive: true });
      await t.step(`the headers do not have: ${lacking.join(", ") || "nothing that is asked for"}`, () => {
        assertLess(lacking.length, REQUESTS.length);
      });
    },
  });
}

Deno.test("requestNumber() follows the architecture", () => {
  const table = [
    [VFIO_REQUESTS.feature, 0x3b75, 0x20003b75],
    [VFIO_REQUESTS.dmabufRevoke, 0x3b7a, 0x20003b7a],
    [DMA_BUF_REQUESTS.revoke, 0x6204, 0x20006204],
    [DMA_BUF_REQUESTS.sync, 0x40086200, 0x80086200],
  ] as const;
  for (const [request, generic, alpha] of table) {
    assertEquals([requestNumber(request), requestNumber(request, "alpha")], [generic, alpha]);
  }
});

Deno.test("encode() and decode() are inverse, with numbers of every width", () => {
  const of = struct("all", undefined, { a: "u8", b: "u64", c: "s32", d: "u16", e: { text: 6 } });
  const values = { a: 0xfe, b: 2n ** 64n - 2n, c: -5, d: 0xffff, e: "hello" };
  assertEquals(decode(of, encode(of, values)), values);
  assertEquals(layoutOf(of).size, 32);
});

Deno.test("concat() puts a list behind a structure", () => {
  assertEquals(concat(Uint8Array.of(1), Uint8Array.of(2, 3)), Uint8Array.of(1, 2, 3));
});
