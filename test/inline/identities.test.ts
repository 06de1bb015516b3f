// Which requests are equal: the default key, own keys, and that nothing JSON would collapse makes two of them one. Guarantee 1, LESSONS 13.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { assert as check, jsonValue, property } from 'fast-check';
import { createCoalescer, type CoalescerError } from '../../src/index.js';
import { virtualEnvironment } from '../../src/testing.js';
import { hang, openStage, watch } from './stage.js';

const anything = (): { keyOf: (payload: unknown) => string | null; calls: unknown[]; request: (payload: unknown) => Promise<unknown> } => {
  const calls: unknown[] = [];
  const coalescer = createCoalescer({
    scope: 'public',
    environment: virtualEnvironment(),
    targets: { only: (payload: unknown): Promise<unknown> => (calls.push(payload), hang()) },
  });
  return { calls, keyOf: (payload) => coalescer.identify(payload).key, request: (payload) => coalescer.request(payload) };
};

test('the order of properties makes no difference, at any depth, and neither does undefined in one', () => {
  const { keyOf, request, calls } = anything();
  watch(request({ a: 1, b: { c: [1, { d: 2, e: 3 }], f: null } }));
  watch(request({ b: { f: null, c: [1, { e: 3, d: 2 }] }, a: 1 }));
  assert.equal(calls.length, 1);
  assert.equal(keyOf({ a: undefined }), keyOf({}));
  assert.equal(keyOf(Object.assign(Object.create(null), { a: 1 })), keyOf({ a: 1 }));
});

test('values of different kinds never make one key', () => {
  const { keyOf } = anything();
  const values: unknown[] = [
    undefined,
    1,
    '1',
    '"1"',
    [1],
    ['1'],
    [[1]],
    { 0: 1 },
    {},
    [],
    '',
    '{}',
    '[]',
    null,
    'null',
    true,
    'true',
    'undefined',
    [null],
    { a: null },
  ];
  values.push(
    '=1',
    '=null',
    '=true',
    '"',
    '"{}"',
    { '': '' },
    ' ',
    '\0',
    1e21,
    '1e21',
    1e-7,
    'a,b',
    ['a,b'],
    ['a', 'b'],
    '=',
    '==1',
    '=undefined',
  );
  const keys = values.map(keyOf);
  assert.equal(new Set(keys).size, values.length);
});

test('two plain values have equal keys when they are equal, and only then', () => {
  const { keyOf } = anything();
  const plain = jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify([value]).includes('-0'));
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, part]) => [name, shuffled(part)]),
    ); // prettier
  };
  check(
    property(plain, plain, (one, other) => {
      const hasMinusZero = [one, other].some((value) => holds(value, (part) => Object.is(part, -0)));
      if (hasMinusZero) return;
      assert.equal(keyOf(shuffled(one)), keyOf(one));
      assert.equal(keyOf(one) === keyOf(other), isDeepEqual(one, other));
    }),
    { numRuns: 2_000, seed: 7 },
  );
});

function holds(value: unknown, fits: (part: unknown) => boolean): boolean {
  return fits(value) || (typeof value === 'object' && value !== null && Object.values(value).some((part) => holds(part, fits)));
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  try {
    assert.deepStrictEqual(one, other);
    return true;
  } catch {
    // Not equal is an answer here, no failure.
    return false;
  }
}

class Point {
  x = 1;
}
const cycle: { self?: unknown } = {};
cycle.self = cycle;
const refusals: readonly [what: string, payload: unknown, path: string][] = [
  ['a Map', { a: new Map([[1, 2]]) }, '$.a'],
  ['a Set', { a: [new Set()] }, '$.a[0]'],
  ['Headers', { a: new Headers() }, '$.a'],
  ['URLSearchParams', { a: new URLSearchParams('b=1') }, '$.a'],
  ['a Date', { a: new Date(0) }, '$.a'],
  ['a bigint', { a: 1n }, '$.a'],
  ['-0', { a: -0 }, '$.a'],
  ['NaN', { a: Number.NaN }, '$.a'],
  ['Infinity', { a: Number.POSITIVE_INFINITY }, '$.a'],
  ['undefined in a list', { a: [1, undefined] }, '$.a[1]'],
  ['a hole in a list', { a: [, 1] }, '$.a'], // eslint-disable-line no-sparse-arrays -- The hole is what is tested.
  ['a class instance', { a: new Point() }, '$.a'],
  ['a boxed string', { a: Object('text') }, '$.a'],
  ['a function', { a: () => 1 }, '$.a'],
  ['a symbol', { a: Symbol('s') }, '$.a'],
  ['a property named by a symbol', { a: { [Symbol('s')]: 1 } }, '$.a'],
  ['an Error', { a: new Error('e') }, '$.a'],
  ['a RegExp', { a: /x/ }, '$.a'],
  ['a Buffer', { a: Buffer.from('x') }, '$.a'],
  ['a typed array', { a: new Uint8Array(2) }, '$.a'],
  ['an ArrayBuffer', { a: new ArrayBuffer(2) }, '$.a'],
  ['an object with toJSON', { a: { toJSON: () => 'same' } }, '$.a'],
  ['a list with more than its elements', { a: Object.assign([1], { extra: 2 }) }, '$.a'],
  ['a promise', { a: Promise.resolve(1) }, '$.a'],
  ['a cycle', cycle, '$.self'],
];

