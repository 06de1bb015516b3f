// A stream that breaks off when readers have begun to read: it fails with a typed error, or goes on exactly where it was, and never splices two answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flightOf, type CoalescerError } from '../../src/index.js';
import { httpError, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll, resumableTarget, type FedTarget } from './stage.js';

async function flyTo(target: FedTarget, settled: () => Promise<void>, call = 0): Promise<FedTarget['calls'][number]> {
  for (let turn = 0; target.calls[call] === undefined && turn < 20; turn++) await settled();
  return target.calls[call]!;
}

for (const status of [502, 404]) {
  test(`'fail': an error of status ${status} in mid-air is one typed error for all, with what was delivered, and nobody else is called`, async () => {
    const [primary, backup] = [fedTarget(), fedTarget()];
    const { coalescer, calls, settled } = openStreams({ primary, backup });
    const readings = [readAll(coalescer.stream('a')), readAll(coalescer.stream('a'))];
    const whole = watch(coalescer.request('a'));
    await settled();
    primary.calls[0]!.give('one', 'two');
    const cause = httpError(status);
    primary.calls[0]!.fail(cause);
    await settled();
    assert.equal(calls(), 1);
    for (const { chunks, error } of readings) {
      assert.deepEqual(
        [chunks, (error as CoalescerError).code, (error as CoalescerError).chunks],
        [['one', 'two'], 'COALESCER_STREAM_BROKEN', 2],
      );
      assert.equal((error as CoalescerError).cause, cause);
      assert.equal(flightOf(error)?.attempts[0]?.target, 'primary');
    }
    assert.equal(whole.reason, readings[0]!.error);
  });
}

test('before its first chunk a stream fails over like a value, and nobody knows', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled } = openStreams({ primary, backup });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.fail(httpError(500));
  const second = await flyTo(backup, settled);
  second.give('one');
  second.end();
  await settled();
  assert.equal(calls(), 2);
  assert.deepEqual([reading.chunks, reading.state], [['one'], 'ended']);
});

/** What was delivered, what the next target says, and what readers have in the end; `null`: it is another answer. */
const replays: Readonly<
  Record<string, readonly [first: readonly unknown[], second: readonly unknown[], whole: readonly unknown[] | null]>
> = {
  'the same chunks': [
    ['ab', 'cd'],
    ['ab', 'cd', 'ef'],
    ['ab', 'cd', 'ef'],
  ],
  'text cut elsewhere': [
    ['ab', 'cd'],
    ['a', 'bcde', 'f'],
    ['ab', 'cd', 'e', 'f'],
  ],
  'text cut in a surrogate pair': [['a\ud83d'], ['a\ud83d\ude00b'], ['a\ud83d', '\ude00b']],
  'the end exactly where it broke': [['ab', 'cd'], ['abcd'], ['ab', 'cd']],
  'bytes cut elsewhere': [
    [Buffer.from('é').subarray(0, 1)],
    [Buffer.from('éa')],
    [Buffer.from('é').subarray(0, 1), Buffer.from('éa').subarray(1)],
  ],
  'objects with properties in another order': [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }, { c: 3 }], [{ a: 1, b: 2 }, { c: 3 }]],
  'text and objects': [
    ['a', { n: 1 }, 'b'],
    ['a', { n: 1 }, 'bc', { n: 2 }],
    ['a', { n: 1 }, 'b', 'c', { n: 2 }],
  ],
  'other text': [['ab', 'cd'], ['ab', 'cx'], null],
  'shorter text': [['ab', 'cd'], ['ab', 'c'], null],
  'nothing at all': [['ab'], [], null],
  'objects instead of one': [[{ a: 1 }, { a: 2 }], [{ a: 1 }, { a: 3 }], null],
  'text where an object was': [[{ a: 1 }], ['a'], null],
  'an object where text was': [['a'], [{ a: 1 }], null],
  'borders of objects count': [[{ a: 1 }, { a: 2 }], [[{ a: 1 }, { a: 2 }]], null],
  'text that looks like a border': [['a|text 1|b'], ['a', { b: 1 }], null],
};
for (const [what, [first, second, whole]] of Object.entries(replays)) {
  test(`'verify': the next target says ${what}`, async () => {
    const [primary, backup] = [fedTarget(), fedTarget()];
    const { coalescer, calls, settled } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
    const reading = readAll(coalescer.stream('a'));
    await settled();
    primary.calls[0]!.give(...first);
    primary.calls[0]!.fail(httpError(502));
    const again = await flyTo(backup, settled);
    const late = readAll(coalescer.stream('a'));
    again.give(...second);
    again.end();
    await settled();
    assert.equal(calls(), 2);
    assert.deepEqual(reading.chunks.slice(0, first.length), first);
    if (whole === null) {
      assert.deepEqual([codeOfReading(reading), codeOfReading(late)], ['COALESCER_STREAM_DIVERGED', 'COALESCER_STREAM_DIVERGED']);
      assert.deepEqual([reading.chunks, (reading.error as CoalescerError).chunks], [first, first.length]);
    } else assert.deepEqual([reading.chunks, late.chunks, reading.state], [whole, whole, 'ended']);
  });
}

