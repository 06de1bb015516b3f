// One upstream stream, many readers: each reads the whole from its first chunk, late or early, beside those who ask for the whole at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll } from './stage.js';

test('a hundred readers of one key are one call, and each gets every chunk in order, as it comes', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const readings = Array.from({ length: 100 }, () => readAll(coalescer.stream('a')));
  await settled();
  assert.equal(calls(), 1);
  assert.equal(coalescer.stats().waiting, 100);
  only.calls[0]!.give('one', 'two');
  await settled();
  for (const { chunks, state } of readings) assert.deepEqual([chunks, state], [['one', 'two'], 'reading']);
  only.calls[0]!.give('three');
  only.calls[0]!.end();
  await settled();
  for (const { chunks, state } of readings) assert.deepEqual([chunks, state], [['one', 'two', 'three'], 'ended']);
  assert.deepEqual([coalescer.stats().waiting, coalescer.stats().airborne, coalescer.stats().bytes], [0, 0, 0]);
});

test('it has joined when the call returns, not at the first read', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const stream = coalescer.stream('a');
  assert.equal(coalescer.waiters({ payload: 'a' }), 1);
  await settled();
  assert.equal(calls(), 1);
  await stream[Symbol.asyncDispose]();
  assert.equal(coalescer.waiters({ payload: 'a' }), 0);
});

test('who joins late reads from the first chunk and catches up', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const early = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give('one', 'two');
  await settled();
  const late = readAll(coalescer.stream('a'));
  await settled();
  assert.deepEqual(late.chunks, ['one', 'two']);
  only.calls[0]!.give('three');
  only.calls[0]!.end();
  await settled();
  assert.equal(calls(), 1);
  assert.deepEqual(
    [early.chunks, late.chunks],
    [
      ['one', 'two', 'three'],
      ['one', 'two', 'three'],
    ],
  );
});

test('requests of a streamed key get the list of chunks, from the same flight, whether they come before, amid or behind the first chunk', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const before = watch(coalescer.request('a'));
  await settled();
  only.calls[0]!.give('one');
  await settled();
  const amid = watch(coalescer.request('a'));
  const reader = readAll(coalescer.stream('a'));
  only.calls[0]!.give('two');
  await settled();
  const behind = watch(coalescer.request('a'));
  only.calls[0]!.end();
  await settled();
  assert.equal(calls(), 1);
  for (const { value } of [before, amid, behind]) assert.deepEqual(value, ['one', 'two']);
  assert.deepEqual(reader.chunks, ['one', 'two']);
});

test('who wanted the whole and left, and comes again, misses nothing of what came meanwhile', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const reader = readAll(coalescer.stream('a'));
  const leaving = new AbortController();
  const gone = watch(coalescer.request('a', { signal: leaving.signal }));
  await settled();
  only.calls[0]!.give('one');
  await settled();
  leaving.abort('left');
  only.calls[0]!.give('two');
  await settled();
  const again = watch(coalescer.request('a'));
  only.calls[0]!.give('three');
  only.calls[0]!.end();
  await settled();
  assert.equal(calls(), 1);
  assert.equal(gone.reason, 'left');
  assert.deepEqual(again.value, ['one', 'two', 'three']);
  assert.deepEqual(reader.chunks, ['one', 'two', 'three']);
});

