// What a stream's flight tells: to its readers beside the chunks (opened, cursor, outcome), to the channels, in its story and in the statistics.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test, type TestContext } from 'node:test';
import { flightOf, type CoalescerError } from '../../src/index.js';
import { httpError, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll, turns } from './stage.js';

/** Messages of a coalescer's channels, without what differs from run to run. */
function listen(context: TestContext, coalescer: string): [channel: string, message: Record<string, unknown>][] {
  const told: [string, Record<string, unknown>][] = [];
  for (const name of ['flight:launched', 'flight:joined', 'flight:settled', 'attempt', 'failover', 'seam', 'refused']) {
    const hear = (message: unknown): void => {
      const heard = message as Record<string, unknown>;
      if (heard['coalescer'] === coalescer) told.push([name, heard]);
    };
    subscribe(`coalescer:${name}`, hear);
    context.after(() => unsubscribe(`coalescer:${name}`, hear));
  }
  return told;
}

test('channels: launch, joins, the attempt that broke off, failover, seam and end, in this order, once each', async (context) => {
  const told = listen(context, 'told');
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled } = openStreams({ primary, backup }, { name: 'told', streams: { midStream: 'verify' } });
  const readings = [readAll(coalescer.stream('a')), readAll(coalescer.stream('a'))];
  const whole = watch(coalescer.request('a'));
  await settled();
  primary.calls[0]!.give('1', '2');
  primary.calls[0]!.fail(httpError(502));
  await turns(settled);
  backup.calls[0]!.give('12');
  await settled();
  assert.equal(told.filter(([name]) => name === 'seam').length, 0, 'not before the next target has said something new');
  backup.calls[0]!.give('3');
  backup.calls[0]!.end();
  await turns(settled);
  assert.equal(calls(), 2);
  assert.deepEqual(told.map(([name]) => name), ['flight:launched', 'flight:joined', 'flight:joined', 'attempt', 'failover', 'seam', 'attempt', 'flight:settled']); // biome-ignore format: one line
  const of = (name: string): Record<string, unknown> => told.find(([its]) => its === name)![1];
  const { from, to, chunk } = of('seam');
  assert.deepEqual([from, to, chunk], ['primary', 'backup', 2]);
  assert.deepEqual([of('failover')['from'], of('failover')['to'], of('failover')['code']], ['primary', 'backup', '502']);
  const { status, target, failedOver, waiters, joins, seams } = of('flight:settled');
  assert.deepEqual([status, target, failedOver, waiters, joins], ['fulfilled', 'backup', true, 3, 2]);
  assert.deepEqual(seams, [{ from: 'primary', to: 'backup', chunk: 2 }]);
  assert.equal(new Set(told.map(([, { flight }]) => flight)).size, 1);
  assert.ok(readings.every(({ state }) => state === 'ended') && whole.state === 'fulfilled');
});

test('outcome tells each reader its own role and time, and how many chunks there were when it left or all ended', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only });
  const [leader, follower, leaves] = [coalescer.stream('a'), coalescer.stream('a'), coalescer.stream('a')];
  const [one, other] = [readAll(leader), readAll(follower)];
  await settled();
  only.calls[0]!.give('1', '2', '3');
  await environment.advance(100);
  await leaves[Symbol.asyncIterator]().next();
  await leaves[Symbol.asyncDispose]();
  const left = await leaves.outcome;
  await environment.advance(100);
  const unread = coalescer.stream('a');
  only.calls[0]!.give('4');
  only.calls[0]!.end();
  await settled();
  assert.equal(calls(), 1);
  assert.deepEqual([one.chunks.length, other.chunks.length], [4, 4]);
  const outcomes = await Promise.all([leader.outcome, follower.outcome, unread.outcome]);
  assert.deepEqual(outcomes.map(({ role, status }) => [role, status]), [['leader', 'fulfilled'], ['follower', 'fulfilled'], ['follower', 'fulfilled']]); // biome-ignore format: one line
  for (const outcome of outcomes) assert.equal(outcome.status === 'fulfilled' && outcome.value, 4);
  assert.deepEqual(outcomes.map(({ waitedMs }) => waitedMs), [200, 200, 0]); // biome-ignore format: one line
  assert.deepEqual([left.role, left.status, left.status === 'fulfilled' && left.value, left.waitedMs], ['follower', 'fulfilled', 3, 100]);
  assert.equal(unread.cursor, 0, 'an outcome reads nothing');
});

