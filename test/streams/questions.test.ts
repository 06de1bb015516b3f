// Several questions of one reader, of whatever kind, are answered in the order asked; and what one that leaves has asked holds nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkLog } from '../../src/chunk-log.js';
import { watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll } from './stage.js';

/** Ten chunks that are there already. */
async function withBacklog() {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only });
  const whole = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give(...Array.from({ length: 10 }, (_, index) => index));
  await settled();
  assert.equal(whole.chunks.length, 10);
  return { only, coalescer, settled };
}

test('two batches, and a batch and a chunk, asked for at once come one after the other, without a gap', async () => {
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  for (const then of ['batch', 'chunk'] as const) {
    const { only, coalescer, settled } = await withBacklog();
    const stream = coalescer.stream('a');
    const [batches, chunks] = [stream.batches()[Symbol.asyncIterator](), stream[Symbol.asyncIterator]()];
    const [first, second] = [batches.next(), then === 'batch' ? batches.next() : chunks.next()];
    assert.deepEqual((await first).value, all);
    only.calls[0]!.give(10);
    await settled();
    assert.deepEqual((await second).value, then === 'batch' ? [10] : 10);
  }
});

test('chunks that are asked for at once, and a batch behind them, share out what there is', async () => {
  const { coalescer } = await withBacklog();
  const stream = coalescer.stream('a');
  const [chunks, batches] = [stream[Symbol.asyncIterator](), stream.batches()[Symbol.asyncIterator]()];
  const answers = await Promise.all([chunks.next(), chunks.next(), batches.next()]);
  assert.deepEqual(answers.map(({ value }) => value as unknown), [0, 1, [2, 3, 4, 5, 6, 7, 8, 9]]); // biome-ignore format: one line
});

test('one that has asked for a chunk further on, and asks again before it comes, is given each once', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only });
  const first = readAll(coalescer.stream('a'));
  const chunks = coalescer.stream('a', { from: 1 })[Symbol.asyncIterator]();
  await settled();
  const asked = [chunks.next()];
  only.calls[0]!.give(0);
  await settled();
  asked.push(chunks.next(), chunks.next());
  only.calls[0]!.give(1, 2, 3);
  await settled();
  assert.deepEqual((await Promise.all(asked)).map(({ value }) => value as unknown), [1, 2, 3]); // biome-ignore format: one line
  assert.deepEqual(first.chunks, [0, 1, 2, 3]);
});

test('a signal without a reason ends a reader with what it says, and not as if all were there', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only });
  let abort = (): void => undefined;
  // A polyfill of before `reason` was.
  const signal = Object.assign(new EventTarget(), { aborted: false }) as unknown as AbortSignal;
  abort = () => {
    Object.assign(signal, { aborted: true });
    signal.dispatchEvent(new Event('abort'));
  };
  const stream = coalescer.stream('a', { signal });
  const outcome = watch(stream.outcome);
  const reading = readAll(stream);
  const other = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give('1', '2');
  await settled();
  abort();
  await settled();
  assert.deepEqual([reading.chunks, reading.state, reading.error], [['1', '2'], 'failed', undefined]);
  assert.equal((outcome.value as { status: string }).status, 'rejected');
  only.calls[0]!.end();
  await settled();
  assert.equal(codeOfReading(other), 'ended');
});

test('who has left waits for no chunk: thousands that come and go while a stream is silent are held by nothing', async (t) => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { limits: { waitersPerFlight: 2 } });
  const staying = readAll(coalescer.stream('a'));
  const [asked, left] = [t.mock.method(ChunkLog.prototype, 'await'), t.mock.method(ChunkLog.prototype, 'forget')];
  for (let visit = 0; visit < 100; visit++) {
    const leaving = new AbortController();
    const visitor = readAll(coalescer.stream('a', { signal: leaving.signal }));
    await settled();
    leaving.abort();
    await settled();
    assert.equal(visitor.state, 'failed');
  }
  const waiting = new Set<unknown>(asked.mock.calls.map(({ arguments: [receiver] }) => receiver));
  assert.equal(waiting.size, 100);
  for (const { arguments: [receiver] } of left.mock.calls) waiting.delete(receiver); // biome-ignore format: one line
  assert.equal(waiting.size, 0);
  only.calls[0]!.give('1');
  await settled();
  assert.deepEqual(staying.chunks, ['1']);
});

test('one that is forgotten is told nothing, and nobody waits then', () => {
  const log = new ChunkLog();
  let told = 0;
  const receivers = [{ arrived: () => void told++ }, { arrived: () => void told++ }];
  for (const receiver of receivers) log.await(receiver);
  log.forget(receivers[0]!);
  assert.ok(log.isAwaited);
  log.append('a', 1);
  log.giveNewest();
  assert.equal(told, 1);
  log.await(receivers[0]!);
  log.forget(receivers[0]!);
  assert.ok(!log.isAwaited);
});