test("'verify': a difference is told as soon as it is there, not when the other answer ends", async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give('one ', 'two ');
  primary.calls[0]!.fail(httpError(502));
  const again = await flyTo(backup, settled);
  again.give('one ', 'too ');
  await settled();
  assert.equal(calls(), 2);
  assert.deepEqual([codeOfReading(reading), again.signal.aborted, again.isClosed], ['COALESCER_STREAM_DIVERGED', true, true]);
  assert.match(String(await coalescer.explain({ payload: 'a' })), /settled: as rejected, why diverged/);
});

test("'verify': a target that breaks off while it says again what was known costs nothing, and the third goes on", async () => {
  const [primary, backup, third] = [fedTarget(), fedTarget(), fedTarget()];
  const { coalescer, calls, settled } = openStreams({ primary, backup, third }, { streams: { midStream: 'verify' } });
  const stream = coalescer.stream('a');
  const reading = readAll(stream);
  await settled();
  primary.calls[0]!.give('one ', 'two ');
  primary.calls[0]!.fail(httpError(502));
  const second = await flyTo(backup, settled);
  second.give('one ');
  second.fail(httpError(502));
  const last = await flyTo(third, settled);
  last.give('one two three');
  last.end();
  await settled();
  assert.equal(calls(), 3);
  assert.equal(reading.chunks.join(''), 'one two three');
  assert.deepEqual((await stream.outcome).seams, [{ from: 'primary', to: 'third', chunk: 2 }]);
});

test("'verify': two seams in one stream are told, and explained", async () => {
  const [primary, backup, third] = [fedTarget(), fedTarget(), fedTarget()];
  const { coalescer, calls, settled } = openStreams({ primary, backup, third }, { streams: { midStream: 'verify' } });
  const stream = coalescer.stream('a');
  const reading = readAll(stream);
  await settled();
  primary.calls[0]!.give('1');
  primary.calls[0]!.fail(httpError(502));
  const second = await flyTo(backup, settled);
  second.give('12');
  second.fail(httpError(502));
  const last = await flyTo(third, settled);
  last.give('123');
  last.end();
  await settled();
  assert.equal(calls(), 3);
  assert.deepEqual(reading.chunks, ['1', '2', '3']);
  assert.deepEqual((await stream.outcome).seams, [{ from: 'primary', to: 'backup', chunk: 1 }, { from: 'backup', to: 'third', chunk: 2 }]); // biome-ignore format: one line
  assert.match(
    String(await coalescer.explain({ payload: 'a' })),
    /seam: from primary, to backup, chunk 1[\s\S]*seam: from backup, to third, chunk 2/,
  );
});

test("'resume': a target goes on from all that was delivered, and one that cannot is passed over", async () => {
  const [primary, backup, third] = [resumableTarget(), fedTarget(), resumableTarget()];
  const { coalescer, calls, settled, environment } = openStreams({ primary, backup, third }, { streams: { midStream: 'resume' } });
  const reading = readAll(coalescer.stream('a'));
  const whole = watch(coalescer.request('a'));
  await settled();
  primary.calls[0]!.give('one', 'two');
  primary.calls[0]!.fail(httpError(502));
  const resumed = await flyTo(third, settled);
  assert.deepEqual(resumed.delivered, ['one', 'two']);
  resumed.give('three');
  resumed.fail(httpError(502));
  await settled();
  assert.equal(calls(), 2, 'the same target again only after a backoff');
  await environment.advance(10_000);
  assert.deepEqual(primary.calls[1]!.delivered, ['one', 'two', 'three']);
  primary.calls[1]!.give('four');
  primary.calls[1]!.end();
  await settled();
  assert.equal(calls(), 3);
  assert.deepEqual(
    [reading.chunks, reading.state, whole.value],
    [['one', 'two', 'three', 'four'], 'ended', ['one', 'two', 'three', 'four']],
  );
});

