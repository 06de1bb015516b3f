// A payload may hold the same part over and over: formats that keep references (YAML's aliases, devalue, superjson) make such of a few lines. Written
// out it has no end: it is refused at the limit of payloads, before it is walked to its end. The first depth is one that could still be written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, isCoalescerError, threadTargets, type CoalescerError } from '../../src/index.js';
import { packBody } from '../../workers/body.js';
import { canonicalKey } from '../../workers/canonical.js';
import { errorRecord } from '../../workers/error-record.js';
import type targets from '../threads/fixtures/echo.js';
import { Tally } from '../threads/tally.js';

/** Of `depth` small objects; written out, of two to the power of that. */
function doubled(depth: number, leaf: unknown = []): unknown {
  let part = leaf;
  for (let level = 0; level < depth; level++) part = level % 2 === 0 ? [part, part] : { one: part, other: part };
  return part;
}
const DEPTHS = [20, 150];
const LIMIT = 100_000;

function isAtLimit(error: unknown, limit: string): true {
  assert.ok(isCoalescerError(error, 'COALESCER_LIMIT'), String(error));
  assert.equal(error.limit, limit);
  return true;
}

test('inline: it is refused as too large, and calls no target', async () => {
  let calls = 0;
  const coalescer = createCoalescer({
    scope: 'public',
    limits: { payloadBytes: LIMIT },
    targets: { only: (asked: unknown) => [++calls, asked] },
  });
  for (const depth of DEPTHS) {
    await assert.rejects(coalescer.request(doubled(depth)), (error) => isAtLimit(error, 'payloadBytes'));
    assert.equal(calls, 0);
    assert.throws(
      () => coalescer.identify(doubled(depth)),
      (error) => isAtLimit(error, 'payloadBytes'),
    );
    const { status, reason } = (await coalescer.outcome(doubled(depth))) as { status: string; reason?: CoalescerError };
    assert.deepEqual([status, reason?.limit], ['rejected', 'payloadBytes']);
  }
  assert.equal(coalescer.stats().refused, 2 * DEPTHS.length);
});

test('one large text in it over and over is never written out', () => {
  const text = 'x'.repeat(60_000);
  const coalescer = createCoalescer({ scope: 'public', limits: { payloadBytes: LIMIT }, targets: { only: (payload: unknown) => payload } });
  for (const payload of [[text, text], { one: text, other: text }, [{ [text]: 1 }, { [text]: 2 }]])
    assert.throws(
      () => coalescer.identify(payload),
      (error) => isAtLimit(error, 'payloadBytes'),
    );
});

test('what has as many characters as it may is refused no sooner than its key', async () => {
  let calls = 0;
  for (const payload of [{}, [], [[]], [1, 2], { a: 1 }, { a: 1, b: undefined }, ['', ''], [{ '': '' }], { a: { b: [true, null] } }]) {
    const key = canonicalKey(payload);
    const fits = createCoalescer({
      scope: 'public',
      limits: { payloadBytes: key.length },
      targets: { only: (asked: unknown) => [++calls, asked] },
    });
    await fits.request(payload);
    assert.equal(calls, 1, key);
    assert.equal(fits.identify(payload).key, key);
    calls = 0;
  }
});

for (const threads of [0, 1]) {
  test(`threads: ${threads}: a payload with a key of its own, and a value, are refused at their limits`, async () => {
    const tally = new Tally();
    const coalescer = createCoalescer({
      scope: 'public',
      key: () => null,
      limits: { payloadBytes: LIMIT, resultBytes: LIMIT },
      targets: threadTargets<typeof targets>(new URL('../threads/fixtures/echo.js', import.meta.url), {
        threads,
        spare: false,
        config: { tally: tally.buffer },
      }),
    });
    await coalescer.ready();
    for (const depth of DEPTHS) {
      await assert.rejects(coalescer.request(doubled(depth), { targets: ['echo'] }), (error) => isAtLimit(error, 'payloadBytes'));
      const make = `(() => { let part = []; for (let level = 0; level < ${depth}; level++) part = [part, part]; return part; })()`;
      await assert.rejects(coalescer.request({ make }, { targets: ['echo'] }), (error) => isAtLimit(error, 'resultBytes'));
    }
    await coalescer.close();
  });
}

test('what is packed is refused only where it is sure to be larger than it may', () => {
  for (const value of [{ a: 1 }, [{ '': 0 }], [[], {}], ['é', '€'], [Uint8Array.of(1, 2)], { a: undefined, b: -0 }]) {
    const { data } = packBody(value, null);
    assert.ok(data.length > 0);
    assert.doesNotThrow(() =>
      packBody(value, null, { limit: 'resultBytes', bytes: typeof data === 'string' ? Buffer.byteLength(data) : data.length }),
    );
  }
  assert.throws(() => packBody([new Uint8Array(99), new Uint8Array(99)], null, { limit: 'resultBytes', bytes: 60 }), {
    code: 'COALESCER_LIMIT',
  });
});

test('an error that carries such data crosses without it', () => {
  for (const depth of DEPTHS) {
    const error = Object.assign(new Error('as it is'), { status: 503, body: doubled(depth) });
    assert.deepEqual((errorRecord(error) as { data: unknown }).data, { status: 503 });
  }
});
