// midStream 'resume' with targets that do not do what they should, and both mends beside what else may happen to a flight.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoalescerError } from '../../src/index.js';
import { packBody } from '../../workers/body.js';
import { Delivered } from '../../workers/delivered.js';
import { Wire } from '../../workers/wire.js';
import { httpError, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll, resumableTarget, turns, type FedTarget } from './stage.js';

type Resume = NonNullable<FedTarget['spec']['resume']>;
const resumedBy = (resume: () => unknown): FedTarget => ({ calls: [], spec: { ...fedTarget().spec, resume: resume as Resume } });

const failing: Readonly<Record<string, () => unknown>> = {
  'throws at once': () => {
    throw httpError(503);
  },
  rejects: () => Promise.reject(httpError(503)),
  'has an iterator that throws': () => ({
    [Symbol.asyncIterator]: () => ({
      next() {
        throw httpError(503);
      },
    }),
  }),
  'gives no result object': () => ({ [Symbol.asyncIterator]: () => ({ next: async () => 1 }) }),
};
for (const [how, resume] of Object.entries(failing)) {
  test(`a resume that ${how} is an attempt that failed: the next one goes on from the same place`, async () => {
    let asked = 0;
    const [primary, backup, third] = [fedTarget(), resumedBy(() => (asked++, resume())), resumableTarget()];
    const { coalescer, settled, calls } = openStreams({ primary, backup, third }, { streams: { midStream: 'resume' } });
    const stream = coalescer.stream('a');
    const reading = readAll(stream);
    await settled();
    primary.calls[0]!.give('1', '2');
    primary.calls[0]!.fail(httpError(502));
    await turns(settled);
    assert.deepEqual([asked, calls()], [1, 2]);
    assert.deepEqual(third.calls[0]!.delivered, ['1', '2']);
    third.calls[0]!.give('3');
    third.calls[0]!.end();
    await settled();
    assert.deepEqual([reading.chunks, reading.state], [['1', '2', '3'], 'ended']);
    assert.deepEqual((await stream.outcome).seams, [{ from: 'primary', to: 'third', chunk: 2 }]);
  });
}

test('a resume with nothing to add ends the stream as it is; one that gives a value adds that one', async () => {
  for (const [resume, rest] of [
    [async function* () {}, []],
    [() => Promise.resolve('the rest'), ['the rest']],
  ] as const) {
    const [primary, backup] = [fedTarget(), resumedBy(resume)];
    const { coalescer, settled } = openStreams({ primary, backup }, { streams: { midStream: 'resume' } });
    const reading = readAll(coalescer.stream('a'));
    const whole = watch(coalescer.request('a'));
    await settled();
    primary.calls[0]!.give('1');
    primary.calls[0]!.fail(httpError(502));
    await turns(settled);
    assert.equal(primary.calls.length, 1);
    assert.deepEqual([reading.chunks, reading.state, whole.value], [['1', ...rest], 'ended', ['1', ...rest]]);
  }
});

test('isComplete of a target that resumed sees the last chunk and the count of the one sequence', async () => {
  const seen: unknown[] = [];
  const isComplete = (last: unknown, count: number): boolean => (seen.push([last, count]), last === 'end');
  const [primary, backup] = [resumableTarget({ isComplete }), resumableTarget({ isComplete })];
  const { coalescer, settled, calls } = openStreams({ primary, backup }, { streams: { midStream: 'resume' } });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give('1');
  primary.calls[0]!.end();
  await turns(settled);
  assert.equal(calls(), 2);
  assert.deepEqual(seen, [['1', 1]]);
  backup.calls[0]!.give('2', 'end');
  backup.calls[0]!.end();
  await settled();
  assert.deepEqual(seen, [['1', 1], ['end', 3]]); // biome-ignore format: one line
  assert.deepEqual([reading.chunks, reading.state], [['1', '2', 'end'], 'ended']);
});

test('an answer in mid-air is final: nobody mends a stream that its target has ended for good', async () => {
  for (const midStream of ['verify', 'resume'] as const) {
    const [primary, backup] = [fedTarget({ classify: () => 'answer' }), resumableTarget()];
    const { coalescer, settled, calls } = openStreams({ primary, backup }, { streams: { midStream } });
    const reading = readAll(coalescer.stream('a'));
    await settled();
    primary.calls[0]!.give('1');
    const cause = new Error('for good');
    primary.calls[0]!.fail(cause);
    await turns(settled);
    assert.equal(calls(), 1);
    assert.deepEqual([reading.chunks, codeOfReading(reading)], [['1'], 'COALESCER_STREAM_BROKEN']);
    assert.equal((reading.error as CoalescerError).cause, cause);
  }
});

