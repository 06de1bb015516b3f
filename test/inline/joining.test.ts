// Equal requests share one flight: how many calls are made, and when a key is free again. LESSONS 1, 4 to 6, 15, 38.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { codeOf, httpError, openStage, watch } from './stage.js';

test('1,000 concurrent equal requests are one call, and all get its answer', async () => {
  const { coalescer, primary } = openStage();
  const requests = Array.from({ length: 1_000 }, () => coalescer.request('a'));
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.payload, 'a');
  assert.equal(coalescer.waiters({ payload: 'a' }), 1_000);
  primary.calls[0]!.resolve('answer');
  assert.deepEqual(new Set(await Promise.all(requests)), new Set(['answer']));
  assert.equal(primary.calls.length, 1);
});

test('with the first of three targets failing, 1,000 requests are two calls', async () => {
  const { coalescer, primary, backup, calls, settled } = openStage({}, 3);
  const requests = Array.from({ length: 1_000 }, () => coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await settled();
  assert.equal(calls(), 2);
  backup.calls[0]!.resolve('from backup');
  assert.deepEqual(new Set(await Promise.all(requests)), new Set(['from backup']));
  assert.equal(calls(), 2);
});

test('with all three targets failing, 1,000 requests are three calls and reject with one shared error', async () => {
  const { coalescer, primary, backup, third, calls, settled } = openStage({}, 3);
  const requests = Array.from({ length: 1_000 }, () => watch(coalescer.request('a')));
  for (const { calls: theirs } of [primary, backup, third]) {
    theirs[0]!.reject(httpError(500));
    await settled();
  }
  assert.equal(calls(), 3);
  assert.equal(new Set(requests.map(({ reason }) => reason)).size, 1);
  assert.equal(codeOf(requests[0]!), 'COALESCER_TARGETS_FAILED');
});

test('the target is called before request returns, so that the next line already joins', async () => {
  const { coalescer, primary, settled } = openStage();
  const first = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 1);
  const second = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 1);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.deepEqual([first.value, second.value], ['x', 'x']);
});

test('requests for different keys do not meet', async () => {
  const { coalescer, primary } = openStage();
  const requests = Array.from({ length: 100 }, (_, index) => coalescer.request(`k${index}`));
  assert.equal(primary.calls.length, 100);
  for (const call of primary.calls) call.resolve(`answer to ${call.payload}`);
  assert.deepEqual(
    await Promise.all(requests),
    Array.from({ length: 100 }, (_, index) => `answer to k${index}`),
  );
});

test('a request after the settle is a new flight: a settled value is not kept', async () => {
  const { coalescer, primary } = openStage();
  const first = coalescer.request('a');
  primary.calls[0]!.resolve('one');
  assert.equal(await first, 'one');
  const second = coalescer.request('a');
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('two');
  assert.equal(await second, 'two');
});

test('a settled failure is not kept either', async () => {
  const { coalescer, primary } = openStage();
  const first = coalescer.request('a');
  primary.calls[0]!.reject(new Error('once'));
  await assert.rejects(first, { message: 'once' });
  const second = coalescer.request('a');
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('two');
  assert.equal(await second, 'two');
});

test('a waiter that retries in its catch starts a new flight, and the retries of all waiters share it', async () => {
  const { coalescer, primary, settled } = openStage();
  const retrying = Array.from({ length: 10 }, () => coalescer.request('a').catch(() => coalescer.request('a')));
  primary.calls[0]!.reject(new Error('dead'));
  await settled();
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('alive');
  assert.deepEqual(
    await Promise.all(retrying),
    Array.from({ length: 10 }, () => 'alive'),
  );
  assert.equal(primary.calls.length, 2);
});

test('a waiter that asks again as soon as it has its value starts a new flight', async () => {
  const { coalescer, primary, settled } = openStage();
  const chained = coalescer.request('a').then(() => coalescer.request('a'));
  primary.calls[0]!.resolve('one');
  await settled();
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('two');
  assert.equal(await chained, 'two');
});

test('a retry in a catch after a sync throw starts anew and does not meet the dead flight', async () => {
  let calls = 0;
  const coalescer = createCoalescer({
    scope: 'public',
    targets: {
      only: (): string => {
        if (++calls === 1) throw new Error('at once');
        return 'second time';
      },
    },
  });
  const value = await coalescer.request('a').catch(() => coalescer.request('a'));
  assert.equal(calls, 2);
  assert.equal(value, 'second time');
  await coalescer.close();
});

test('two coalescers never share: there is no table behind both', async () => {
  const [one, other] = [openStage({ name: 'same' }), openStage({ name: 'same' })];
  const requests = [one.coalescer.request('a'), other.coalescer.request('a')];
  assert.deepEqual([one.primary.calls.length, other.primary.calls.length], [1, 1]);
  one.primary.calls[0]!.resolve('one');
  other.primary.calls[0]!.resolve('other');
  assert.deepEqual(await Promise.all(requests), ['one', 'other']);
});

test('the key is taken when the request is made: who changes the payload later still joins by what it was', async () => {
  let calls = 0;
  let answer: (value: string) => void = () => undefined;
  const coalescer = createCoalescer({
    scope: 'public',
    targets: {
      only: (): Promise<string> => {
        calls++;
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    },
  });
  const payload = { id: 1 };
  const first = coalescer.request(payload);
  payload.id = 2;
  const second = coalescer.request({ id: 1 });
  assert.equal(calls, 1);
  assert.equal(coalescer.waiters({ payload: { id: 1 } }), 2);
  answer('x');
  assert.deepEqual(await Promise.all([first, second]), ['x', 'x']);
  assert.equal(coalescer.stats().airborne, 0);
  await coalescer.close();
});

test('a target that writes to its payload leaves no entry behind: the flight ends under the key it began with', async () => {
  let calls = 0;
  const coalescer = createCoalescer({
    scope: 'public',
    targets: {
      only: async (payload: { id: number }): Promise<number> => {
        payload.id = 99;
        return ++calls;
      },
    },
  });
  assert.equal(await coalescer.request({ id: 1 }), 1);
  assert.equal(await coalescer.request({ id: 1 }), 2);
  assert.equal(coalescer.stats().airborne, 0);
  await coalescer.close();
});

test('request never throws synchronously, whatever it is given', async () => {
  const { coalescer, calls } = openStage();
  const hostile = (payload: unknown, options?: unknown): Promise<unknown> => coalescer.request(payload as never, options as never);
  const wrong: readonly [unknown, unknown][] = [
    [() => 1, undefined],
    [Symbol('s'), undefined],
    [new Map(), undefined],
    ['a', null],
    ['a', 7],
    ['a', { signal: 1 }],
    ['a', { timeoutMs: -1 }],
    ['a', { targets: ['nobody'] }],
    ['a', { key: 7 }],
  ];
  for (const [payload, options] of wrong) {
    const promise = hostile(payload, options);
    await assert.rejects(promise);
  }
  assert.equal(calls(), 0);
  assert.equal(coalescer.stats().airborne, 0);
});
