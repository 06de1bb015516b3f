/**
 * The default key: a payload's canonical form. Equal payloads have equal keys, whatever the order of their properties; whatever JSON
 * would collapse into something else is refused with its path, since a collapsed key gives one request's answer to another.
 */
import { configure } from 'safe-stable-stringify';
import { CanonicalMemo } from './canonical-memo.js';
import { keepShape } from './lasting-shape.js';
import { LEAST_MAX, nameOf, nameOfPrimitive, refusalOf, type PlainRules, type Refusal } from './plain.js';
import { own } from './text.js';

/** JSON with the properties in one order, whatever order they were given in. */
const stringify = configure({ strict: true }) as (value: unknown) => string;

/** What a key is to its payload: made by somebody else; */
export const NO_FORM = 0;
/** its canonical form; */
export const FORM = 1;
/** that too, and it tells all of it: nothing is left out, properties come in the order that they have there, and all of it may cross to another thread. */
export const TOLD = 2;
export type KeyForm = typeof NO_FORM | typeof FORM | typeof TOLD;

export interface FormedKey {
  readonly key: string;
  readonly form: KeyForm;
}

/** The rules for one look, which notices whether the payload is written in canonical order already. One object a look: a Proxy may begin another. */
class KeyRules implements PlainRules {
  readonly undefinedIsAbsent = true;
  readonly wellFormed: boolean;
  readonly exact: boolean;
  isSorted = true;
  leavesOut = false;
  least = 0;
  rest = 0;
  readonly leastMax: number;

  /** `mustCross`: what could not cross is refused as well. What has a form is all plain: nothing else of it could not. */
  constructor(mustCross: boolean, charactersMax: number) {
    this.wellFormed = this.exact = mustCross;
    this.leastMax = charactersMax;
  }

  primitive(value: unknown): string {
    return `${nameOfPrimitive(value)} has no form of its own in JSON`;
  }
  special(value: object): string {
    return `${nameOf(value)} is not plain data: JSON would collapse it`;
  }
}
keepShape(() => new KeyRules(false, 0));

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

/** Is a key JSON itself? */
export function isJsonKey(key: string): boolean {
  return !isItsOwnKey(key) && !key.startsWith('=');
}

/** Of a text: a lone surrogate would not arrive. */
export const formOfText = (text: string): KeyForm => (text.isWellFormed() ? TOLD : FORM);

/**
 * The key of a payload. The first character tells the kinds apart, so that the string '1', the number 1 and the list [1] never meet:
 * objects and arrays are their JSON, other values are JSON behind '=', strings stand for themselves (the common case costs nothing) unless they begin
 * like one of those or like a quoted string; then they are quoted.
 * @param mayCross is it asked whether the key may cross in the payload's stead? One look tells both: a second took a launch on threads a twentieth longer.
 * @param charactersMax a form that is sure to have more is not made
 * @throws NoCanonicalForm
 */
export function formedKey(payload: unknown, memo: CanonicalMemo | null, mayCross: boolean, charactersMax = LEAST_MAX): FormedKey {
  if (typeof payload === 'string') {
    return { key: isItsOwnKey(payload) ? payload : JSON.stringify(payload), form: mayCross ? formOfText(payload) : FORM };
  }
  // A function without arguments that is coalesced has `undefined` for a payload.
  if (payload === undefined) return { key: '=undefined', form: FORM };
  let rules = new KeyRules(mayCross, charactersMax);
  let refusal = refusalOf(payload, rules);
  if (refusal !== null && mayCross && !refusal.isTooLarge) {
    // It may have a key all the same, by which others are joined.
    rules = new KeyRules(false, charactersMax);
    refusal = refusalOf(payload, rules);
  }
  if (refusal !== null) throw new NoCanonicalForm(refusal);
  return { key: formOf(payload, rules.isSorted, memo), form: rules.exact && rules.isSorted && !rules.leavesOut ? TOLD : FORM };
}

function formOf(payload: unknown, isSorted: boolean, memo: CanonicalMemo | null): string {
  if (typeof payload !== 'object' || payload === null) return `=${stringify(payload)}`;
  // Native JSON is the canonical form then, and much sooner made.
  const form = (isSorted ? JSON.stringify(payload) : memo === null ? stringify(payload) : memo.form(payload)) as string | undefined;
  const first = form?.charCodeAt(0);
  // '{' and '['
  return form !== undefined && (first === 123 || first === 91) ? form : changed();
}

/** A Proxy may be another thing each time it is looked at: nothing, or a text that is somebody else's key. */
function changed(): never {
  throw new NoCanonicalForm({ path: '$', reason: 'it was another thing when it was looked at again', isTooLarge: false });
}

/** The same without a look at how it would cross. */
export const canonicalKey = (payload: unknown, memo: CanonicalMemo | null = null, charactersMax = LEAST_MAX): string =>
  formedKey(payload, memo, false, charactersMax).key;

/** Texts of so many characters come on their own, and are not cut out of one. */
const ALONE_FROM = 8_192;

/** The payload that a key is the canonical form of, as far as the form tells it. It holds nothing of what the key was cut out of. */
export function payloadOf(key: string): unknown {
  if (isItsOwnKey(key)) return key.length < ALONE_FROM ? own(key) : key;
  return JSON.parse(key.startsWith('=') ? key.slice(1) : key);
}

/** For whoever asks for the keys of many payloads. */
export const newMemo = (): CanonicalMemo => new CanonicalMemo((payload) => stringify(payload));
