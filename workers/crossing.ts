/**
 * What may cross between threads: plain data, typed arrays, dates, bigints of 64 bits. It arrives equal, or is refused here with its path
 * before anything is packed.
 */
import { types } from 'node:util';
import { nameOf, refusalOf, type PlainRules, type Refusal } from './plain.js';

const INT64 = 2n ** 63n;

const CROSSING_RULES: PlainRules = {
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
      return value.buffer instanceof SharedArrayBuffer ? 'a view on shared memory' : null;
    }
    if (types.isDate(value))
      return Number.isNaN(value.getTime()) ? 'an invalid Date' : Object.keys(value).length > 0 ? 'a Date with properties of its own' : null;
    return `${nameOf(value)} cannot cross between threads: send plain data`;
  },
  undefinedIsAbsent: false,
  wellFormed: true,
  exact: true,
};

/** A typed array or a Buffer as such; a subclass would arrive as its base. */
function isSubclassed(value: object): boolean {
  if (Buffer.isBuffer(value)) return Object.getPrototypeOf(value) !== Buffer.prototype;
  return Object.prototype.toString.call(value) !== `[object ${nameOf(value)}]` || Object.hasOwn(value, 'constructor');
}

/** What packing must know of a value. */
export interface Crossing {
  /** Why it cannot cross; `null` when it can. */
  readonly refusal: Refusal | null;
  /** MessagePack packs -0 as 0: a value that holds one takes the slower way (see `packBody`). */
  readonly negativeZero: boolean;
}

/** Looks at a whole value before it is packed. Bytes as a whole cross unparsed, whatever is in them. */
export function inspectCrossing(value: unknown): Crossing {
  let negativeZero = false;
  const refusal = refusalOf(value, {
    ...CROSSING_RULES,
    primitive(primitive) {
      if (Object.is(primitive, -0)) negativeZero = true;
      return CROSSING_RULES.primitive(primitive);
    },
  });
  return { refusal, negativeZero };
}
