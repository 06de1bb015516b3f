// For plain JSON the default key says the same as RFC 8785: an independent implementation of it (`canonicalize`) is the oracle. Half of
// what is drawn has few names and few values, else equal pairs would never come up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { canonicalKey, newMemo } from '../../workers/canonical.js';

const withoutMinusZero = (value: unknown): unknown => {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutMinusZero(part)]));
};

/** Any JSON at all. */
const anyJson = fc.jsonValue({ maxDepth: 4 }).map(withoutMinusZero);
/** JSON, and its text, of so few names and values that two of them are often equal or nearly so. */
const nearJson = fc.letrec<{ value: unknown; object: unknown; list: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.constantFrom<unknown>(0, 1, '0', '1', '', null, 'null', true, 'true', '{}', '[]', '=1', '"1"', '{"a":1}', '[1]', 'a', 1.5, -1),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '', '0', '1', 'é', '__proto__', 'a":1,"b'), tie('value'), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  list: fc.array(tie('value'), { maxLength: 3 }),
  value: fc.oneof({ maxDepth: 3, depthSize: 'small' }, tie('leaf'), tie('object'), tie('list')),
})).value;

/** The same value, its properties in another order at every depth. */
function reordered(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((part) => reordered(part, seed));
  if (typeof value !== 'object' || value === null) return value;
  const places = Object.entries(value).map(([name, part], index) => ({
    name,
    part: reordered(part, seed + 1),
    place: ((index + 1) * seed) % 101,
  }));
  const copy = {};
  for (const { name, part } of places.toSorted((one, other) => one.place - other.place))
    Object.defineProperty(copy, name, { value: part, enumerable: true, configurable: true, writable: true });
  return copy;
}

function agree(one: unknown, other: unknown): void {
  const told = `${JSON.stringify(one)} / ${JSON.stringify(other)}`;
  assert.equal(canonicalKey(one) === canonicalKey(other), canonicalize(one) === canonicalize(other), told);
}

test('two values have equal keys exactly when their canonical JSON is equal', () => {
  fc.assert(fc.property(nearJson, nearJson, agree), { numRuns: 20_000 });
  fc.assert(fc.property(anyJson, anyJson, agree), { numRuns: 2_000 });
});

test('a value and its JSON text, or the canonical JSON of it, never have equal keys', () => {
  const neverEqual = (value: unknown): void => {
    for (const text of [JSON.stringify(value), canonicalize(value) as string])
      if (text !== value) assert.notEqual(canonicalKey(text), canonicalKey(value), text);
  };
  fc.assert(fc.property(nearJson, neverEqual), { numRuns: 5_000 });
  fc.assert(fc.property(anyJson, neverEqual), { numRuns: 2_000 });
});

test('a value and what JSON makes of its text have equal keys, in whatever order it is written', () => {
  const alwaysEqual = (value: unknown, seed: number): void => {
    assert.equal(canonicalKey(JSON.parse(JSON.stringify(value))), canonicalKey(value));
    assert.equal(canonicalKey(reordered(value, seed)), canonicalKey(value));
  };
  fc.assert(fc.property(nearJson, fc.integer({ min: 1, max: 100 }), alwaysEqual), { numRuns: 5_000 });
  fc.assert(fc.property(anyJson, fc.integer({ min: 1, max: 100 }), alwaysEqual), { numRuns: 2_000 });
});

test('two strings have equal keys only when they are equal, lone surrogates and all', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '=', '{', '[', '\\', '\ud800', '\udc00', '\ufffd', 'a', '1') }),
  );
  fc.assert(
    fc.property(text, text, (one, other) => assert.equal(canonicalKey(one) === canonicalKey(other), one === other)),
    { numRuns: 20_000 },
  );
});

test('among tens of millions of drawn pairs there is no wrong merge and no missed one', () => {
  const drawn = [...fc.sample(nearJson, { numRuns: 20_000, seed: 1 }), ...fc.sample(anyJson, { numRuns: 5_000, seed: 2 })];
  const canonicalOf = new Map<string, string>();
  const keyOf = new Map<string, string>();
  for (const value of drawn) {
    const key = canonicalKey(value);
    const canonical = canonicalize(value) as string;
    assert.equal(canonicalOf.get(key) ?? canonical, canonical, 'a wrong merge');
    assert.equal(keyOf.get(canonical) ?? key, key, 'a missed merge');
    canonicalOf.set(key, canonical);
    keyOf.set(canonical, key);
  }
  assert.ok((drawn.length * (drawn.length - 1)) / 2 > 1e7);
  assert.ok(canonicalOf.size > 1_000 && canonicalOf.size < drawn.length / 2, `${canonicalOf.size} different ones: the draw says little`);
});

test('what is remembered of earlier payloads changes no key, however often they come, and in whatever order', () => {
  const memo = newMemo();
  const check = (value: unknown, seed: number): void => {
    for (const same of [value, reordered(value, seed), value]) assert.equal(canonicalKey(same, memo), canonicalKey(same));
  };
  fc.assert(fc.property(nearJson, fc.integer({ min: 1, max: 100 }), check), { numRuns: 5_000 });
  fc.assert(fc.property(anyJson, fc.integer({ min: 1, max: 100 }), check), { numRuns: 2_000 });
  // Enough for several generations, strangers in between, and old ones again.
  const large = Array.from({ length: 400 }, (_, index) => ({ text: 'x'.repeat(20_000), index }));
  for (const payload of [...large, ...large.toReversed(), ...large.slice(0, 40), ...large.slice(0, 40)])
    assert.equal(canonicalKey(payload, memo), canonicalKey(payload));
});

test('a payload that says something else at each look is remembered as nobody else', () => {
  const memo = newMemo();
  let looks = 0;
  const changing = { name: 'x', get id() { return looks++; } }; // biome-ignore format: one line
  // In this order its form is made by the library, and remembered.
  for (let times = 0; times < 5; times++) canonicalKey(changing, memo);
  assert.ok(looks > 5);
  for (let id = 0; id < looks + 5; id++) assert.equal(canonicalKey({ name: 'x', id }, memo), `{"id":${id},"name":"x"}`);
});

test('where nothing comes again payloads are written once each, also those that are too long to be remembered', () => {
  for (const length of [10, 40_000]) {
    const memo = newMemo();
    let looks = 0;
    const stranger = (index: number): unknown => ({ text: 'x'.repeat(length), get index() { looks++; return index; } }); // biome-ignore format: one line
    const looksOf = (index: number): number => {
      const before = looks;
      canonicalKey(stranger(index), memo);
      return looks - before;
    };
    const first = looksOf(0);
    for (let index = 1; index < 32; index++) looksOf(index);
    // The guard's, and one to write it.
    assert.equal(looksOf(32), 2, `${length}`);
    assert.ok(first >= 2);
  }
});
