/**
 * The default key: a payload's canonical form. Equal payloads have equal keys, whatever the order of their properties; whatever JSON
 * would collapse into something else is refused with its path, since a collapsed key would give one request's answer to another.
 */
import { configure } from 'safe-stable-stringify';
import { CanonicalMemo } from './canonical-memo.js';
import { keepShape } from './lasting-shape.js';
import { LEAST_MAX, nameOf, nameOfPrimitive, refusalOf, type PlainRules, type Refusal } from './plain.js';
import { own } from './text.js';

/** JSON with sorted properties. */
const stringify = configure({ strict: true }) as (value: unknown) => string;

/** What a key is to its payload: not its canonical form; */
export const NO_FORM = 0;
/** its canonical form; */
export const FORM = 1;
/** its canonical form, and it tells the whole payload: nothing is left out, properties come in the payload's own order, and all of it may cross to another thread. */
export const TOLD = 2;
export type KeyForm = typeof NO_FORM | typeof FORM | typeof TOLD;

export interface FormedKey {
  readonly key: string;
  readonly form: KeyForm;
}

/** The rules for one walk, which also finds out whether the payload is written in canonical order already. One object per walk: a Proxy may start another walk. */
class KeyRules implements PlainRules {
  readonly undefinedIsAbsent = true;
  readonly wellFormed: boolean;
  readonly exact: boolean;
  isSorted = true;
  leavesOut = false;
  least = 0;
  rest = 0;
  readonly leastMax: number;

  /** `mustCross`: also refuses what could not cross. A payload with a canonical form is plain data: nothing else in it could fail to cross. */
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

/** Is a string its own key? */
export function isItsOwnKey(payload: string): boolean {
  const first = payload.charCodeAt(0);
  // '{', '[', '=' and '"'
  return first !== 123 && first !== 91 && first !== 61 && first !== 34;
}

/** Is a key JSON itself? */
export function isJsonKey(key: string): boolean {
  return !isItsOwnKey(key) && !key.startsWith('=');
}

/** The form of a text: a lone surrogate would not survive a crossing. */
export const formOfText = (text: string): KeyForm => (text.isWellFormed() ? TOLD : FORM);

/**
 * The key of a payload. The first character tells the kinds apart, so that the string '1', the number 1 and the list [1] never meet:
 * objects and arrays are their JSON, other values are JSON behind '=', strings stand for themselves (the common case costs nothing) unless they begin
 * like one of those or like a quoted string; then they are quoted.
 * @param mayCross also find out whether the key may cross in place of the payload? One walk finds both: a second one made a launch on threads a twentieth slower.
 * @param charactersMax a form that is certain to be longer is refused
 * @throws NoCanonicalForm
 */
export function formedKey(payload: unknown, memo: CanonicalMemo | null, mayCross: boolean, charactersMax = LEAST_MAX): FormedKey {
  if (typeof payload === 'string') {
    return { key: isItsOwnKey(payload) ? payload : JSON.stringify(payload), form: mayCross ? formOfText(payload) : FORM };
  }
  // For a coalesced function without arguments the payload is `undefined`.
  if (payload === undefined) return { key: '=undefined', form: FORM };
  let rules = new KeyRules(mayCross, charactersMax);
  let refusal = refusalOf(payload, rules);
  if (refusal !== null && mayCross && !refusal.isTooLarge) {
    // It may still have a key, by which requests join.
    rules = new KeyRules(false, charactersMax);
    refusal = refusalOf(payload, rules);
  }
  if (refusal !== null) throw new NoCanonicalForm(refusal);
  return { key: formOf(payload, rules.isSorted, memo), form: rules.exact && rules.isSorted && !rules.leavesOut ? TOLD : FORM };
}

function formOf(payload: unknown, isSorted: boolean, memo: CanonicalMemo | null): string {
  if (typeof payload !== 'object' || payload === null) return `=${stringify(payload)}`;
  // If sorted, native JSON is the canonical form, and much faster.
  const form = (isSorted ? JSON.stringify(payload) : memo === null ? stringify(payload) : memo.form(payload)) as string | undefined;
  const first = form?.charCodeAt(0);
  // '{' and '['
  return form !== undefined && (first === 123 || first === 91) ? form : changed();
}

/** A Proxy may change between reads: to nothing, or to a text that is somebody else's key. */
function changed(): never {
  throw new NoCanonicalForm({ path: '$', reason: 'it changed between two reads, as a Proxy may', isTooLarge: false });
}

/** The key alone, without checking how it would cross. */
export const canonicalKey = (payload: unknown, memo: CanonicalMemo | null = null, charactersMax = LEAST_MAX): string =>
  formedKey(payload, memo, false, charactersMax).key;

/** Texts from this length on arrive as strings of their own, not as slices. */
const ALONE_FROM = 8_192;

/** The payload of a key that is its canonical form, as far as the form tells it. It is no slice of the text that the key came in. */
export function payloadOf(key: string): unknown {
  if (isItsOwnKey(key)) return key.length < ALONE_FROM ? own(key) : key;
  return JSON.parse(key.startsWith('=') ? key.slice(1) : key);
}

/** For callers that make the keys of many payloads. */
export const newMemo = (): CanonicalMemo => new CanonicalMemo((payload) => stringify(payload));
