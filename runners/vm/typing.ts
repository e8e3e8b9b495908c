/**
 * What is typed to a machine before somebody in it reads: a kernel that starts drops it, so it is kept until there is a
 * prompt.
 *
 * @module
 */

/** The byte with which commands to QEMU begin (Ctrl-A); they are for now, whatever the guest does. */
const TO_QEMU = 0x01;

/** The question where the cursor is, which a shell may put behind its prompt. */
const WHERE_IS_THE_CURSOR = "\x1b[6n";

/** Whether a shell asks for something: at the end of all that was said. */
function asks(said: string): boolean {
  const prompt = said.endsWith(WHERE_IS_THE_CURSOR) ? said.slice(0, -WHERE_IS_THE_CURSOR.length) : said;
  return /[#$] $/.test(prompt);
}

/** The last that is looked at, in characters. */
const LOOKED_AT = 16;

/** Gives a machine what is typed, not before it asks for it. */
export class Typing {
  readonly #give: (bytes: Uint8Array) => Promise<void>;
  #kept: Uint8Array[] = [];
  #last = "";
  /** Whether the byte came with which a command begins, and not yet the one that says which. */
  #command: "none" | "begun" = "none";
  #state: "nobody reads" | "somebody reads" = "nobody reads";

  /** Begins with a machine that starts; `give` gives it bytes. */
  constructor(give: (bytes: Uint8Array) => Promise<void>) {
    this.#give = give;
  }

  /** Takes what was typed. */
  async typed(bytes: Uint8Array): Promise<void> {
    if (this.#state === "somebody reads") return await this.#give(bytes);
    const begin = this.#command === "begun" ? 0 : bytes.indexOf(TO_QEMU);
    if (begin < 0) return void this.#kept.push(bytes);
    if (begin > 0) this.#kept.push(bytes.subarray(0, begin));
    const end = this.#command === "begun" ? 1 : begin + 2;
    this.#command = end > bytes.length ? "begun" : "none";
    await this.#give(bytes.subarray(begin, end));
    if (end < bytes.length) await this.typed(bytes.subarray(end));
  }

  /** Hears what the machine said. */
  async said(text: string): Promise<void> {
    if (this.#state === "somebody reads") return;
    this.#last = (this.#last + text).slice(-LOOKED_AT);
    if (!asks(this.#last)) return;
    this.#state = "somebody reads";
    const kept = this.#kept;
    this.#kept = [];
    for (const bytes of kept) await this.#give(bytes);
  }
}
