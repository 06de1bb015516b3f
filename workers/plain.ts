/**
 * The guard for plain data: finds the first thing in a value that would not survive, and says where it is. Keys and crossings use
 * it with different rules; both refuse rather than change a value silently.
 */

import { beginsWithBom, nameFor } from './text.js';

/** The first thing that was refused: its path (`$.messages[2].at`) and why. */
export interface Refusal {
  readonly path: string;
  readonly reason: string;
  /** Nothing in it is wrong, but it is more than it may be. */
  readonly isTooLarge: boolean;
}

/** What a use of plain data allows. */
export interface PlainRules {
  /** Primitives beyond null, booleans, finite numbers other than -0, and strings. `null`: allowed; otherwise why it is refused. */
  primitive(value: unknown): string | null;
  /** Objects that are neither plain objects nor arrays (a Date, a typed array). `null`: allowed as it is. */
  special(value: object): string | null;
  /** Is a property that is `undefined` the same as none? */
  readonly undefinedIsAbsent: boolean;
  /** Strings must be well-formed Unicode, since UTF-8 has no lone surrogates: names always, texts where nobody says that they have some. */
  readonly wellFormed: boolean;
  /** Refuse what a copy would change about a plain object itself: no prototype, accessors, `__proto__`. */
  readonly exact: boolean;
  /** Set to `false` if an object's properties are not in the order of their names, by code units. Absent: not needed. */
  isSorted?: boolean;
  /** Set if a property that is `undefined` was skipped. */
  leavesOut?: boolean;
  /** Set if a text begins with a byte order mark. Absent: not needed. */
  hasBom?: boolean;
  /** Set if a text has a lone surrogate. Without this field such a text is refused. */
  hasLoneSurrogate?: boolean;
  /** The walk adds the least length of the JSON to this: texts, names, and what stands between parts; */
  least: number;
  /** and the approximate length of the rest to this. */
  rest: number;
  /**
   * A value with a larger `least` is refused, so that every walk ends: a part that is referenced twice is written twice, which doubles with each level
   * (a few lines of YAML with aliases, or of any format that keeps references, make such a payload).
   */
  readonly leastMax: number;
}

/** For values that no option limits: a second of work. */
export const LEAST_MAX = 64 * 1_048_576;

/** A fraction: seventeen digits, which take JSON ten times as long as as many letters. */
const FRACTION_CHARACTERS = 100;
const INTEGER_CHARACTERS = 10;
/** Quotes, colon and comma: never fewer. */
const NAME_CHARACTERS = 4;
/** `true`, `false`, `null`, or an object's braces. */
const WORD_CHARACTERS = 5;

/** Deeper values are refused; this also ends a cycle. */
const DEPTH_MAX = 200;

/** Is `value` an object as a literal or `JSON.parse` makes it, in any realm (Jest runs tests in a realm of their own)? */
export const isPlainObject = (value: object): boolean => isOfPlain(prototypeOf(value));