test('`from` skips chunks of the stream in the air, waits for one that is still to come, and never launches', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const whole = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give('0', '1', '2');
  await settled();
  const end = readAll(coalescer.stream('a', { from: 6 }));
  const [second, fifth, beyond] = [readAll(coalescer.stream('a', { from: 1 })), readAll(coalescer.stream('a', { from: 4 })), readAll(coalescer.stream('a', { from: 9 }))]; // biome-ignore format: three of a kind
  only.calls[0]!.give('3', '4', '5');
  only.calls[0]!.end();
  await settled();
  assert.deepEqual([whole.chunks.length, second.chunks, fifth.chunks, beyond.chunks], [6, ['1', '2', '3', '4', '5'], ['4', '5'], []]);
  assert.deepEqual([second.state, fifth.state], ['ended', 'ended']);
  assert.equal(codeOfReading(beyond), 'COALESCER_STREAM_BROKEN', 'what it has before its place is of no stream that ended there');
  assert.deepEqual([end.state, end.chunks], ['ended', []], 'it had all of it');
  const none = readAll(coalescer.stream('a', { from: 6 }));
  await settled();
  assert.equal(calls(), 1);
  assert.equal(codeOfReading(none), 'COALESCER_STREAM_BROKEN');
});

test('past replayBytes nobody can join, those who read go on, and what all have read is let go', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { streams: { replayBytes: 1_000, lagBytes: 4_000 } });
  const first = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give('x'.repeat(900));
  await settled();
  const second = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give('y'.repeat(900));
  await settled();
  const third = readAll(coalescer.stream('a'));
  await settled();
  assert.equal(calls(), 2, 'a flight of its own');
  for (let chunk = 0; chunk < 50; chunk++) {
    only.calls[0]!.give('z'.repeat(900));
    await settled();
  }
  assert.ok(coalescer.stats().bytes < 6_000, `${coalescer.stats().bytes} bytes are held`);
  only.calls[0]!.end();
  only.calls[1]!.end();
  await settled();
  assert.deepEqual([first.chunks.length, second.chunks.length, third.chunks.length], [52, 52, 0]);
  assert.equal(coalescer.stats().bytes, 0);
});

test('batches give all there is at once, and share their place with the stream', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const stream = coalescer.stream('a');
  await settled();
  only.calls[0]!.give('0', '1', '2');
  await settled();
  const iterator = stream[Symbol.asyncIterator]();
  assert.deepEqual(await iterator.next(), { done: false, value: '0' });
  assert.equal(stream.cursor, 1);
  const batches = stream.batches()[Symbol.asyncIterator]();
  assert.deepEqual(await batches.next(), { done: false, value: ['1', '2'] });
  assert.equal(stream.cursor, 3);
  const next = batches.next();
  only.calls[0]!.give('3');
  assert.deepEqual(await next, { done: false, value: ['3'] });
  only.calls[0]!.end();
  assert.equal((await batches.next()).done, true);
  assert.equal(calls(), 1);
});

test('several questions at once are answered in order, and behind the end there is nothing', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  for (const options of [undefined, { timeoutMs: 60_000 }]) {
    const iterator = coalescer.stream('a', options)[Symbol.asyncIterator]();
    const answers = Array.from({ length: 5 }, () => iterator.next());
    await settled();
    const feed = only.calls.at(-1)!;
    feed.give('0', '1');
    await settled();
    feed.give('2');
    feed.end();
    await settled();
    const expected = ['0', '1', '2', undefined, undefined];
    assert.deepEqual((await Promise.all(answers)).map(({ value }) => value), expected); // biome-ignore format: one line
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  }
  assert.equal(calls(), 2);
});

test('a value target gives its value as a stream of one, and a stream of nothing opens when it ends', async () => {
  const { coalescer, settled } = openStreams({ only: { calls: [], spec: { run: (() => Promise.resolve('the value')) as never } } });
  const reading = readAll(coalescer.stream('a'));
  const request = watch(coalescer.request('a'));
  await settled();
  assert.deepEqual([reading.chunks, reading.state, request.value], [['the value'], 'ended', 'the value']);

  const only = fedTarget();
  const empty = openStreams({ only });
  const stream = empty.coalescer.stream('a');
  const opened = watch(stream.opened);
  await empty.settled();
  assert.equal(opened.state, 'pending');
  only.calls[0]!.end();
  await empty.settled();
  assert.equal(opened.state, 'fulfilled');
  assert.equal((await stream.outcome).status, 'fulfilled');
});
