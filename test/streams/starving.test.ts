// Nobody starves for another: a reader that takes up where it was, behind the window of one that stands still; readers that cannot be given a chunk; what is held.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, feedWhileAsked, KB, openStreams, readAll } from './stage.js';

for (const [place, ahead] of [
  ['at the end of what there is', 0],
  ['beyond what there is', 5],
  ['far beyond it', 2_000],
] as const) {
  for (const asks of ['at once', 'later', 'with a signal', 'for batches'] as const) {
    test(`who takes up ${place} and asks ${asks} is served, whoever stands still before it`, async () => {
      const only = fedTarget();
      const { coalescer, calls, settled } = openStreams({ only });
      const stalled = coalescer.stream('a');
      await settled();
      const window = await feedWhileAsked(only.calls[0]!, 10_000, settled);
      assert.ok(window > 10 && window < 1_000, `${window} chunks`);
      const options = asks === 'with a signal' ? { signal: new AbortController().signal } : {};
      const back = coalescer.stream('a', { from: window + ahead, ...options });
      if (asks === 'later') await feedWhileAsked(only.calls[0]!, 10_000, settled);
      const reading = readAll(asks === 'for batches' ? back.batches() : back);
      await settled();
      assert.equal(await feedWhileAsked(only.calls[0]!, ahead + 500, settled), ahead + 500);
      only.calls[0]!.end();
      await settled();
      assert.equal(calls(), 1);
      assert.equal(reading.chunks.flat().length, only.calls[0]!.given - window - ahead);
      assert.equal(reading.state, 'ended');
      assert.equal(stalled.cursor, 0);
    });
  }
}

test('a reader that cannot get its copy of a chunk is gone: with nobody else left the upstream stops, and its outcome says why', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { share: 'copy' });
  for (const read of ['chunks', 'batches'] as const) {
    const stream = coalescer.stream('a');
    const reading = readAll(read === 'chunks' ? stream : stream.batches());
    await settled();
    const feed = only.calls.at(-1)!;
    feed.give('1');
    await settled();
    feed.give(() => 'not to be cloned', '3');
    await settled();
    assert.deepEqual([reading.chunks.flat(), codeOfReading(reading)], [['1'], 'COALESCER_NOT_SHAREABLE']);
    assert.deepEqual([coalescer.stats().waiting, coalescer.stats().airborne, feed.signal.aborted], [0, 0, true]);
    const outcome = await stream.outcome;
    assert.equal(outcome.status === 'rejected' && outcome.reason, reading.error);
    const again = readAll(stream);
    await settled();
    assert.deepEqual([again.chunks, again.state], [[], 'ended'], 'told once');
  }
  assert.equal(calls(), 2);
});

test('a batch of copies gives what there is before the chunk that cannot be copied', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { share: 'copy' });
  const batches = coalescer.stream('a').batches()[Symbol.asyncIterator]();
  await settled();
  only.calls[0]!.give('1', '2', () => 'not to be cloned', '3');
  await settled();
  assert.deepEqual((await batches.next()).value, ['1', '2']);
  const next = watch(batches.next());
  await settled();
  assert.equal((next.reason as { code: string }).code, 'COALESCER_NOT_SHAREABLE');
  assert.equal(calls(), 1);
});

test('what is kept for those who want the whole is counted as held, until they have it or are gone', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { streams: { replayBytes: 2_000, lagBytes: 1_000 } });
  const leaving = new AbortController();
  const whole = watch(coalescer.request('a', { signal: leaving.signal }));
  const reading = readAll(coalescer.stream('a'));
  await settled();
  for (let chunk = 0; chunk < 50; chunk++) {
    only.calls[0]!.give(KB);
    await settled();
  }
  assert.ok(coalescer.stats().bytes >= 50_000, `${coalescer.stats().bytes} bytes, of 50 chunks`);
  leaving.abort();
  for (let chunk = 0; chunk < 5; chunk++) {
    only.calls[0]!.give(KB);
    await settled();
  }
  assert.ok(coalescer.stats().bytes < 5_000, `${coalescer.stats().bytes} bytes are held for nobody`);
  only.calls[0]!.end();
  await settled();
  assert.deepEqual([calls(), whole.state, reading.chunks.length, coalescer.stats().bytes], [1, 'rejected', 55, 0]);
});

test('what all have read is let go of soon, however far a reader may lag', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { streams: { replayBytes: 2_000, lagBytes: 1_073_741_824 } });
  const readings = [readAll(coalescer.stream('a')), readAll(coalescer.stream('a'))];
  await settled();
  for (let chunk = 0; chunk < 1_000; chunk++) only.calls[0]!.give(KB);
  for (let turn = 0; turn < 10; turn++) await settled();
  assert.deepEqual([calls(), readings[0]!.chunks.length, readings[1]!.chunks.length], [1, 1_000, 1_000]);
  assert.ok(coalescer.stats().bytes < 200_000, `${coalescer.stats().bytes} bytes are held`);
});

test('an outcome tells of the moment when its reader left or all ended, however late it is asked for', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only });
  const stays = coalescer.stream('a');
  const leaves = coalescer.stream('a');
  const reading = readAll(stays);
  await settled();
  only.calls[0]!.give('1', '2');
  await environment.advance(100);
  await leaves[Symbol.asyncDispose]();
  await environment.advance(100);
  only.calls[0]!.give('3');
  only.calls[0]!.end();
  await environment.advance(1_000);
  const [left, ended] = [await leaves.outcome, await stays.outcome];
  assert.deepEqual([left.status === 'fulfilled' && left.value, left.waitedMs], [2, 100]);
  assert.deepEqual([ended.status === 'fulfilled' && ended.value, ended.waitedMs], [3, 200]);
  assert.deepEqual([calls(), reading.chunks.length], [1, 3]);
  assert.equal(stays.outcome, stays.outcome);
  assert.equal(stays.opened, stays.opened);
});