/** Called once per object: for objects of many hidden classes V8 calls its runtime, 30 ns each time. */
const prototypeOf = (value: object): object | null => Object.getPrototypeOf(value) as object | null;
const isOfPlain = (prototype: object | null): boolean =>
  prototype === Object.prototype || prototype === null || (prototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'));

/** Walks `value`; `null` when everything in it is allowed. */
export function refusalOf(value: unknown, rules: PlainRules): Refusal | null {
  const found = walk(value, rules, 0);
  if (rules.least > rules.leastMax) return { path: '$', reason: TOO_LARGE, isTooLarge: true };
  return found === null ? null : { path: `$${found.steps.reverse().join('')}`, reason: found.reason, isTooLarge: false };
}

const TOO_LARGE = 'it is too large, or the same parts are in it over and over';

interface Found {
  readonly steps: string[];
  readonly reason: string;
}
const refuse = (reason: string): Found => ({ steps: [], reason });
const under = (found: Found, step: string): Found => {
  found.steps.push(step);
  return found;
};
const keyStep = (key: string): string =>
  key === nameFor(key) && /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(nameFor(key))}]`;

function walk(value: unknown, rules: PlainRules, depth: number): Found | null {
  switch (typeof value) {
    case 'string':
      rules.least += value.length;
      if (rules.least > rules.leastMax) return refuse(TOO_LARGE);
      if (rules.hasBom === false && beginsWithBom(value)) rules.hasBom = true;
      if (!rules.wellFormed || value.isWellFormed()) return null;
      if (rules.hasLoneSurrogate === undefined) return refuse('a lone surrogate would become U+FFFD');
      rules.hasLoneSurrogate = true;
      return null;
    case 'boolean':
      rules.rest += WORD_CHARACTERS;
      return null;
    case 'number':
      rules.rest += Number.isInteger(value) ? INTEGER_CHARACTERS : FRACTION_CHARACTERS;
      if (Number.isFinite(value) && (value !== 0 || 1 / value > 0)) return null;
      break;
    case 'object':
      rules.rest += WORD_CHARACTERS;
      if (value === null) return null;
      if (depth >= DEPTH_MAX) return refuse(`nested deeper than ${DEPTH_MAX} levels, or in a cycle`);
      return Array.isArray(value) ? walkArray(value, rules, depth) : walkObject(value, rules, depth);
    default:
  }
  const reason = rules.primitive(value);
  return reason === null ? null : refuse(reason);
}

function walkArray(value: readonly unknown[], rules: PlainRules, depth: number): Found | null {
  // Array.prototype is an array itself, in every realm; a subclass's prototype is not.
  if (!Array.isArray(Object.getPrototypeOf(value))) return refuse(`${nameOf(value)}, a subclass of Array`);
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return refuse('an array with toJSON');
  if (Object.getOwnPropertySymbols(value).length > 0) return refuse('an array with symbols for keys');
  const { length } = value;
  // Commas and brackets, counted before its elements.
  rules.least += length + 1;
  if (rules.least > rules.leastMax) return refuse(TOO_LARGE);
  // Finds holes and named properties in one check: a dense array has as many own keys as elements.
  const keys = Object.keys(value);
  if (keys.length !== length || (length > 0 && keys[length - 1] !== String(length - 1))) {
    return refuse(keys.length < length ? 'an array with holes' : 'an array with named properties');
  }
  for (let index = 0; index < length; index++) {
    const element = value[index];
    const found: Found | null =
      element === undefined && rules.undefinedIsAbsent
        ? refuse('undefined in an array would become null')
        : walk(element, rules, depth + 1);
    if (found !== null) return under(found, `[${index}]`);
  }
  return null;
}

function walkObject(value: object, rules: PlainRules, depth: number): Found | null {
  const prototype = prototypeOf(value);
  if (!isOfPlain(prototype)) {
    const reason = rules.special(value);
    return reason === null ? null : refuse(reason);
  }
  if (prototype === null && isRawJSON?.(value) === true) return refuse('raw JSON, which would be taken for what it stands for');
  const record = value as Record<string, unknown>;
  if (typeof record['toJSON'] === 'function') return refuse('an object with toJSON');
  if (Object.getOwnPropertySymbols(value).length > 0) return refuse('an object with symbols for keys');
  if (rules.exact && prototype === null) return refuse('an object without a prototype: copy it, { ...value }');
  let last = '';
  for (const key of Object.keys(record)) {
    if (rules.isSorted === true) {
      if (key < last) rules.isSorted = false;
      last = key;
    }
    if (rules.exact) {
      if (key === '__proto__') return under(refuse('a property of this name cannot be carried safely'), keyStep(key));
      if (Object.getOwnPropertyDescriptor(record, key)?.get !== undefined) return under(refuse('a getter'), keyStep(key));
    }
    if (rules.wellFormed && !key.isWellFormed()) return under(refuse('a lone surrogate in a property name'), keyStep(key));
    if (rules.hasBom === false && beginsWithBom(key)) rules.hasBom = true;
    const property = record[key];
    if (property === undefined && rules.undefinedIsAbsent) {
      rules.leavesOut = true;
      continue;
    }
    rules.least += key.length + NAME_CHARACTERS;
    if (rules.least > rules.leastMax) return refuse(TOO_LARGE);
    const found = walk(property, rules, depth + 1);
    if (found !== null) return under(found, keyStep(key));
  }
  return null;
}

/** From Node 22 on: an object whose text is put into JSON as it is. */
const { isRawJSON } = JSON as { readonly isRawJSON?: (value: unknown) => boolean };

/** `Map`, `Headers`, `Invoice`: what a refused object is called. */
export function nameOf(value: object): string {
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? nameFor(name) : 'an object';
}

/** What a refused primitive is called. */
export function nameOfPrimitive(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}
