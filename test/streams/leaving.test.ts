// A reader leaves like any waiter: it changes nothing for the rest, and the last one leaving frees the key and stops the upstream in the same tick.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { countedEnvironment, hang, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll, type StreamStage } from './stage.js';

type Leave = (stage: StreamStage) => Promise<void>;
const ways: Readonly<Record<string, Leave>> = {
  'breaks out of its loop': async ({ coalescer }) => {
    for await (const chunk of coalescer.stream('a')) if (chunk === 'one') break;
  },
  'throws in its loop': async ({ coalescer }) => {
    try {
      for await (const chunk of coalescer.stream('a')) if (chunk === 'one') throw new Error('mine');
    } catch {
      // Its own.
    }
  },
  'breaks out of its batches': async ({ coalescer }) => {
    for await (const chunks of coalescer.stream('a').batches()) if (chunks.includes('one')) break;
  },
  'is disposed of': async ({ coalescer, settled }) => {
    const stream = coalescer.stream('a');
    await settled();
    await settled();
    await stream[Symbol.asyncDispose]();
  },
};

for (const [way, leave] of Object.entries(ways)) {
  test(`a reader that ${way} leaves the others alone, and as the last one stops the upstream`, async () => {
    const only = fedTarget();
    const stage = openStreams({ only });
    const { coalescer, calls, settled } = stage;
    const stays = readAll(coalescer.stream('a'));
    const leaving = Promise.resolve(leave(stage));
    await settled();
    only.calls[0]!.give('one');
    await settled();
    await leaving;
    assert.equal(coalescer.stats().waiting, 1);
    assert.equal(only.calls[0]!.signal.aborted, false);
    only.calls[0]!.give('two');
    only.calls[0]!.end();
    await settled();
    assert.deepEqual([stays.chunks, stays.state, calls()], [['one', 'two'], 'ended', 1]);

    const alone = Promise.resolve(leave(stage));
    await settled();
    only.calls[1]!.give('one');
    await settled();
    await alone;
    assert.deepEqual([coalescer.stats().waiting, only.calls[1]!.signal.aborted, only.calls[1]!.isClosed], [0, true, true]);
    await settled();
    assert.equal(coalescer.stats().airborne, 0);
  });
}

test('a signal ends a reader with its reason at once, whatever it had not read, and the key is free in that tick', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const leaving = new AbortController();
  const stream = coalescer.stream('a', { signal: leaving.signal });
  const iterator = stream[Symbol.asyncIterator]();
  await settled();
  only.calls[0]!.give('one', 'two');
  await settled();
  assert.equal((await iterator.next()).value, 'one');
  leaving.abort('mine');
  assert.equal(only.calls[0]!.signal.aborted, true);
  const next = readAll(coalescer.stream('a'));
  await settled();
  assert.equal(calls(), 2);
  await assert.rejects(iterator.next(), (reason) => reason === 'mine');
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  assert.deepEqual([(await stream.outcome).status, next.state], ['rejected', 'reading']);
});

test('a waiting reader is told of its signal and of its time while it waits', async () => {
  const only = fedTarget();
  const { coalescer, settled, environment } = openStreams({ only });
  const stays = readAll(coalescer.stream('a'));
  const leaving = new AbortController();
  const signalled = readAll(coalescer.stream('a', { signal: leaving.signal }));
  const late = readAll(coalescer.stream('a', { timeoutMs: 1_000 }));
  await settled();
  only.calls[0]!.give('one');
  await settled();
  leaving.abort('mine');
  await settled();
  assert.deepEqual([signalled.chunks, signalled.error], [['one'], 'mine']);
  await environment.advance(1_020);
  assert.deepEqual([late.chunks, codeOfReading(late)], [['one'], 'COALESCER_TIMEOUT']);
  only.calls[0]!.end();
  await settled();
  assert.deepEqual([stays.chunks, stays.state], [['one'], 'ended']);
});

test('return() while a chunk is awaited: the question is answered as by any generator, and the reader is gone', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only });
  const stays = readAll(coalescer.stream('a'));
  for (const options of [undefined, { timeoutMs: 60_000 }]) {
    const iterator = coalescer.stream('a', options)[Symbol.asyncIterator]();
    const pending = watch(iterator.next());
    await iterator.return?.();
    assert.equal(coalescer.stats().waiting, 1);
    only.calls[0]!.give('one');
    await settled();
    assert.equal(pending.state, 'fulfilled');
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  }
  assert.equal(stays.chunks.length, 2);
});