test('outcome and opened give the same each time they are asked for, also for the first time when all is over', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled, calls } = openStreams({ primary, backup });
  const [asked, later] = [coalescer.stream('a'), coalescer.stream('a')];
  const [opened, outcome] = [watch(asked.opened), watch(asked.outcome)];
  await settled();
  assert.deepEqual([opened.state, outcome.state], ['pending', 'pending']);
  primary.calls[0]!.fail(httpError(503));
  await turns(settled);
  assert.equal(opened.state, 'pending', 'a failover before the first chunk is nobody’s business');
  backup.calls[0]!.give('1');
  await settled();
  assert.deepEqual([opened.state, outcome.state, calls()], ['fulfilled', 'pending', 2]);
  backup.calls[0]!.fail(httpError(503));
  await turns(settled);
  await later.opened;
  assert.deepEqual(await later.outcome, { ...(await later.outcome) });
  assert.equal((await later.outcome).status, 'rejected');
  assert.equal((outcome.value as { status: string }).status, 'rejected');
  const failed = [coalescer.stream('b'), coalescer.stream('b')];
  const early = watch(failed[0]!.opened);
  await settled();
  primary.calls[1]!.fail(httpError(404));
  await turns(settled);
  assert.equal((early.reason as { status: number }).status, 404);
  await assert.rejects(failed[1]!.opened, (reason) => reason === early.reason);
});

test('the error of a stream that broke off tells of its flight: target, chunks, attempts, key', async () => {
  const only = fedTarget();
  const { coalescer, settled, calls } = openStreams({ only }, { name: 'broken' });
  const stream = coalescer.stream('a');
  const reading = readAll(stream);
  await settled();
  only.calls[0]!.give('1', '2');
  only.calls[0]!.fail(httpError(502));
  await turns(settled);
  assert.equal(calls(), 1);
  const error = reading.error as CoalescerError;
  assert.deepEqual([error.code, error.coalescer, error.chunks, error.key], ['COALESCER_STREAM_BROKEN', 'broken', 2, 'a']);
  assert.deepEqual(error.attempts?.map(({ target, end, status }) => [target, end, status]), [['only', 'failed', 502]]); // biome-ignore format: one line
  assert.match(error.message, /2 chunks/);
  const outcome = await stream.outcome;
  assert.equal(outcome.status === 'rejected' && outcome.reason, error);
  assert.equal(flightOf(error)?.flight, outcome.flight);
  assert.ok(Object.isFrozen(error));
});

test('statistics count readers like any waiter, and no failure of a stream is lost', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled, environment } = openStreams({ primary, backup }, { streams: { midStream: 'verify', lagBytes: 100 } });
  const leaving = new AbortController();
  const stays = readAll(coalescer.stream('a'));
  readAll(coalescer.stream('a', { signal: leaving.signal }));
  readAll(coalescer.stream('a', { timeoutMs: 50 }));
  const lags = coalescer.stream('a');
  const none = readAll(coalescer.stream('nothing in the air', { from: 1 }));
  await settled();
  leaving.abort();
  await environment.advance(100);
  primary.calls[0]!.give('x'.repeat(90), 'y'.repeat(90));
  await turns(settled);
  assert.equal(codeOfReading(readAll(lags)), 'reading');
  primary.calls[0]!.fail(httpError(502));
  await turns(settled);
  backup.calls[0]!.give('x'.repeat(90), 'y'.repeat(90), 'z');
  backup.calls[0]!.end();
  await turns(settled);
  assert.deepEqual(
    [primary.calls.length, backup.calls.length, stays.chunks.length, codeOfReading(none)],
    [1, 1, 3, 'COALESCER_STREAM_BROKEN'],
  );
  const { requests, launched, joined, refused, left, timedOut, failovers, fulfilled, rejected, airborne, waiting, bytes, targets } =
    coalescer.stats();
  assert.deepEqual({ requests, launched, joined, refused }, { requests: 5, launched: 1, joined: 3, refused: 1 });
  assert.deepEqual({ left, timedOut, failovers, fulfilled, rejected }, { left: 2, timedOut: 1, failovers: 1, fulfilled: 1, rejected: 0 });
  assert.deepEqual([airborne, waiting, bytes], [0, 0, 0]);
  assert.deepEqual([targets['primary']?.attempts, targets['primary']?.failures, targets['backup']?.failures], [1, 1, 0]);
});
