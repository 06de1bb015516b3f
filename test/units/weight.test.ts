// What a value takes in memory: near enough for a bound, whatever it is, and quick to give up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { weightOf } from '../../src/weight.js';

const LOTS = 1e9;

test('strings, bytes and what lies in lists, records, maps and sets all count', () => {
  assert.ok(weightOf('x'.repeat(1_000), LOTS) >= 2_000);
  assert.ok(weightOf(new Uint8Array(5_000), LOTS) >= 5_000);
  assert.ok(weightOf(new ArrayBuffer(5_000), LOTS) >= 5_000);
  assert.ok(
    weightOf(
      [1, 2, 3].map(() => 'x'.repeat(100)),
      LOTS,
    ) >= 600,
  );
  assert.ok(weightOf({ a: { b: { c: 'x'.repeat(1_000) } } }, LOTS) >= 2_000);
  assert.ok(weightOf(new Map([['k'.repeat(500), new Set(['v'.repeat(500)])]]), LOTS) >= 2_000);
  assert.ok(weightOf(Array(1_000).fill(1), LOTS) >= 8_000);
});

test('a view counts for all of the memory that it keeps', () => {
  assert.ok(weightOf(new Uint8Array(8_192).subarray(0, 4), LOTS) >= 8_192);
});

test('circles end, what is there twice counts once, getters are not called and traps do not hurt', () => {
  const circle: Record<string, unknown> = { text: 'x'.repeat(1_000) };
  circle['self'] = circle;
  circle['again'] = [circle, circle];
  assert.ok(weightOf(circle, LOTS) < 3_000);
  const trap = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('boom');
      },
    },
  );
  const faceless = new Proxy(
    {},
    {
      getPrototypeOf() {
        throw new Error('boom');
      },
    },
  );
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  assert.ok(weightOf([faceless, { inner: revoked.proxy }], LOTS) < 1_000);
  const getter = Object.defineProperty({}, 'a', { enumerable: true, get: () => assert.fail('called') });
  assert.ok(weightOf([trap, getter, null, undefined, 1n, Symbol('s'), () => 1], LOTS) < 1_000);
});

test('what is too large is not walked to its end', () => {
  let looked = 0;
  const list = Array.from(
    { length: 1_000 },
    () => new Proxy({ text: 'x'.repeat(100) }, { ownKeys: (target) => (looked++, Reflect.ownKeys(target)) }),
  );
  assert.ok(weightOf(list, 2_000) > 2_000);
  assert.ok(looked < 50, `${looked} of 1000`);
});

// A list of a million numbers was a million descriptors: it held the event loop for a second before anybody got the value.
test('a long list is weighed by its places and never as descriptors, and one that is all holes ends', (context) => {
  const { getOwnPropertyDescriptor, getOwnPropertyDescriptors, getOwnPropertyNames } = Object;
  let looked = 0;
  const counting = <Look extends (...given: never[]) => unknown>(look: Look): Look => ((...given) => (looked++, look(...given))) as Look;
  context.mock.method(Object, 'getOwnPropertyDescriptor', counting(getOwnPropertyDescriptor));
  context.mock.method(Object, 'getOwnPropertyDescriptors', counting(getOwnPropertyDescriptors));
  context.mock.method(Object, 'getOwnPropertyNames', counting(getOwnPropertyNames));
  const bytes = weightOf(
    Array.from({ length: 1_000_000 }, (_, at) => at),
    LOTS,
  );
  const ofHoles = weightOf(Object.assign([], { length: 4_000_000_000 }), 1_000_000);
  context.mock.restoreAll();
  assert.equal(looked, 0);
  assert.ok(bytes >= 8_000_000 && ofHoles > 1_000_000, `${bytes}, ${ofHoles}`);
});