for (const [what, payload, path] of refusals) {
  test(`the default key refuses ${what}, with its path`, async () => {
    const { request, keyOf, calls } = anything();
    const error = (await request(payload).catch((reason: unknown) => reason)) as CoalescerError;
    assert.equal(calls.length, 0);
    assert.equal(error.code, 'COALESCER_NOT_KEYABLE');
    assert.ok(error.path?.startsWith(path), `path ${error.path}`);
    assert.ok(error.message.includes(path), error.message);
    assert.throws(() => keyOf(payload), { code: 'COALESCER_NOT_KEYABLE' });
  });
}

test('an own property named __proto__ is part of the key, and pollutes nothing', () => {
  const { keyOf } = anything();
  const hostile: unknown = JSON.parse('{"__proto__":{"polluted":1}}');
  try {
    assert.notEqual(keyOf(hostile), keyOf({}));
  } catch (error) {
    assert.equal((error as CoalescerError).code, 'COALESCER_NOT_KEYABLE');
  }
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('a payload nested deeper than any stack is refused, not a crash', async () => {
  const { request, calls } = anything();
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  await assert.rejects(request(deep), { code: 'COALESCER_NOT_KEYABLE' });
  assert.equal(calls.length, 0);
});

test('own keys say what is equal, also where they look like names that objects have', () => {
  const { coalescer, primary } = openStage({ key: (payload) => payload.split('!')[0] ?? '' });
  const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '0', 'null', 'undefined'];
  for (const key of keys) for (const rest of ['x', 'y']) watch(coalescer.request(`${key}!${rest}`));
  assert.equal(primary.calls.length, keys.length);
  for (const key of keys) assert.equal(coalescer.waiters({ scope: null, key }), 2, key);
});

test('a key given with the request takes the place of the coalescer’s', () => {
  const { coalescer, primary } = openStage();
  watch(coalescer.request('one', { key: 'same' }));
  watch(coalescer.request('other', { key: 'same' }));
  watch(coalescer.request('same'));
  assert.equal(primary.calls.length, 1);
  assert.deepEqual(coalescer.identify('one', { key: 'same' }), { scope: null, key: 'same' });
});

test('a key that is neither text nor null is refused: nobody becomes the key "undefined"', async () => {
  for (const key of [undefined, 7, {}, true, Symbol('s'), ['a'], Object('a'), { length: 1 }]) {
    const { coalescer, primary } = openStage({ key: () => key as never });
    await assert.rejects(coalescer.request('a'), { code: 'COALESCER_NOT_KEYABLE' });
    await assert.rejects(coalescer.request('a', { key: key === undefined ? (7 as never) : (key as never) }), {
      code: 'COALESCER_NOT_KEYABLE',
    });
    assert.equal(primary.calls.length, 0);
    assert.equal(coalescer.stats().airborne, 0);
  }
});

test('a key function that throws fails its request with what it threw', async () => {
  const thrown = new Error('no key today');
  const { coalescer, primary } = openStage({
    key: () => {
      throw thrown;
    },
  });
  await assert.rejects(coalescer.request('a'), thrown);
  assert.equal(primary.calls.length, 0);
});

test('long keys are compared in full: no short key, and no other long one, can stand for one', () => {
  const { coalescer, primary } = openStage();
  const long = 'x'.repeat(20_000);
  const digest = createHash('sha256').update(long);
  const shorts = [
    ...(['hex', 'base64', 'base64url'] as const).map((encoding) => digest.copy().digest(encoding)),
    digest.digest().toString('latin1'),
  ];
  const prefixed = ['sha256:', 'sha256-', '\0', '#', 'digest:'].flatMap((prefix) => shorts.map((short) => `${prefix}${short}`));
  const keys = [long, `${long}y`, `y${long}`, long.slice(1), ...shorts, ...prefixed];
  for (const key of keys) for (let twice = 0; twice < 2; twice++) watch(coalescer.request(key));
  assert.equal(primary.calls.length, keys.length);
  for (const key of keys) assert.equal(coalescer.waiters({ payload: key }), 2);
  assert.equal(coalescer.cancel({ payload: `sha256:${shorts[2]}` }), 1);
  assert.equal(coalescer.waiters({ payload: long }), 2);
});

test('long keys that differ only where UTF-8 cannot tell them apart do not meet, and each still coalesces', async () => {
  const { coalescer, primary, settled } = openStage();
  const keys = ['\ud800', '\ud801', '\ufffd'].map((odd) => `${'x'.repeat(20_000)}${odd}`);
  for (const key of keys) watch(coalescer.request(key));
  for (const key of keys) watch(coalescer.request(key));
  assert.equal(primary.calls.length, 3);
  for (const key of keys) assert.equal(coalescer.waiters({ payload: key }), 2);
  primary.calls[0]!.resolve('first');
  await settled();
  assert.deepEqual(
    keys.map((key) => coalescer.waiters({ payload: key })),
    [0, 2, 2],
  );
  watch(coalescer.request(keys[1]!));
  assert.equal(primary.calls.length, 3);
});
