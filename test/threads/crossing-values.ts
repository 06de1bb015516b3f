// Values for the tests of what crosses: such as must arrive as they were, and such as must be refused.
import * as fc from 'fast-check';

const INT64 = 2n ** 63n;

const typedArrays: fc.Arbitrary<unknown> = fc.oneof(
  fc.int8Array(), fc.uint8Array(), fc.uint8ClampedArray(), fc.int16Array(), fc.uint16Array(), fc.int32Array(), fc.uint32Array(),
  fc.float32Array(), fc.float64Array(), fc.bigInt64Array(), fc.bigUint64Array(), fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  // A window on a larger memory, which must stay behind.
  fc.uint8Array({ minLength: 8 }).map((bytes) => bytes.subarray(2, 6)),
); // biome-ignore format: a table

const leaves: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, undefined, true, false, NaN, Infinity, -Infinity, 0, -0, 2 ** 53, -(2 ** 31), 2 ** 32, 5e-324, ''),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -INT64, max: 2n * INT64 - 1n }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  // Halves of an emoji, as a stream may be cut.
  fc.string({ unit: fc.constantFrom('a', 'ü', '\ud83d', '\ude00', '\ufeff', '"') }),
  fc.date({ noInvalidDate: true }),
  typedArrays,
);
const names = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('constructor', 'toString', '0', '10', 'length', 'then', '')).filter((name) => name !== '__proto__'); // biome-ignore format: one line

/** Data that crosses. */
export const crossing: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaves,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(names, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value;

class Invoice {
  readonly total = 1;
}
class Ids extends Array<number> {}
class Bytes extends Uint8Array {}
const circle: { self?: unknown } = {};
circle.self = circle;
const sparse: unknown[] = [1];
sparse[2] = 3;

/** What must not cross as if it were something else, each made anew. */
export const REFUSED: Readonly<Record<string, () => unknown>> = {
  'a Map': () => new Map([['a', 1]]),
  'a Set': () => new Set([1]),
  'a class instance': () => new Invoice(),
  'a subclass of Array': () => Ids.from([1]),
  'a subclass of Uint8Array': () => new Bytes(2),
  'an array with holes': () => sparse,
  'an array with named properties': () => Object.assign([1], { note: 'x' }),
  'an Error': () => new TypeError('x'),
  'a RegExp': () => /x/g,
  'a URL': () => new URL('https://example.com'),
  Headers: () => new Headers(),
  'an ArrayBuffer': () => new ArrayBuffer(8),
  'a DataView': () => new DataView(new ArrayBuffer(8)),
  'a view on shared memory': () => new Uint8Array(new SharedArrayBuffer(8)),
  'an invalid Date': () => new Date(NaN),
  'a boxed string': () => Object('text') as unknown,
  'a promise': () => Promise.resolve(1),
  'a function': () => () => 1,
  'a symbol': () => Symbol('x'),
  'a bigint above 64 bits': () => 2n ** 64n,
  'a bigint below 64 bits': () => -(2n ** 63n) - 1n,
  'a lone surrogate in a name': () => ({ '\udfff': 1 }),
  'a property called __proto__': () => JSON.parse('{"__proto__": {"admin": true}}') as unknown,
  'a getter': () => Object.defineProperty({}, 'secret', { enumerable: true, get: () => 1 }),
  'a symbol for a key': () => ({ [Symbol('x')]: 1 }),
  'an object with toJSON': () => ({ toJSON: () => 'other' }),
  'an object without a prototype': () => Object.create(null) as unknown,
  'an object with another prototype': () => Object.create({ inherited: 1 }) as unknown,
  'a WeakMap': () => new WeakMap(),
  'a cycle': () => circle,
  'something too deep': () => Array.from({ length: 300 }).reduce<unknown>((inner) => [inner], 1),
};

/** Data with something in it, perhaps, that does not cross. */
export const hostile: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { arbitrary: leaves, weight: 8 },
    { arbitrary: fc.constantFrom(...Object.values(REFUSED)).map((make) => make()), weight: 1 },
    { arbitrary: fc.string({ unit: 'binary' }), weight: 1 },
    { arbitrary: fc.bigInt(), weight: 1 },
    { arbitrary: fc.date(), weight: 1 },
    { arbitrary: fc.array(tie('value'), { maxLength: 6 }), weight: 4 },
    { arbitrary: fc.sparseArray(tie('value'), { maxLength: 6 }), weight: 1 },
    { arbitrary: fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 6 }), weight: 4 },
    { arbitrary: fc.anything({ withMap: true, withSet: true, withBigInt: true, withTypedArray: true, withSparseArray: true, withBoxedValues: true }), weight: 1 }, // biome-ignore format: one line
  ),
})).value;
