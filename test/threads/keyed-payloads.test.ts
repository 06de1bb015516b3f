// Payloads whose key is their canonical form: where that tells all of one it crosses as its key, and nobody notices. What a target sees is what was
// asked, in the order in which it was written, under the key that it was asked by.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import * as fc from 'fast-check';
import { createCoalescer, isCoalescerError, threadTargets, type Coalescer } from '../../src/index.js';
import { crossing, hostile } from './crossing-values.js';
import { written, type Sight } from './fixtures/echo.js';
import type targets from './fixtures/echo.js';
import { Tally } from './tally.js';

type Any = Coalescer<unknown, unknown>;

function open(tally: Tally, limits: { readonly payloadBytes?: number; readonly flights?: number } = {}): Any {
  const module = new URL('./fixtures/echo.js', import.meta.url);
  return createCoalescer({
    scope: 'public',
    share: 'same',
    limits,
    targets: threadTargets<typeof targets>(module, { threads: 1, spare: false, config: { tally: tally.buffer } }),
  }) as Any;
}

/** As JSON has them, texts that look like keys of other payloads, and properties in every order. */
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('', '{}', '[1]', '=1', '=undefined', '"quoted"', 'plain', '\u2028', '\\', 0, 1e21, 5e-324, -1.5, null, true, false),
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom('b', 'a', '10', '9', 'ä', 'constructor', '', 'toString', '\ud83d\ude00', '\uffff'),
      fc.oneof({ arbitrary: tie('value'), weight: 9 }, { arbitrary: fc.constant(undefined), weight: 1 }),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

suite('a payload under its own key', () => {
  const tally = new Tally();
  let coalescer: Any;
  before(async () => {
    coalescer = open(tally);
    await coalescer.ready();
  });
  after(() => coalescer.close());

  for (const [what, values] of Object.entries({ 'as JSON has it': json, 'that crosses': crossing, 'of any kind': hostile })) {
    test(`${what} is seen as it was written, or refused`, async () => {
      let calls = tally.count('calls');
      let seen = 0;
      const isSeen = fc.asyncProperty(values, async (payload) => {
        const [result] = await Promise.allSettled([coalescer.request(payload, { targets: ['sight'] }) as Promise<Sight>]);
        if (result.status === 'rejected') {
          assert.ok(isCoalescerError(result.reason, 'COALESCER_NOT_KEYABLE') || isCoalescerError(result.reason, 'COALESCER_NOT_CLONEABLE'));
          return;
        }
        assert.equal(tally.count('calls'), ++calls);
        assert.deepEqual(result.value, { payload: written(payload), key: coalescer.identify(payload).key });
        seen++;
      });
      await fc.assert(isSeen, { numRuns: 1_500 });
      assert.ok(seen > 100, `${seen} of 1,500 were seen`);
    });
  }

  test('one that is written in order lies in memory once, and its owner may change it', async () => {
    const payload = { list: ['x'.repeat(1_000)], text: 'as ordered' };
    const { key } = coalescer.identify(payload);
    const asked = written(payload);
    const answer = coalescer.request(payload, { targets: ['sight'] });
    assert.equal(coalescer.stats().bytes, key?.length);
    const foreign = coalescer.request('\u2603'.repeat(300), { targets: ['sight'] });
    assert.equal(coalescer.stats().bytes, (key?.length ?? 0) + 900, 'by the bytes of its characters');
    payload.text = 'changed';
    payload.list.pop();
    assert.deepEqual(await answer, { payload: asked, key });
    await foreign;
    assert.equal(coalescer.stats().bytes, 0);
  });

  test('large ones cross, too', async () => {
    for (const size of [65_535, 65_536, 1_048_576]) {
      for (const payload of ['ä'.repeat(size), { a: 1, text: 'x'.repeat(size) }, [`\u2603${'x'.repeat(size)}`]]) {
        const sight = (await coalescer.request(payload, { targets: ['sight'] })) as Sight;
        assert.equal(sight.payload, written(payload));
      }
    }
  });

  test('one that asks for something else while it is looked at takes no room that is not there', async () => {
    const single = open(tally, { flights: 1 });
    await single.ready();
    let looks = 0;
    const others: Promise<unknown>[] = [];
    const other = (): void => void others.push(single.request({ y: 2, x: 1 }, { targets: ['echo'] }));
    // For its key it is read twice, and the third time when it is packed: in this order its key does not tell all of it.
    const payload = new Proxy(
      { b: 1, a: 1 },
      { get: (target, name) => (name === 'a' && ++looks === 3 && other(), Reflect.get(target, name)) },
    );
    await assert.rejects(single.request(payload, { targets: ['echo'] }), { code: 'COALESCER_LIMIT', limit: 'flights' });
    assert.deepEqual(await Promise.all(others), [{ y: 2, x: 1 }]);
    await single.close();
  });

  test('payloadBytes counts its bytes, not its characters', async () => {
    const small = open(tally, { payloadBytes: 100 });
    await small.ready();
    const calls = tally.count('calls');
    for (const payload of ['ä'.repeat(51), { text: '\u2603'.repeat(30) }]) {
      await assert.rejects(small.request(payload, { targets: ['sight'] }), { code: 'COALESCER_LIMIT', limit: 'payloadBytes' });
    }
    assert.equal(tally.count('calls'), calls);
    // Equal payloads count alike, in whatever order their properties come: this one would be small enough as it is packed.
    const digits = Array.from({ length: 20 }, () => 1);
    for (const payload of [
      { digits, text: 'ä'.repeat(20) },
      { text: 'ä'.repeat(20), digits },
    ])
      await assert.rejects(small.request(payload, { targets: ['sight'] }), { code: 'COALESCER_LIMIT', limit: 'payloadBytes' });
    await small.request('ä'.repeat(50), { targets: ['sight'] });
    assert.equal(tally.count('calls'), calls + 1);
    await small.close();
  });
});
