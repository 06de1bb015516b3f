// The default key tells apart what is unequal and joins what is equal. Every group of `lookAlikes` is tried pair by pair through
// `identify`, and all at once through `request`, where what counts is how often the target is called and whose answer comes back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { createCoalescer, isCoalescerError, type Coalescer } from '../../src/index.js';
import { equals } from './equals.js';
import { lookAlikes } from './look-alikes.js';

/** Answers with the very payload it was called with. */
function echo(): { readonly coalescer: Coalescer<unknown, unknown>; readonly called: unknown[] } {
  const called: unknown[] = [];
  const target = async (payload: unknown): Promise<readonly unknown[]> => {
    called.push(payload);
    return [payload];
  };
  return { coalescer: createCoalescer({ scope: 'public', share: 'same', targets: { target } }), called };
}

const { coalescer: asked } = echo();

/** `null`: refused. */
function keyOf(payload: unknown): string | null {
  try {
    return asked.identify(payload).key;
  } catch (error) {
    assert.ok(isCoalescerError(error, 'COALESCER_NOT_KEYABLE'), `${String(error)} instead of COALESCER_NOT_KEYABLE`);
    return null;
  }
}

const pairsOf = (values: readonly unknown[]): (readonly [unknown, unknown])[] =>
  values.flatMap((value, index) => values.slice(index + 1).map((other) => [value, other] as const));
const told = (value: unknown): string => {
  const text =
    typeof value === 'object' && value !== null ? `${Object.prototype.toString.call(value)} ${Object.keys(value).join()}` : String(value);
  return text.length > 60 ? `${text.slice(0, 30)}…${text.slice(-20)}` : text;
};
const sum = (groups: Readonly<Record<string, readonly unknown[]>>): number =>
  Object.values(groups).reduce((pairs, values) => pairs + pairsOf(values).length, 0);

test('there are at least 200 pairs that must not merge and 50 that must', () => {
  assert.ok(sum(lookAlikes) >= 200);
  assert.ok(sum(equals) >= 50);
  const keyed = Object.values(lookAlikes).map((values) => values.filter((value) => keyOf(value) !== null));
  for (const [one, other] of keyed.flatMap(pairsOf)) assert.ok(!isDeepStrictEqual(one, other), `${told(one)} is ${told(other)}`);
});

for (const [name, values] of Object.entries(lookAlikes)) {
  test(`what looks like ${name} and is not the same has a key of its own or is refused`, () => {
    const keys = new Map<string, unknown>();
    for (const value of values) {
      const key = keyOf(value);
      if (key === null) continue;
      assert.ok(!keys.has(key), `${told(value)} and ${told(keys.get(key))} have the same key ${told(key)}`);
      keys.set(key, value);
    }
    assert.ok(keys.size >= 3, 'the group tells nothing if all of it is refused');
  });

  test(`of requests for what looks like ${name}, each that is keyed calls the target and gets its own answer`, async () => {
    const { coalescer, called } = echo();
    const settled = await Promise.allSettled(values.map((value) => coalescer.request(value)));
    const keyed = values.filter((value) => keyOf(value) !== null);
    assert.equal(called.length, keyed.length);
    for (const [index, result] of settled.entries()) {
      const value = values[index];
      if (result.status === 'fulfilled')
        assert.ok(
          Object.is((result.value as unknown[])[0], value),
          `${told(value)} got the answer for ${told((result.value as unknown[])[0])}`,
        );
      else assert.ok(isCoalescerError(result.reason, 'COALESCER_NOT_KEYABLE') && keyOf(value) === null, String(result.reason));
    }
    assert.equal(coalescer.stats().joined, 0);
  });
}

for (const [name, values] of Object.entries(equals)) {
  test(`requests that differ only in ${name} share one call`, async () => {
    const keys = new Set(values.map((value) => asked.identify(value).key));
    const { coalescer, called } = echo();
    const answers = await Promise.all(values.map((value) => coalescer.request(value)));
    assert.equal(called.length, 1);
    assert.equal(keys.size, 1, [...keys].join(' / '));
    assert.ok(!keys.has(null));
    assert.equal(new Set(answers).size, 1);
    assert.equal(coalescer.stats().joined, values.length - 1);
  });
}

test('identify leaves a payload as it is and starts nothing', () => {
  const { coalescer, called } = echo();
  const payload = Object.freeze({ b: Object.freeze([1, Object.freeze({ d: undefined, c: 1 })]), a: undefined });
  assert.equal(coalescer.identify(payload).key, '{"b":[1,{"c":1}]}');
  assert.deepEqual(Object.keys(payload), ['b', 'a']);
  assert.equal(called.length + coalescer.stats().requests + coalescer.stats().airborne, 0);
});
