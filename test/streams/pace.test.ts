// The upstream is read at the pace of the fastest reader, and by a window ahead of it; who lags too far behind the others is cut off, alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CREDIT_BYTES } from '../../workers/protocol.js';
import { watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, feedWhileAsked, KB, openStreams, readAll, resumableTarget, turns } from './stage.js';

test('a single reader that stands still slows its upstream to a window, and is never cut off', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only }, { streams: { lagBytes: 2_000 }, flightTimeoutMs: 3_600_000 });
  const iterator = coalescer.stream('a')[Symbol.asyncIterator]();
  await settled();
  const given = await feedWhileAsked(only.calls[0]!, 10_000, settled);
  assert.equal(calls(), 1);
  assert.ok(given * KB.length <= CREDIT_BYTES + KB.length, `${given} chunks ahead of a reader that took none`);
  assert.ok(given > 10, 'and not in lockstep');
  await environment.advance(600_000);
  for (let chunk = 0; chunk < 200; chunk++) {
    const next = iterator.next();
    await feedWhileAsked(only.calls[0]!, 1, settled);
    assert.equal((await next).value, KB);
  }
});

test('a reader that stands still is a window behind at most, however many attempts fill it', async () => {
  const [primary, backup] = [resumableTarget(), resumableTarget()];
  const { coalescer, settled } = openStreams({ primary, backup }, { streams: { midStream: 'resume' } });
  const slow = coalescer.stream('a')[Symbol.asyncIterator]();
  await settled();
  const before = await feedWhileAsked(primary.calls[0]!, 50, settled);
  assert.equal(before, 50);
  primary.calls[0]!.fail(new Error('cut'));
  await turns(settled);
  const behind = await feedWhileAsked(backup.calls[0]!, 10_000, settled);
  assert.ok((before + behind) * KB.length <= CREDIT_BYTES + KB.length, `${before} and ${behind} chunks ahead of a reader that took none`);
  for (let taken = 0; taken < 100; taken++) {
    const next = slow.next();
    await feedWhileAsked(backup.calls[0]!, 1, settled);
    assert.equal((await next).value, KB);
  }
});

test('two readers that stand still at the same place slow the upstream like one', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { streams: { lagBytes: 2_000 } });
  const streams = [coalescer.stream('a'), coalescer.stream('a')];
  await settled();
  await feedWhileAsked(only.calls[0]!, 10_000, settled);
  for (const stream of streams) assert.equal((await stream[Symbol.asyncIterator]().next()).value, KB);
  assert.equal(coalescer.stats().waiting, 2);
});

test('one that lags more than lagBytes behind the others is cut off alone, with a typed error and what there was', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { streams: { lagBytes: 10_000 } });
  const stalled = coalescer.stream('a');
  const iterator = stalled[Symbol.asyncIterator]();
  const [one, other] = [readAll(coalescer.stream('a')), readAll(coalescer.stream('a'))];
  await settled();
  only.calls[0]!.give('first');
  await settled();
  assert.equal((await iterator.next()).value, 'first');
  for (let chunk = 0; chunk < 9; chunk++) only.calls[0]!.give(KB);
  await settled();
  assert.equal(coalescer.stats().waiting, 3, 'not yet');
  for (let chunk = 0; chunk < 11; chunk++) only.calls[0]!.give(KB);
  await settled();
  assert.equal(coalescer.stats().waiting, 2);
  const next = watch(iterator.next());
  await settled();
  assert.deepEqual([(next.reason as { code: string }).code], ['COALESCER_SLOW_CONSUMER']);
  assert.equal((await stalled.outcome).status, 'rejected');
  only.calls[0]!.end();
  await settled();
  assert.equal(calls(), 1);
  for (const { chunks, state } of [one, other]) assert.deepEqual([chunks.length, state], [21, 'ended']);
});

