// Readers that read on, leave or ask when their flight has settled, and whose own time or signal comes then; more than one iterator; nothing unheard.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { httpError, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll, turns, type FedTarget } from './stage.js';

test('who has not read yet when its flight ends reads all of it, and is no waiter, timer or listener meanwhile', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only });
  const controller = new AbortController();
  const streams = [
    coalescer.stream('a'),
    coalescer.stream('a', { timeoutMs: 1_000 }),
    coalescer.stream('a', { signal: controller.signal }),
  ];
  await settled();
  only.calls[0]!.give('1', '2');
  only.calls[0]!.end();
  await environment.advance(20);
  const { waiting, airborne } = coalescer.stats();
  assert.deepEqual([calls(), waiting, airborne, environment.timers()], [1, 0, 0, 0]);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  await environment.advance(5_000);
  controller.abort('too late to matter');
  const readings = streams.map((stream) => readAll(stream));
  await turns(settled);
  for (const { chunks, state } of readings) assert.deepEqual([chunks, state], [['1', '2'], 'ended']);
});

test('a stream that broke off gives what it has before it says so, however late it is asked', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only });
  const [one, batched] = [coalescer.stream('a'), coalescer.stream('a')];
  await settled();
  only.calls[0]!.give('1', '2');
  only.calls[0]!.fail(httpError(502));
  await environment.advance(100_000);
  assert.equal(calls(), 1);
  const reading = readAll(one);
  await settled();
  assert.deepEqual([reading.chunks, codeOfReading(reading)], [['1', '2'], 'COALESCER_STREAM_BROKEN']);
  const batches = batched.batches()[Symbol.asyncIterator]();
  assert.deepEqual(await batches.next(), { done: false, value: ['1', '2'] });
  await assert.rejects(batches.next(), (reason) => reason === reading.error);
  assert.deepEqual(await batches.next(), { done: true, value: undefined });
});

test('iterators of one stream share its place; leaving by one is leaving, for all of them', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const stays = readAll(coalescer.stream('a'));
  const stream = coalescer.stream('a');
  const [one, other, batches] = [stream[Symbol.asyncIterator](), stream[Symbol.asyncIterator](), stream.batches()[Symbol.asyncIterator]()];
  await settled();
  only.calls[0]!.give('1', '2', '3', '4');
  await settled();
  assert.equal((await one.next()).value, '1');
  assert.equal((await other.next()).value, '2');
  assert.equal(stream.cursor, 2);
  const pending = [one.next(), other.next(), batches.next()].map((next) => watch(next));
  await settled();
  assert.deepEqual(pending.map(({ value }) => (value as IteratorResult<unknown> | undefined)?.value), ['3', '4', undefined]); // biome-ignore format: one line
  await other.return?.();
  assert.equal(coalescer.stats().waiting, 1);
  only.calls[0]!.give('5');
  await settled();
  assert.equal(pending[2]!.state, 'fulfilled', 'a question in the air is answered, as by any generator');
  assert.deepEqual(
    [await one.next(), await batches.next()],
    [
      { done: true, value: undefined },
      { done: true, value: undefined },
    ],
  );
  assert.deepEqual(readAll(stream).chunks, []);
  only.calls[0]!.end();
  await settled();
  assert.deepEqual([stays.chunks, stays.state, calls()], [['1', '2', '3', '4', '5'], 'ended', 1]);
});

test('disposing and returning again and again, before, amid and behind, is one leaving', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const stream = coalescer.stream('a');
  const iterator = stream[Symbol.asyncIterator]();
  const stays = readAll(coalescer.stream('a'));
  for (let turn = 0; turn < 3; turn++) {
    await stream[Symbol.asyncDispose]();
    assert.deepEqual(await iterator.return?.(), { done: true, value: undefined });
  }
  await settled();
  assert.deepEqual([calls(), coalescer.stats().waiting], [1, 1]);
  only.calls[0]!.give('1');
  only.calls[0]!.end();
  await settled();
  await stream[Symbol.asyncDispose]();
  const { waiting, requests, launched, joined } = coalescer.stats();
  assert.deepEqual([waiting, requests, launched, joined], [0, 2, 1, 1]);
  assert.deepEqual(stays.chunks, ['1']);
});

