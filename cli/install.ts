/**
 * Makes `conform` a command of this machine, from this checkout.
 *
 * `deno install` copies the configuration away from the checkout, where its links to neighbouring folders lead
 * nowhere; so it is given one that has only what the command needs to run.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

/** Installs the command; further arguments go to `deno install`, as in `--root DIR`. */
async function install(args: readonly string[]): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    const { imports, compilerOptions, nodeModulesDir } = config;
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({ imports, compilerOptions, nodeModulesDir }),
    );
    const main = new URL("main.ts", import.meta.url).href;
    const fixed = ["install", "--global", "--force", "--allow-all", "--quiet", "--name", "conform"];
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [...fixed, "--config", `${folder}/deno.json`, ...args, main],
    }).spawn().status;
    return code;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.exit(await install(Deno.args));
