/**
 * The default key: a payload's canonical form. Equal payloads have equal keys, whatever the order of their properties; whatever JSON
 * would collapse into something else is refused with its path, since a collapsed key gives one request's answer to another.
 */
import { configure } from 'safe-stable-stringify';
import { CanonicalMemo } from './canonical-memo.js';
import { keepShape } from './lasting-shape.js';
import { nameOf, nameOfPrimitive, refusalOf, type PlainRules, type Refusal } from './plain.js';

/** JSON with the properties in one order, whatever order they were given in. */
const stringify = configure({ strict: true }) as (value: unknown) => string;

/** The rules for one look, which notices whether the payload is written in canonical order already. One object a look: a Proxy may begin another. */
class KeyRules implements PlainRules {
  readonly undefinedIsAbsent = true;
  readonly wellFormed = false;
  readonly exact = false;
  isSorted = true;

  primitive(value: unknown): string {
    return `${nameOfPrimitive(value)} has no form of its own in JSON`;
  }
  special(value: object): string {
    return `${nameOf(value)} is not plain data: JSON would collapse it`;
  }
}
keepShape(() => new KeyRules());

/** A payload that has no canonical form. The front makes it a typed error with the coalescer's name. */
export class NoCanonicalForm extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`${refusal.path}: ${refusal.reason}`);
    this.refusal = refusal;
  }
}

/** Does a string stand for itself? */
export function isItsOwnKey(payload: string): boolean {
  const first = payload.charCodeAt(0);
  // '{', '[', '=' and '"'
  return first !== 123 && first !== 91 && first !== 61 && first !== 34;
}

/**
 * The key of a payload. The first character tells the kinds apart, so that the string '1', the number 1 and the list [1] never meet:
 * objects and arrays are their JSON, other values are JSON behind '=', strings stand for themselves (the common case costs nothing) unless they begin
 * like one of those or like a quoted string; then they are quoted.
 * @throws NoCanonicalForm
 */
export function canonicalKey(payload: unknown, memo: CanonicalMemo | null = null): string {
  if (typeof payload === 'string') return isItsOwnKey(payload) ? payload : JSON.stringify(payload);
  // A function without arguments that is coalesced has `undefined` for a payload.
  if (payload === undefined) return '=undefined';
  const rules = new KeyRules();
  const refusal = refusalOf(payload, rules);
  if (refusal !== null) throw new NoCanonicalForm(refusal);
  if (typeof payload !== 'object' || payload === null) return `=${stringify(payload)}`;
  // Native JSON is the canonical form then, and much sooner made.
  if (rules.isSorted) return JSON.stringify(payload);
  return memo === null ? stringify(payload) : memo.form(payload);
}

/** The payload that a key is the canonical form of, as far as the form tells it. */
export function payloadOf(key: string): unknown {
  if (isItsOwnKey(key)) return key;
  return JSON.parse(key.startsWith('=') ? key.slice(1) : key);
}

/** For whoever asks for the keys of many payloads. */
export const newMemo = (): CanonicalMemo => new CanonicalMemo((payload) => stringify(payload));
