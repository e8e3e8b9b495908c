/**
 * Stanzas of a Debian package index: `Field: value` lines, a blank line between packages, continued lines indented.
 *
 * @module
 */

/** The fields of one package, by name. */
export type Stanza = ReadonlyMap<string, string>;

/** Reads the stanzas of an index. */
export function parseStanzas(text: string): Stanza[] {
  return text.split(/\n[ \t]*\n/).map(fieldsOf).filter((stanza) => stanza.size > 0);
}

function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of stanza.split("\n")) {
    const [, name, value = ""] = /^([^\s:]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      last = name;
      fields.set(name, value.trim());
    } else if (last !== undefined && /^[ \t]/.test(line)) {
      fields.set(last, `${fields.get(last) ?? ""}\n${line.trim()}`);
    }
  }
  return fields;
}
