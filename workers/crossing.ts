/**
 * What may cross between threads: plain data, typed arrays, dates, bigints of 64 bits. A value arrives equal, or is refused here with its path
 * before anything is packed.
 */
import * as types from 'node:util/types';
import { keepShape } from './lasting-shape.js';
import { LEAST_MAX, nameOf, refusalOf, type PlainRules, type Refusal } from './plain.js';

const INT64 = 2n ** 63n;
const TypedArray = Object.getPrototypeOf(Uint8Array) as new () => NodeJS.TypedArray;

const CROSSING_RULES: Pick<PlainRules, 'primitive' | 'special'> = {
  primitive(value) {
    switch (typeof value) {
      case 'undefined':
      case 'number': // NaN, the infinities and -0: all arrive as they are
        return null;
      case 'bigint':
        return value >= -INT64 && value < 2n * INT64 ? null : 'a bigint of more than 64 bits';
      default:
        return `a ${typeof value} cannot cross between threads`;
    }
  },
  special(value) {
    if (types.isTypedArray(value)) {
      if (isSubclassed(value)) return `${nameOf(value)}, a subclass of a typed array`;
      if (hasOwnProperties(value)) return 'a typed array with properties of its own';
      return value.buffer instanceof SharedArrayBuffer ? 'a view on shared memory' : null;
    }
    if (types.isDate(value)) {
      if (Number.isNaN(value.getTime())) return 'an invalid Date';
      return isDirect(value) && Reflect.ownKeys(value).length === 0 ? null : 'a Date with properties of its own, or of a class of its own';
    }
    return `${nameOf(value)} cannot cross between threads: send plain data`;
  },
};

/** Is it an instance of a subclass? That would arrive as its base class. */
function isSubclassed(value: object): boolean {
  if (Buffer.isBuffer(value)) return Object.getPrototypeOf(value) !== Buffer.prototype;
  return Object.prototype.toString.call(value) !== `[object ${nameOf(value)}]` || Object.hasOwn(value, 'constructor');
}

/** In typed arrays with more elements, extra properties are not looked for, since all indexes would be listed. They do not cross. */
const LISTED_MAX = 1_024;

function hasOwnProperties(view: NodeJS.TypedArray): boolean {
  return Object.getOwnPropertySymbols(view).length > 0 || (view.length <= LISTED_MAX && Object.keys(view).length !== view.length);
}

/** Is it a direct instance, of any realm? Then its prototype's prototype is that realm's Object.prototype. */
function isDirect(value: object): boolean {
  const base = Object.getPrototypeOf(Object.getPrototypeOf(value) as object) as object | null;
  return base !== null && Object.getPrototypeOf(base) === null;
}

/** What packing must know of a value. */
export interface Crossing {
  /** Why it cannot cross; `null` when it can. */
  readonly refusal: Refusal | null;
  /** Packing would change it (-0; dates and bytes of another realm; a byte order mark; half of an emoji, where a stream was cut): it is cloned, see `packBody`. */
  readonly needsClone: boolean;
  /** JSON preserves it, */
  readonly isJson: boolean;
  /** and takes about so many characters. */
  readonly characters: number;
}

/** The rules for one walk, which also collects what packing must know. One object per walk, since a Proxy may start another one. */
class Look implements PlainRules {
  readonly undefinedIsAbsent = false;
  readonly wellFormed = true;
  readonly exact = true;
  needsClone = false;
  hasBom = false;
  hasLoneSurrogate = false;
  isJson = true;
  least = 0;
  rest = 0;
  readonly leastMax: number;

  constructor(leastMax: number) {
    this.leastMax = leastMax;
  }

  primitive(value: unknown): string | null {
    this.isJson = false;
    if (Object.is(value, -0)) this.needsClone = true;
    return CROSSING_RULES.primitive(value);
  }
  special(value: object): string | null {
    this.isJson = false;
    if (!(value instanceof Date || value instanceof TypedArray)) this.needsClone = true;
    if (types.isTypedArray(value)) this.least += value.byteLength;
    return CROSSING_RULES.special(value);
  }
}

/**
 * Checks a whole value before it is packed. A value that is bytes crosses unparsed, whatever is in it.
 * @param bytesMax a value that is certain to take more is refused
 */
export function inspectCrossing(value: unknown, bytesMax = LEAST_MAX): Crossing {
  // Packed, a name takes two bytes less than as JSON, and no part less than half.
  const look = new Look(2 * bytesMax);
  const refusal = refusalOf(value, look);
  const { needsClone, hasBom, hasLoneSurrogate, isJson, least, rest } = look;
  return { refusal, needsClone: needsClone || hasBom || hasLoneSurrogate, isJson, characters: least + rest };
}

keepShape(() => new Look(0));
