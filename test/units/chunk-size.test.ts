// What a chunk weighs is what bounds a stream: nothing large may hide in it, wherever it stands, and whatever it is made of it is weighed to an end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunkSize } from '../../workers/chunk-size.js';

const text = 'x'.repeat(1_000_000);
const small = (count: number): Record<string, unknown> => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, {}]));

const hiding: Readonly<Record<string, () => unknown>> = {
  'before a thousand numbers': () => [text, ...Array.from({ length: 2_000 }, () => 0)],
  'behind them': () => [...Array.from({ length: 2_000 }, () => 0), text],
  'before a thousand small objects': () => ({ a: text, ...small(2_000) }),
  'in an object before them': () => ({ a: { deep: [text] }, ...small(2_000) }),
  'in one behind them': () => ({ ...small(2_000), a: { deep: [text] } }),
  'as bytes before them': () => ({ a: { deep: Buffer.alloc(1_000_000) }, ...small(2_000) }),
  'a thousand levels deep': () => Array.from({ length: 2_000 }).reduce<unknown>((inner) => [inner, {}], [text]),
  'as a name': () => ({ a: { [text]: 1 }, ...small(2_000) }),
  'in a Map': () => new Map([[text, 1]]),
  'in a Set': () => ({ a: new Set([text]), ...small(2_000) }),
  'as many small texts': () => ({ a: Array.from({ length: 100_000 }, () => ['ten chars.']), ...small(2_000) }),
};
for (const [where, make] of Object.entries(hiding)) {
  test(`a megabyte ${where} is weighed`, () => {
    const size = chunkSize(make());
    assert.ok(size >= 1_000_000, String(size));
  });
}

test('what is in it over and over, or has no end, is weighed to an end', () => {
  let doubled: unknown = [];
  for (let level = 0; level < 100; level++) doubled = [doubled, doubled];
  const circle: unknown[] = [small(2_000)];
  circle.push(circle);
  class Endless {
    get more(): Endless {
      return new Endless();
    }
  }
  const withGetter = (): object => Object.defineProperty({}, 'more', { get: withGetter, enumerable: true });
  const mirror = (): object => new Proxy({ more: 1 }, { get: mirror });
  for (const value of [doubled, circle, new Endless(), withGetter(), mirror(), [mirror(), ...Array.from({ length: 2_000 }, mirror)]]) {
    const size = chunkSize(value);
    assert.ok(Number.isSafeInteger(size) && size < 1_000_000, String(size));
  }
});
