/**
 * The guard over plain data: finds the first thing in a value that would not survive, and says where it is. Keys and crossings ask
 * it with different rules; both refuse rather than change a value silently.
 */

import { beginsWithBom } from './text.js';

/** The first thing that was refused: its path (`$.messages[2].at`) and why. */
export interface Refusal {
  readonly path: string;
  readonly reason: string;
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
  /** Set to `false` where an object's properties do not come in the order of their names, by code units. Not there: nobody wants to know. */
  isSorted?: boolean;
  /** Set where a property that is `undefined` was taken for none. */
  leavesOut?: boolean;
  /** Set where a text begins with a byte order mark. Not there: nobody wants to know. */
  hasBom?: boolean;
  /** Set where a text has a lone surrogate. Not there: such a text is refused. */
  hasLoneSurrogate?: boolean;
  /** What it would be as JSON, about, is added to this. */
  characters: number;
}

/** A number that is no whole one: seventeen digits, which take JSON ten times as long as as many letters. */
const FRACTION_CHARACTERS = 100;
const INTEGER_CHARACTERS = 10;
/** Quotes, colon and comma. */
const NAME_CHARACTERS = 4;
/** `true`, `false`, `null`, and what stands around an object. */
const WORD_CHARACTERS = 5;

/** Deeper values are refused: that is also how a cycle ends. */
const DEPTH_MAX = 200;

/** Is `value` an object as a literal or `JSON.parse` makes it, in whichever realm (Jest runs tests in a realm of their own)? */
export const isPlainObject = (value: object): boolean => isOfPlain(prototypeOf(value));

/** Asked for once of an object: where objects have many shapes V8 asks its runtime, 30 ns each time. */
const prototypeOf = (value: object): object | null => Object.getPrototypeOf(value) as object | null;
const isOfPlain = (prototype: object | null): boolean =>
  prototype === Object.prototype || prototype === null || (prototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'));

/** Walks `value`; `null` when everything in it is allowed. */
export function refusalOf(value: unknown, rules: PlainRules): Refusal | null {
  const found = walk(value, rules, 0);
  return found === null ? null : { path: `$${found.steps.reverse().join('')}`, reason: found.reason };
}

interface Found {
  readonly steps: string[];
  readonly reason: string;
}
const refuse = (reason: string): Found => ({ steps: [], reason });
const under = (found: Found, step: string): Found => {
  found.steps.push(step);
  return found;
};
const keyStep = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

function walk(value: unknown, rules: PlainRules, depth: number): Found | null {
  switch (typeof value) {
    case 'string':
      rules.characters += value.length;
      if (rules.hasBom === false && beginsWithBom(value)) rules.hasBom = true;
      if (!rules.wellFormed || value.isWellFormed()) return null;
      if (rules.hasLoneSurrogate === undefined) return refuse('a lone surrogate would become U+FFFD');
      rules.hasLoneSurrogate = true;
      return null;
    case 'boolean':
      rules.characters += WORD_CHARACTERS;
      return null;
    case 'number':
      rules.characters += Number.isInteger(value) ? INTEGER_CHARACTERS : FRACTION_CHARACTERS;
      if (Number.isFinite(value) && (value !== 0 || 1 / value > 0)) return null;
      break;
    case 'object':
      rules.characters += WORD_CHARACTERS;
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
  // Holes and named properties at once: a dense array has as many own keys as elements.
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
  if (prototype === null && isRawJSON?.(value) === true) return refuse('raw JSON: it would be taken for what it says');
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
    rules.characters += key.length + NAME_CHARACTERS;
    const property = record[key];
    if (property === undefined && rules.undefinedIsAbsent) {
      rules.leavesOut = true;
      continue;
    }
    const found = walk(property, rules, depth + 1);
    if (found !== null) return under(found, keyStep(key));
  }
  return null;
}

/** From Node 22 on: a text that stands in JSON as it is. */
const { isRawJSON } = JSON as { readonly isRawJSON?: (value: unknown) => boolean };

/** `Map`, `Headers`, `Invoice`: what a refused object is called. */
export function nameOf(value: object): string {
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'an object';
}

/** What a refused primitive is called. */
export function nameOfPrimitive(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}
