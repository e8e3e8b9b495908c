import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { CONFORM_PATH, CONFORM_REQUESTS, CONFORM_STRUCTS, CONFORM_VALUES } from "./conform.ts";
import { requestNumber } from "./ioctl.ts";
import { layoutOf } from "./layout.ts";
import { MUTANTS } from "../../simulator/mutants/mod.ts";

const UAPI = fileURLToPath(new URL("../module/uapi", import.meta.url));
const BUGS = fileURLToPath(new URL("../module/bugs.h", import.meta.url));

async function hasCompiler(): Promise<boolean> {
  try {
    return (await new Deno.Command("cc", { args: ["--version"], stdout: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** What a C program prints, with the module's header, on a machine whose kernel may be any. */
async function printed(statements: readonly string[]): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const source = [
      "#include <stddef.h>",
      "#include <stdio.h>",
      "#include <conform.h>",
      "int main(void)",
      "{",
    ]
      .concat(statements, "return 0;", "}").join("\n");
    await Deno.writeTextFile(`${folder}/a.c`, source);
    const args = ["-Wall", "-Werror", `-I${UAPI}`, "-o", `${folder}/a`, `${folder}/a.c`];
    const { success, stderr } = await new Deno.Command("cc", { args }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const { stdout } = await new Deno.Command(`${folder}/a`).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ignore = !(await hasCompiler());

Deno.test({
  name: "CONFORM_STRUCTS have the sizes and offsets of the module's header",
  ignore,
  async fn() {
    const expected = CONFORM_STRUCTS.flatMap((of) => {
      const { places, size } = layoutOf(of);
      return [
        `${of.name} ${size}`,
        ...[...places].map(([field, { offset, size }]) => `${of.name}.${field} ${offset} ${size}`),
      ];
    });
    const statements = CONFORM_STRUCTS.flatMap((of) => [
      `printf("${of.name} %zu\\n", sizeof(struct ${of.name}));`,
      ...Object.keys(of.fields).map((field) =>
        `printf("${of.name}.${field} %zu %zu\\n", offsetof(struct ${of.name}, ${field}), ` +
        `sizeof(((struct ${of.name} *)0)->${field}));`
      ),
    ]);
    assertEquals(await printed(statements), expected);
  },
});

Deno.test({
  name: "CONFORM_REQUESTS and CONFORM_VALUES have the numbers of the module's header",
  ignore,
  async fn() {
    const requests = Object.values(CONFORM_REQUESTS);
    const values = Object.entries(CONFORM_VALUES);
    assertEquals(
      await printed([
        ...requests.map(({ name }) => `printf("%lu\\n", (unsigned long)${name});`),
        ...values.map(([name]) => `printf("%d\\n", CONFORM_${name});`),
        `printf("%s\\n", CONFORM_PATH);`,
      ]),
      [
        ...requests.map((request) => `${requestNumber(request)}`),
        ...values.map(([, value]) => `${value}`),
        CONFORM_PATH,
      ],
    );
  },
});

Deno.test("every seeded bug of the module has the name of a mutant of the simulator", async () => {
  const names = [...(await Deno.readTextFile(BUGS)).matchAll(/bug\(\w+, "([^"]+)"\)/g)].map(([, name]) =>
    name
  );
  const known = new Set<string | undefined>(MUTANTS.map(({ id }) => id));
  assertEquals(names.filter((name) => !known.has(name)), []);
  assertEquals(new Set(names).size, names.length);
});
