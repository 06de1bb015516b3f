// What is thrown, and what signals say, may be anything: a Proxy that throws at every look, a reason that cannot be read. It is passed on, and keeps nobody waiting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, isCoalescerError } from '../../src/index.js';
import { openStage, watch } from './stage.js';

function revoked(): Error {
  const { proxy, revoke } = Proxy.revocable(new Error('revoked'), {});
  revoke();
  return proxy;
}

test('no request throws where it is made, and an outcome tells it, whatever is thrown', async () => {
  const odd = revoked();
  assert.equal(isCoalescerError(odd), false);
  const throwing = createCoalescer({
    scope: 'public',
    key: (): string => {
      throw odd;
    },
    targets: { only: async (payload: string) => payload },
  });
  const aborted = AbortSignal.abort(odd);
  const failing = createCoalescer({
    scope: 'public',
    targets: { only: (payload: string) => (payload === 'a' ? Promise.reject(odd) : payload) },
  });
  const reasons = [
    throwing.request('a'),
    failing.request('a'),
    failing.request('a', { signal: aborted }),
    throwing.stream('a')[Symbol.asyncIterator]().next(),
    failing.stream('a', { signal: aborted })[Symbol.asyncIterator]().next(),
  ].map((promise) => promise.then(() => assert.fail('a value'), (reason: unknown) => reason === odd)); // biome-ignore format: one line
  assert.deepEqual(await Promise.all(reasons), Array(5).fill(true));
  for (const outcome of [await failing.outcome('a'), await failing.outcome('a', { signal: aborted })])
    assert.ok(outcome.status === 'rejected' && outcome.reason === odd);
});

test('a signal whose reason throws makes its waiter leave with what it throws, and the others with theirs', async () => {
  const { coalescer, primary, settled } = openStage();
  const thrown = new Error('no reason');
  const signal = Object.defineProperty(Object.assign(new EventTarget(), { aborted: false }), 'reason', {
    get() {
      throw thrown;
    },
  }) as unknown as AbortSignal;
  const leaving = [watch(coalescer.request('a', { signal })), watch(coalescer.request('a', { signal }))];
  const staying = watch(coalescer.request('a'));
  Object.assign(signal, { aborted: true });
  signal.dispatchEvent(new Event('abort'));
  await settled();
  for (const { reason } of leaving) assert.equal(reason, thrown);
  assert.equal(coalescer.stats().waiting, 1);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.deepEqual([staying.value, primary.calls.length], ['x', 1]);
});