test('abandonAfterMs keeps a stream going for one that comes back, and it takes up where it was', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only }, { abandonAfterMs: 5_000 });
  const first = coalescer.stream('a');
  const iterator = first[Symbol.asyncIterator]();
  await settled();
  only.calls[0]!.give('0', '1');
  await settled();
  await iterator.next();
  await iterator.return?.();
  await environment.advance(2_000);
  only.calls[0]!.give('2', '3');
  await settled();
  const back = readAll(coalescer.stream('a', { from: 1 }));
  only.calls[0]!.end();
  await settled();
  assert.deepEqual([back.chunks, calls()], [['1', '2', '3'], 1]);
  const again = coalescer.stream('b');
  await settled();
  await again[Symbol.asyncDispose]();
  await environment.advance(5_020);
  assert.equal(only.calls[1]!.signal.aborted, true, 'nobody came');
});

test("abandonAfterMs 'finish' reads to the end for nobody, however long it is", async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { abandonAfterMs: 'finish', streams: { replayBytes: 10_000, lagBytes: 8_000 } });
  const stream = coalescer.stream('a');
  await settled();
  await stream[Symbol.asyncDispose]();
  for (let chunk = 0; chunk < 500; chunk++) {
    assert.ok(only.calls[0]!.pulls > chunk, `chunk ${chunk} is asked for`);
    only.calls[0]!.give('x'.repeat(1_000));
    await settled();
    assert.ok(coalescer.stats().bytes < 30_000, `${coalescer.stats().bytes} bytes are held for nobody`);
  }
  only.calls[0]!.end();
  await settled();
  assert.deepEqual([coalescer.stats().fulfilled, coalescer.stats().airborne, coalescer.stats().bytes], [1, 0, 0]);
});

test('cancel is the stop button: readers are told behind what was said, and so is who waits for the whole', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only });
  const reader = readAll(coalescer.stream('a'));
  const slow = coalescer.stream('a')[Symbol.asyncIterator]();
  const whole = watch(coalescer.request('a'));
  await settled();
  only.calls[0]!.give('one', 'two');
  await settled();
  assert.equal(coalescer.cancel({ payload: 'a' }, 'enough'), 1);
  await settled();
  assert.deepEqual([reader.chunks, codeOfReading(reader)], [['one', 'two'], 'COALESCER_FLIGHT_CANCELLED']);
  assert.equal(whole.reason, reader.error, 'one error for all');
  assert.deepEqual([(await slow.next()).value, (await slow.next()).value], ['one', 'two']);
  await assert.rejects(slow.next(), (error) => error === reader.error);
  assert.deepEqual([only.calls[0]!.signal.aborted, only.calls[0]!.isClosed], [true, true]);
});

test('a stream that makes its last one leave when it is looked at is closed, and nothing of it is left', async () => {
  const environment = countedEnvironment();
  const leaving = new AbortController();
  let closings = 0;
  const only = async (): Promise<AsyncIterable<string>> => ({
    get [Symbol.asyncIterator]() {
      leaving.abort();
      return () => ({ next: hang, return: async () => ({ done: true, value: void closings++ }) as const });
    },
  });
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { only } });
  const waiter = watch(coalescer.request('a', { signal: leaving.signal }));
  await environment.advance(20);
  const { airborne, targets } = coalescer.stats();
  assert.deepEqual([waiter.state, closings, airborne, targets['only']?.airborne, environment.timers()], ['rejected', 1, 0, 0, 0]);
});

test('nothing is left when all have gone: no timer, no bytes, no waiter', async () => {
  const only = fedTarget();
  const { coalescer, settled, environment } = openStreams({ only });
  const readings = Array.from({ length: 20 }, (_, at) =>
    readAll(coalescer.stream(`key ${at % 4}`, at % 2 === 0 ? {} : { timeoutMs: 500 })),
  );
  await settled();
  for (const feed of only.calls) feed.give('one');
  await environment.advance(600);
  for (const feed of only.calls) feed.end();
  await settled();
  await coalescer.close();
  await environment.advance(50);
  assert.ok(readings.every(({ state }) => state !== 'reading'));
  const { waiting, airborne, bytes } = coalescer.stats();
  assert.deepEqual([waiting, airborne, bytes, environment.timers()], [0, 0, 0, 0]);
});