test('what a late joiner has to catch up with is no lag', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { streams: { lagBytes: 3_000, replayBytes: 100_000 } });
  const early = readAll(coalescer.stream('a'));
  await settled();
  for (let chunk = 0; chunk < 20; chunk++) only.calls[0]!.give(KB);
  await settled();
  const late = coalescer.stream('a');
  only.calls[0]!.give(KB);
  await settled();
  assert.equal(coalescer.stats().waiting, 2);
  const read = readAll(late);
  only.calls[0]!.end();
  await settled();
  assert.deepEqual([early.chunks.length, read.chunks.length, read.state], [21, 21, 'ended']);
});

test('when the fastest leaves, the next one sets the pace and is not cut off for where it stands', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { streams: { lagBytes: 20_000 } });
  const slow = coalescer.stream('a')[Symbol.asyncIterator]();
  const fast = coalescer.stream('a')[Symbol.asyncIterator]();
  await settled();
  for (let chunk = 0; chunk < 15; chunk++) {
    only.calls[0]!.give(KB);
    await settled();
    await fast.next();
  }
  await fast.return?.();
  const more = await feedWhileAsked(only.calls[0]!, 10_000, settled);
  assert.equal(coalescer.stats().waiting, 1, 'alone, it is the fastest');
  assert.ok(more * KB.length <= CREDIT_BYTES + KB.length, `and it has not gone on: the window was filled, with ${more} chunks`);
  let taken = 0;
  for (; taken < 100; taken++) {
    const next = slow.next();
    await feedWhileAsked(only.calls[0]!, 1, settled);
    assert.equal((await next).value, KB);
  }
});

test('those who want the whole read as fast as it comes, up to resultBytes: then they are told, and readers read on', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { limits: { resultBytes: 5_000 } });
  const wants = [watch(coalescer.request('a')), watch(coalescer.request('a', { timeoutMs: 60_000 }))];
  const reader = readAll(coalescer.stream('a'));
  await settled();
  for (let chunk = 0; chunk < 8; chunk++) only.calls[0]!.give(KB);
  await settled();
  for (const { reason } of wants)
    assert.deepEqual([(reason as { code: string }).code, (reason as { limit: string }).limit], ['COALESCER_LIMIT', 'resultBytes']);
  assert.equal(wants[0]!.reason, wants[1]!.reason);
  only.calls[0]!.end();
  await settled();
  assert.deepEqual([reader.chunks.length, reader.state, calls()], [8, 'ended', 1]);
  const alone = watch(coalescer.request('b'));
  await settled();
  for (let chunk = 0; chunk < 8; chunk++) only.calls[1]!.give(KB);
  await settled();
  assert.equal((alone.reason as { limit: string }).limit, 'resultBytes');
  assert.equal(only.calls[1]!.signal.aborted, true, 'nobody reads: it is stopped');
});

test('when those who want the whole are told that it is too large, the reader that is left sets the pace', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { limits: { resultBytes: 100_000 }, streams: { lagBytes: 120_000 } });
  const slow = coalescer.stream('a')[Symbol.asyncIterator]();
  const whole = watch(coalescer.request('a'));
  await settled();
  await feedWhileAsked(only.calls[0]!, 10_000, settled);
  assert.equal((whole.reason as { limit: string }).limit, 'resultBytes');
  assert.equal(coalescer.stats().waiting, 1, 'alone, it is the fastest');
  for (let taken = 0; taken < 300; taken++) {
    const next = slow.next();
    await feedWhileAsked(only.calls[0]!, 1, settled);
    assert.equal((await next).value, KB);
  }
});

test('a reader that gets copies gets its own, at its own pace', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { share: 'copy' });
  const [one, other] = [readAll(coalescer.stream('a')), readAll(coalescer.stream('a'))];
  await settled();
  const chunk = { list: [1] };
  only.calls[0]!.give(chunk);
  await settled();
  (one.chunks[0] as { list: number[] }).list.push(2);
  only.calls[0]!.give(() => 'not to be cloned');
  await settled();
  assert.deepEqual(other.chunks, [{ list: [1] }]);
  assert.notEqual(other.chunks[0], chunk);
  assert.deepEqual([codeOfReading(one), codeOfReading(other)], ['COALESCER_NOT_SHAREABLE', 'COALESCER_NOT_SHAREABLE']);
});