test("'resume': with nobody left who can, or with more delivered than is kept, it is broken", async () => {
  for (const [delivered, backup] of [
    ['x', fedTarget()],
    ['x'.repeat(2_000), resumableTarget()],
  ] as const) {
    const primary = fedTarget();
    const { coalescer, calls, settled } = openStreams({ primary, backup }, { streams: { midStream: 'resume', replayBytes: 1_000 } });
    const reading = readAll(coalescer.stream('a'));
    await settled();
    primary.calls[0]!.give(delivered);
    primary.calls[0]!.fail(httpError(502));
    for (let turn = 0; turn < 5; turn++) await settled();
    assert.equal(calls(), 1);
    assert.deepEqual([reading.chunks, codeOfReading(reading)], [[delivered], 'COALESCER_STREAM_BROKEN']);
  }
});

test('isComplete makes of an end a failure: before the first chunk it fails over, in mid-air it is broken or goes on', async () => {
  const isComplete = (last: unknown, count: number): boolean => last === 'end' && count === 2;
  for (const midStream of ['fail', 'verify'] as const) {
    const [primary, backup] = [fedTarget({ isComplete }), fedTarget({ isComplete })];
    const { coalescer, settled, calls } = openStreams({ primary, backup }, { streams: { midStream } });
    const empty = readAll(coalescer.stream('empty'));
    await settled();
    primary.calls[0]!.end();
    const second = await flyTo(backup, settled);
    second.give('a', 'end');
    second.end();
    await settled();
    assert.deepEqual([empty.chunks, empty.state, calls()], [['a', 'end'], 'ended', 2]);
    const cut = readAll(coalescer.stream('cut'));
    await settled();
    primary.calls[1]!.give('a');
    primary.calls[1]!.end();
    for (let turn = 0; turn < 5; turn++) await settled();
    if (midStream === 'fail') assert.deepEqual([codeOfReading(cut), calls()], ['COALESCER_STREAM_BROKEN', 3]);
    else {
      backup.calls[1]!.give('a', 'end');
      backup.calls[1]!.end();
      await settled();
      assert.deepEqual([cut.chunks, cut.state, calls()], [['a', 'end'], 'ended', 4]);
    }
  }
});

test('an isComplete that throws is a failure with what it throws', async () => {
  const primary = fedTarget({
    isComplete: () => {
      throw new Error('mine');
    },
  });
  const { coalescer, settled, calls } = openStreams({ primary });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give('a');
  primary.calls[0]!.end();
  await settled();
  assert.equal(calls(), 1);
  assert.equal(((reading.error as CoalescerError).cause as Error).message, 'mine');
});

test('a value that comes in place of the rest of a stream is compared with it like a chunk', async () => {
  const primary = fedTarget();
  const backup: FedTarget = { calls: [], spec: { run: (() => Promise.resolve('one two')) as never } };
  const { coalescer, settled } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
  const reading = readAll(coalescer.stream('a'));
  const whole = watch(coalescer.request('a'));
  await settled();
  primary.calls[0]!.give('one');
  primary.calls[0]!.fail(httpError(502));
  for (let turn = 0; turn < 5; turn++) await settled();
  assert.deepEqual([reading.chunks, reading.state, whole.value], [['one', ' two'], 'ended', ['one', ' two']]);
});

test('an isComplete that says a promise has not said that the stream is complete, and is no crash where that rejects', async () => {
  for (const said of [() => Promise.reject(new Error('late')), () => Promise.resolve(true)]) {
    const only = fedTarget({ isComplete: said as never });
    const { coalescer, settled } = openStreams({ only });
    const reading = readAll(coalescer.stream('a'));
    await settled();
    assert.equal(only.calls.length, 1);
    only.calls[0]!.give('one');
    only.calls[0]!.end();
    for (let turn = 0; turn < 5; turn++) await settled();
    assert.deepEqual([reading.chunks, codeOfReading(reading)], [['one'], 'COALESCER_STREAM_BROKEN']);
  }
});