test('nobody who never looks is told by an unhandled rejection, however its stream ends', async () => {
  const unheard: unknown[] = [];
  const listen = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled, environment, calls } = openStreams({ primary, backup }, { streams: { lagBytes: 10 } });
  const leaving = new AbortController();
  const held: unknown[] = ['fails', 'breaks', 'is cancelled', 'leaves', 'is late', 'lags'].map((payload) => {
    const options = payload === 'leaves' ? { signal: leaving.signal } : payload === 'is late' ? { timeoutMs: 10 } : {};
    const stream = coalescer.stream(payload, options);
    return [stream, stream.outcome, stream[Symbol.asyncIterator]()];
  });
  const fast = readAll(coalescer.stream('lags'));
  held.push(coalescer.stream('never launched', { from: 3 }).outcome);
  await settled();
  const feedOf = (payload: string) => primary.calls.find((call) => call.payload === payload)!;
  feedOf('fails').fail(httpError(404));
  feedOf('breaks').give('1');
  feedOf('breaks').fail(httpError(500));
  coalescer.cancel({ payload: 'is cancelled' });
  leaving.abort();
  feedOf('lags').give('x'.repeat(100), 'y'.repeat(100));
  await environment.advance(100);
  assert.equal(fast.chunks.length, 2);
  const closed = watch(coalescer.close({ drainMs: 0 }));
  await environment.advance(1_000);
  assert.equal(closed.state, 'fulfilled');
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  process.off('unhandledRejection', listen);
  assert.deepEqual([unheard, calls(), held.length], [[], 6, 7]);
  assert.equal(environment.timers(), 0);
});

test('the flight’s own time ends a stream in mid-air for all alike; steady chunks alone do not extend it', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only }, { flightTimeoutMs: 1_000, joinWithinMs: 1_000 });
  const readings = [readAll(coalescer.stream('a')), readAll(coalescer.stream('a'))];
  const whole = watch(coalescer.request('a'));
  await settled();
  for (let chunk = 0; chunk < 9; chunk++) {
    only.calls[0]!.give(chunk);
    await environment.advance(100);
  }
  assert.equal(readings[0]!.state, 'reading');
  await environment.advance(150);
  assert.equal(calls(), 1);
  for (const reading of readings) assert.deepEqual([reading.chunks.length, codeOfReading(reading)], [9, codeOfReading(readings[0]!)]);
  assert.match(String(codeOfReading(readings[0]!)), /COALESCER_(TIMEOUT|STREAM_BROKEN)/);
  assert.equal(whole.state, 'rejected');
  assert.deepEqual([only.calls[0]!.signal.aborted, only.calls[0]!.isClosed, environment.timers()], [true, true, 0]);
});

test('with a backup left a stream that goes on steadily is not cut off at its share of the time', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled, environment } = openStreams({ primary, backup }, { flightTimeoutMs: 60_000 });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  for (let chunk = 0; chunk < 55; chunk++) {
    primary.calls[0]!.give(chunk);
    await environment.advance(1_000);
  }
  primary.calls[0]!.end();
  await turns(settled);
  assert.deepEqual([calls(), reading.chunks.length, reading.state], [1, 55, 'ended']);
});

test('a reader that comes back after a rest asks upstream for more, and upstream’s code sees nothing of its context', async () => {
  const tenant = new AsyncLocalStorage<string>();
  const seen = new Set<unknown>();
  let [calls, asked] = [0, 0];
  const only: FedTarget = {
    calls: [],
    spec: {
      run() {
        calls++;
        return {
          [Symbol.asyncIterator]: () => ({
            async next() {
              seen.add(tenant.getStore());
              return { done: ++asked > 100, value: 'x'.repeat(10_000) };
            },
          }),
        };
      },
    },
  };
  const { coalescer, settled } = openStreams({ only });
  const iterator = tenant.run('acme', () => coalescer.stream('a')[Symbol.asyncIterator]());
  for (let turn = 0; turn < 50; turn++) await settled();
  assert.ok(asked > 3 && asked < 50, `${asked} chunks are a window`);
  let chunks = 0;
  while ((await tenant.run('globex', () => iterator.next())).done !== true) chunks++;
  assert.deepEqual([calls, chunks, Array.from(seen)], [1, 100, [undefined]]);
});
