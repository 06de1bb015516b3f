// Hedges of streams: the first chunk decides. From then on there is one attempt, and readers get one stream. Invariants I14, I17, I19.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpError, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll, turns, type FedTarget, type StreamStage } from './stage.js';

const AFTER_MS = 100;

interface Race extends StreamStage {
  readonly primary: FedTarget;
  readonly backup: FedTarget;
  readonly reading: ReturnType<typeof readAll>;
}

/** Two streams are out, and neither has given anything. */
async function race(options: Parameters<typeof openStreams>[1] = {}): Promise<Race> {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const stage = openStreams({ primary, backup }, { hedge: { afterMs: AFTER_MS, maxExtraShare: 1 }, ...options });
  const reading = readAll(stage.coalescer.stream('a'));
  await stage.environment.advance(AFTER_MS + 10);
  assert.deepEqual([primary.calls.length, backup.calls.length, reading.chunks], [1, 1, []]);
  return { ...stage, primary, backup, reading };
}

for (const winner of ['primary', 'backup'] as const) {
  test(`the first chunk of the ${winner} wins: the other stream is closed and its attempt told to stop`, async () => {
    const stage = await race();
    const [won, lost] = winner === 'primary' ? [stage.primary, stage.backup] : [stage.backup, stage.primary];
    const value = watch(stage.coalescer.request('a'));
    won.calls[0]!.give('one');
    await turns(stage.settled);
    assert.deepEqual([stage.reading.chunks, lost.calls[0]!.isClosed, lost.calls[0]!.signal.aborted], [['one'], true, true]);
    assert.equal(won.calls[0]!.signal.aborted, false);
    lost.calls[0]!.give('other');
    lost.calls[0]!.end();
    won.calls[0]!.give('two');
    won.calls[0]!.end();
    await turns(stage.settled);
    assert.deepEqual([stage.reading.chunks, stage.reading.state, value.value], [['one', 'two'], 'ended', ['one', 'two']]);
    assert.equal(stage.calls(), 2);
  });
}

test('a stream that breaks off before its first chunk leaves the other one flying', async () => {
  const { primary, backup, reading, settled, calls } = await race();
  primary.calls[0]!.fail(httpError(503));
  await turns(settled);
  assert.deepEqual([reading.state, backup.calls[0]!.signal.aborted], ['reading', false]);
  backup.calls[0]!.give('one');
  backup.calls[0]!.end();
  await turns(settled);
  assert.deepEqual([reading.chunks, reading.state, calls()], [['one'], 'ended', 2]);
});

test('the stream that won is one in mid-air: it fails as such, and is not hedged again', async () => {
  const { backup, reading, environment, settled, calls } = await race();
  backup.calls[0]!.give('one');
  await turns(settled);
  await environment.advance(1_000);
  backup.calls[0]!.fail(httpError(503));
  await turns(settled);
  assert.deepEqual([codeOfReading(reading), reading.chunks, calls()], ['COALESCER_STREAM_BROKEN', ['one'], 2]);
});

test('a stream whose first chunk is there is not hedged, however slowly it goes on', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, environment, settled } = openStreams({ primary, backup }, { hedge: { afterMs: AFTER_MS, maxExtraShare: 1 } });
  const reading = readAll(coalescer.stream('a'));
  await environment.advance(50);
  primary.calls[0]!.give('one');
  await turns(settled);
  await environment.advance(5_000);
  assert.deepEqual([backup.calls.length, reading.chunks, reading.state], [0, ['one'], 'reading']);
});

test('each has its own time to the first chunk: the first is cut off at it, the last target left is not', async () => {
  const { primary, backup, reading, environment, settled } = await race({ streams: { firstChunkTimeoutMs: 300 } });
  await environment.advance(170);
  assert.equal(primary.calls[0]!.signal.aborted, false, 'at 280 ms');
  await environment.advance(40);
  assert.deepEqual([primary.calls[0]!.signal.aborted, primary.calls[0]!.isClosed], [true, true], 'at 320 ms');
  await environment.advance(5_000);
  assert.equal(backup.calls[0]!.signal.aborted, false);
  backup.calls[0]!.give('one');
  backup.calls[0]!.end();
  await turns(settled);
  assert.deepEqual([reading.chunks, reading.state], [['one'], 'ended']);
});

test('a silence after the first chunk is cut off as ever, whichever stream it was', async () => {
  const { primary, reading, environment, settled } = await race({ streams: { idleTimeoutMs: 200 } });
  primary.calls[0]!.give('one');
  await turns(settled);
  await environment.advance(170);
  assert.equal(reading.state, 'reading');
  await environment.advance(60);
  assert.equal(codeOfReading(reading), 'COALESCER_STREAM_BROKEN');
});

test('the last reader leaves: both streams are closed', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const stage = openStreams({ primary, backup }, { hedge: { afterMs: AFTER_MS, maxExtraShare: 1 } });
  const leave = new AbortController();
  const reading = readAll(stage.coalescer.stream('a', { signal: leave.signal }));
  await stage.environment.advance(AFTER_MS + 10);
  leave.abort();
  await turns(stage.settled);
  assert.equal(reading.state, 'failed');
  assert.deepEqual([primary.calls[0]!.isClosed, backup.calls[0]!.isClosed], [true, true]);
  await stage.environment.advance(20);
  assert.equal(stage.environment.timers(), 0);
});
