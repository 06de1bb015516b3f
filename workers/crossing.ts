/**
 * What may cross between threads: plain data, typed arrays, dates, bigints of 64 bits. It arrives equal, or is refused here with its path
 * before anything is packed.
 */
import * as types from 'node:util/types';
import { keepShape } from './lasting-shape.js';
import { nameOf, refusalOf, type PlainRules, type Refusal } from './plain.js';

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

/** A typed array or a Buffer as such; a subclass would arrive as its base. */
function isSubclassed(value: object): boolean {
  if (Buffer.isBuffer(value)) return Object.getPrototypeOf(value) !== Buffer.prototype;
  return Object.prototype.toString.call(value) !== `[object ${nameOf(value)}]` || Object.hasOwn(value, 'constructor');
}

/** Above this many elements, properties of a typed array's own are not looked for: its indices would all be listed. They stay behind. */
const LISTED_MAX = 1_024;

function hasOwnProperties(view: NodeJS.TypedArray): boolean {
  return Object.getOwnPropertySymbols(view).length > 0 || (view.length <= LISTED_MAX && Object.keys(view).length !== view.length);
}

/** Made by its class itself, in whichever realm: the prototype's prototype is that realm's Object.prototype. */
function isDirect(value: object): boolean {
  const base = Object.getPrototypeOf(Object.getPrototypeOf(value) as object) as object | null;
  return base !== null && Object.getPrototypeOf(base) === null;
}

/** What packing must know of a value. */
export interface Crossing {
  /** Why it cannot cross; `null` when it can. */
  readonly refusal: Refusal | null;
  /** Packing would change it (-0; dates and bytes of another realm; a byte order mark; half of an emoji, where a stream was cut in it): it takes the slower way, see `packBody`. */
  readonly needsClone: boolean;
  /** JSON tells all of it, */
  readonly isJson: boolean;
  /** in about so many characters. */
  readonly characters: number;
}

/** The rules for one look: they notice what packing must know. One object a look, since a Proxy that is looked at may begin another. */
class Look implements PlainRules {
  readonly undefinedIsAbsent = false;
  readonly wellFormed = true;
  readonly exact = true;
  needsClone = false;
  hasBom = false;
  hasLoneSurrogate = false;
  isJson = true;
  characters = 0;

  primitive(value: unknown): string | null {
    this.isJson = false;
    if (Object.is(value, -0)) this.needsClone = true;
    return CROSSING_RULES.primitive(value);
  }
  special(value: object): string | null {
    this.isJson = false;
    if (!(value instanceof Date || value instanceof TypedArray)) this.needsClone = true;
    return CROSSING_RULES.special(value);
  }
}

/** Looks at a whole value before it is packed. Bytes as a whole cross unparsed, whatever is in them. */
export function inspectCrossing(value: unknown): Crossing {
  const look = new Look();
  const refusal = refusalOf(value, look);
  const { needsClone, hasBom, hasLoneSurrogate, isJson, characters } = look;
  return { refusal, needsClone: needsClone || hasBom || hasLoneSurrogate, isJson, characters };
}

keepShape(() => new Look());