test('a stream whose target is not replayable is not begun again in mid-air', async () => {
  const [primary, backup] = [fedTarget({ replayable: false }), fedTarget()];
  const { coalescer, settled, calls } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give('1');
  primary.calls[0]!.fail(httpError(502));
  await turns(settled);
  assert.equal(calls(), 1);
  assert.deepEqual([reading.chunks, codeOfReading(reading)], [['1'], 'COALESCER_STREAM_BROKEN']);
});

test('while the next target says again what is known, readers may come, wait and leave, and the last one stops it', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled, calls } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
  const first = coalescer.stream('a');
  const stays = coalescer.stream('a');
  const reading = readAll(first);
  await settled();
  primary.calls[0]!.give('1', '2', '3');
  primary.calls[0]!.fail(httpError(502));
  await turns(settled);
  assert.equal(calls(), 2);
  backup.calls[0]!.give('1');
  await settled();
  await first[Symbol.asyncDispose]();
  const late = coalescer.stream('a', { from: 2 });
  const [three, four] = [late[Symbol.asyncIterator]().next(), late[Symbol.asyncIterator]().next()].map((next) => watch(next));
  await settled();
  assert.deepEqual([three!.value, four!.state], [{ done: false, value: '3' }, 'pending']);
  backup.calls[0]!.give('23', '4');
  await settled();
  assert.deepEqual(four!.value, { done: false, value: '4' });
  assert.equal(stays.cursor, 0);
  await late[Symbol.asyncDispose]();
  assert.equal(backup.calls[0]!.signal.aborted, false);
  const batch = (await stays.batches()[Symbol.asyncIterator]().next()).value as unknown[];
  assert.deepEqual(batch, ['1', '2', '3', '4']);
  await stays[Symbol.asyncDispose]();
  assert.deepEqual([backup.calls[0]!.signal.aborted, backup.calls[0]!.isClosed, coalescer.stats().bytes], [true, true, 0]);
  assert.deepEqual([reading.state, calls()], ['ended', 2]);
});

test('what the old target still says after the failover reaches nobody', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled, calls, environment } = openStreams(
    { primary, backup },
    { streams: { midStream: 'verify', idleTimeoutMs: 1_000 } },
  );
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give('1');
  await environment.advance(1_100);
  assert.equal(calls(), 2);
  assert.deepEqual([primary.calls[0]!.signal.aborted, primary.calls[0]!.isClosed], [true, true]);
  primary.calls[0]!.give('late');
  primary.calls[0]!.end();
  await settled();
  backup.calls[0]!.give('1', '2');
  primary.calls[0]!.give('later');
  backup.calls[0]!.end();
  await settled();
  assert.deepEqual([reading.chunks, reading.state], [['1', '2'], 'ended']);
});

test('maxAttempts bounds the mends too, and the error tells every attempt', async () => {
  const targets = { one: fedTarget(), two: fedTarget(), three: fedTarget() };
  const { coalescer, settled, calls } = openStreams(targets, { streams: { midStream: 'verify' }, maxAttempts: 2 });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  for (const target of [targets.one, targets.two]) {
    target.calls[0]!.give('1');
    target.calls[0]!.fail(httpError(502));
    await turns(settled);
  }
  assert.equal(calls(), 2);
  assert.deepEqual([reading.chunks, codeOfReading(reading)], [['1'], 'COALESCER_STREAM_BROKEN']);
  assert.deepEqual((reading.error as CoalescerError).attempts?.map(({ target }) => target), ['one', 'two']); // biome-ignore format: one line
});

test('the last target left is not cut off by the first-chunk time, though attempts are left', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled, calls, environment } = openStreams(
    { primary, backup },
    { streams: { firstChunkTimeoutMs: 1_000 }, flightTimeoutMs: 60_000, maxAttempts: 5 },
  );
  const reading = readAll(coalescer.stream('a'));
  await settled();
  await environment.advance(1_050);
  assert.equal(calls(), 2);
  await environment.advance(30_000);
  backup.calls[0]!.give('in its own time');
  backup.calls[0]!.end();
  await settled();
  assert.deepEqual([reading.chunks, reading.state, calls()], [['in its own time'], 'ended', 2]);
});

test('resume gets what earlier lives gave as new, each time', () => {
  const wire = new Wire();
  const { kind, data: bytes } = packBody([{ text: 'one' }], wire.packValue);
  const delivered = new Delivered(wire, 1_000, [kind, bytes]);
  for (const chunk of delivered.all() as { text: string }[]) chunk.text = 'written';
  assert.deepEqual(delivered.all(), [{ text: 'one' }]);
});
