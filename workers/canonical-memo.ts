/**
 * Remembers the canonical form of payloads by their JSON as it was written: requests that are equal mostly come from one place in the code, with their
 * properties in one order, and native JSON is three times as fast as sorting. What the guard lets through has one canonical form for each such text.
 */

/** Characters of all texts and forms of one generation; two generations are kept. Longer texts are not remembered. */
const CHARACTERS_MAX = 1_048_576;
const TEXT_CHARACTERS_MAX = 32_768;
/** So many in a row that were not known, and remembering does not pay: then only one in so many asks. */
const STRANGERS_MAX = 32;

export class CanonicalMemo {
  readonly #formOf: (payload: object) => string;
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  #characters = 0;
  #strangers = 0;
  #skips = 0;

  constructor(formOf: (payload: object) => string) {
    this.#formOf = formOf;
  }

  /** The canonical form of a payload that has passed the guard. */
  form(payload: object): string {
    if (this.#skips > 0) {
      this.#skips--;
      return this.#formOf(payload);
    }
    const text = JSON.stringify(payload) as string | undefined;
    // What is nothing any more (see `formOf`) is not looked up, and what is too long not remembered.
    if (text === undefined || text.length > TEXT_CHARACTERS_MAX) return this.#formOfStranger(payload);
    const known = this.#young.get(text);
    if (known !== undefined) {
      this.#strangers = 0;
      return known;
    }
    const older = this.#old.get(text);
    if (older !== undefined) this.#strangers = 0;
    // Made of the text: a getter may say something else the next time, and others would be given the form of that.
    const form = older ?? this.#formOfStranger(JSON.parse(text) as object);
    this.#remember(text, form);
    return form;
  }

  #formOfStranger(payload: object): string {
    if (++this.#strangers >= STRANGERS_MAX) this.#skips = STRANGERS_MAX;
    return this.#formOf(payload);
  }

  #remember(text: string, form: string): void {
    this.#characters += text.length + form.length;
    if (this.#characters > CHARACTERS_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = text.length + form.length;
    }
    this.#young.set(text, form);
  }
}
