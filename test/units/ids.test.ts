// What is remembered of identities that are in no table (whose value was for one alone, which has ended with nothing to keep, which is refreshed) is a
// short text, however long scope and key are: V8 hashes long ones by their length alone, and each look would compare with all of that length.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, type Identified } from '../../src/for-one.js';

const identified = (scope: string | null, index: string, more: Partial<Identified> = {}): Identified => ({
  scope,
  index,
  hasLongKey: false,
  routeId: null,
  ...more,
});

test('an id is short, also where scope and key are as long as they may be, and have to be escaped', () => {
  for (const one of ['x', '"', '\u0001', '€', '\ud800'])
    for (const scope of [null, 'tenant', one.repeat(8_192)]) assert.ok(idOf(identified(scope, one.repeat(8_192))).length <= 1_024);
  assert.ok(idOf(identified('tenant', 'key', { routeId: JSON.stringify(['x'.repeat(100_000)]) })).length <= 1_024);
});

test('equal identities have equal ids, and others have others, short and long', () => {
  const long = 'x'.repeat(8_191);
  const identities = [
    ['a', 'b'],
    ['a', 'b","c'],
    ['a","b', 'c'],
    ['ab', ''],
    [null, 'null'],
    [null, ''],
    [`${long}1`, long],
    [long, `1${long}`],
    [long, `${long}1`],
    [null, long],
    ['null', long],
    [long, '\ud800'.repeat(2_000)],
    [long, '\ud801'.repeat(2_000)],
    [long, '\ufffd'.repeat(2_000)],
  ] as const;
  const others: readonly Partial<Identified>[] = [{}, { hasLongKey: true }, { routeId: '["a"]' }];
  const all = () => identities.flatMap(([scope, index]) => others.map((more) => idOf(identified(scope, index, more))));
  assert.equal(new Set(all()).size, identities.length * others.length);
  assert.deepEqual(all(), all());
  // The digest of one is no key's id, either.
  assert.notEqual(idOf(identified(null, idOf(identified(long, long)))), idOf(identified(long, long)));
});
