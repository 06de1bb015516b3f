/**
 * Caches canonical forms by the payloads' unsorted JSON: equal requests mostly come from one place in the code, with their properties in one order, and
 * native JSON is three times as fast as sorting. Payloads that pass the guard have one canonical form per such text.
 */

/** Characters of all texts and forms of one generation; two generations are kept. Longer texts are not cached. */
const CHARACTERS_MAX = 1_048_576;
const TEXT_CHARACTERS_MAX = 32_768;
/** After so many misses in a row the cache does not pay: then only one payload in so many is looked up. */
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
    // `undefined` (see `changed` in `canonical.ts`) is not looked up, and long texts are not cached.
    if (text === undefined || text.length > TEXT_CHARACTERS_MAX) return this.#formOfStranger(payload);
    const known = this.#young.get(text);
    if (known !== undefined) {
      this.#strangers = 0;
      return known;
    }
    const older = this.#old.get(text);
    if (older !== undefined) this.#strangers = 0;
    // Made from the text: a getter may return something else the next time, and others would get the form of that.
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
