/**
 * Fragments of a kernel's configuration.
 *
 * @module
 */

/** Options by name, and what each is to be. */
export type Fragment = ReadonlyMap<string, string>;

/** Reads a fragment, or a whole configuration: `CONFIG_X=y` lines, and `# CONFIG_X is not set` ones. */
export function parseFragment(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? [];
    const [, off] = /^# (CONFIG_\w+) is not set$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) options.set(name, value);
    else if (off !== undefined) options.set(off, "n");
  }
  return options;
}

/** Lays fragments over each other; the last that names an option decides. */
export function mergeFragments(fragments: readonly Fragment[]): Fragment {
  return new Map(fragments.flatMap((fragment) => [...fragment]));
}

/** Writes a fragment as a configuration. */
export function writeFragment(fragment: Fragment): string {
  return [...fragment].map(([name, value]) => value === "n" ? `# ${name} is not set\n` : `${name}=${value}\n`)
    .join("");
}

/** The options that a configuration does not have as a fragment wants them: the kernel has them not, or not together. */
export function unmet(wanted: Fragment, configuration: Fragment): string[] {
  return [...wanted].filter(([name, value]) => (configuration.get(name) ?? "n") !== value).map(([name]) =>
    name
  );
}
