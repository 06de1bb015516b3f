// Who shares a stream and who does not: scope, key, route, age, freshness, and what forget and close make of it. RELIABILITY I5, I6, I8.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { countedEnvironment, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll } from './stage.js';

test('no chunk reaches another scope, another key or one who does not share', async () => {
  const only = fedTarget();
  const environment = countedEnvironment();
  const coalescer = createCoalescer({ scope: 'per-request', environment, targets: { only: only.spec } });
  const asked = [
    ['a', 'acme'],
    ['a', 'globex'],
    ['b', 'acme'],
    ['a', 'acme'],
  ] as const;
  const readings = asked.map(([payload, scope]) => readAll(coalescer.stream(payload, { scope })));
  const alone = readAll(coalescer.stream('a', { scope: 'acme', key: null }));
  const named = readAll(coalescer.stream('c', { scope: 'acme', key: 'named' }));
  await environment.advance(0);
  assert.deepEqual(only.calls.map(({ payload }) => payload), ['a', 'a', 'b', 'a', 'c']); // biome-ignore format: one line
  for (const [index, feed] of only.calls.entries()) feed.give(`chunk of call ${index}`);
  await environment.advance(0);
  const first = readAll(coalescer.stream('a', { scope: 'acme' }));
  const foreign = readAll(coalescer.stream('a', { scope: 'initech', from: 1 }));
  const nobody = readAll(coalescer.stream('a', { scope: 'acme', key: null, from: 1 }));
  for (const feed of only.calls) feed.end();
  await environment.advance(0);
  assert.deepEqual(readings.map(({ chunks }) => chunks), [['chunk of call 0'], ['chunk of call 1'], ['chunk of call 2'], ['chunk of call 0']]); // biome-ignore format: one line
  assert.deepEqual([alone.chunks, named.chunks, first.chunks], [['chunk of call 3'], ['chunk of call 4'], ['chunk of call 0']]);
  for (const reading of [foreign, nobody]) assert.deepEqual([reading.chunks, codeOfReading(reading)], [[], 'COALESCER_STREAM_BROKEN']);
  assert.equal(only.calls.length, 5);
});

test('a stream without a scope where each needs one is refused, and is read like one that failed', async () => {
  const only = fedTarget();
  const environment = countedEnvironment();
  const coalescer = createCoalescer({ scope: 'per-request', environment, targets: { only: only.spec } });
  const readings = [undefined, null, ''].map((scope) => readAll(coalescer.stream('a', { scope } as never)));
  await environment.advance(0);
  assert.equal(only.calls.length, 0);
  for (const reading of readings) assert.equal(codeOfReading(reading), 'COALESCER_SCOPE_MISSING');
});

test('a stream older than joinWithinMs is not joined, nor is one that a fresh request has passed; `from` goes by it too', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only }, { joinWithinMs: 1_000 });
  const first = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give('1');
  await environment.advance(900);
  const joins = readAll(coalescer.stream('a'));
  await environment.advance(200);
  const tooLate = readAll(coalescer.stream('a', { from: 1 }));
  await settled();
  assert.deepEqual([calls(), codeOfReading(tooLate)], [1, 'COALESCER_STREAM_BROKEN']);
  const second = readAll(coalescer.stream('a'));
  await settled();
  assert.equal(calls(), 2);
  const fresh = readAll(coalescer.stream('a', { fresh: true }));
  await settled();
  assert.equal(calls(), 3);
  const withFresh = readAll(coalescer.stream('a'));
  for (const [index, feed] of only.calls.entries()) {
    feed.give(`of ${index}`);
    feed.end();
  }
  await settled();
  assert.equal(calls(), 3);
  assert.deepEqual(
    [first, joins, second, fresh, withFresh].map(({ chunks }) => chunks),
    [['1', 'of 0'], ['1', 'of 0'], ['of 1'], ['of 2'], ['of 2']],
  );
});

test('`targets` makes a stream of its own, in the order said', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled } = openStreams({ primary, backup });
  const usual = readAll(coalescer.stream('a'));
  const routed = readAll(coalescer.stream('a', { targets: ['backup', 'primary'] }));
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  backup.calls[0]!.fail(new Error('no'));
  for (let turn = 0; turn < 5; turn++) await settled();
  assert.equal(calls(), 3);
  primary.calls[0]!.give('usual');
  primary.calls[1]!.give('routed');
  for (const feed of primary.calls) feed.end();
  await settled();
  assert.deepEqual([usual.chunks, routed.chunks], [['usual'], ['routed']]);
});

test('forget: readers read on to the end, the next asks anew, and the old one’s end takes nothing from the new', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const old = readAll(coalescer.stream('a'));
  const leaves = coalescer.stream('a');
  await settled();
  only.calls[0]!.give('old');
  await settled();
  assert.equal(coalescer.forget({ payload: 'a' }), 1);
  const next = readAll(coalescer.stream('a'));
  await settled();
  assert.equal(calls(), 2);
  await leaves[Symbol.asyncDispose]();
  only.calls[0]!.end();
  await settled();
  const joins = readAll(coalescer.stream('a'));
  await settled();
  only.calls[1]!.give('new');
  only.calls[1]!.end();
  await settled();
  assert.equal(calls(), 2);
  assert.deepEqual([old.chunks, next.chunks, joins.chunks], [['old'], ['new'], ['new']]);
});

test('close lets streams end within its time, lets late joiners in meanwhile and refuses others; what is left then fails', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled, environment } = openStreams({ only });
  const [ends, never] = [readAll(coalescer.stream('ends')), readAll(coalescer.stream('never'))];
  const unread = coalescer.stream('never');
  await settled();
  for (const feed of only.calls) feed.give('1');
  await settled();
  const closed = watch(coalescer.close({ drainMs: 1_000 }));
  const late = readAll(coalescer.stream('ends'));
  const refused = readAll(coalescer.stream('other'));
  await settled();
  only.calls[0]!.give('2');
  only.calls[0]!.end();
  await environment.advance(900);
  assert.deepEqual([closed.state, never.state, codeOfReading(refused)], ['pending', 'reading', 'COALESCER_CLOSED']);
  await environment.advance(200);
  assert.deepEqual([ends.chunks, late.chunks, ends.state], [['1', '2'], ['1', '2'], 'ended']);
  assert.deepEqual([never.chunks, codeOfReading(never), closed.state], [['1'], 'COALESCER_CLOSED', 'fulfilled']);
  assert.deepEqual([only.calls[1]!.signal.aborted, only.calls[1]!.isClosed, calls()], [true, true, 2]);
  const reading = readAll(unread);
  await settled();
  assert.deepEqual([reading.chunks, codeOfReading(reading)], [['1'], 'COALESCER_CLOSED']);
  assert.equal(environment.timers(), 0);
});

test('waitersPerFlight holds for readers: the one too many is refused, and the others read on', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { limits: { waitersPerFlight: 2 } });
  const readings = [1, 2, 3].map(() => readAll(coalescer.stream('a')));
  await settled();
  only.calls[0]!.give('1');
  only.calls[0]!.end();
  await settled();
  assert.equal(calls(), 1);
  assert.deepEqual(readings.map(({ chunks }) => chunks), [['1'], ['1'], []]); // biome-ignore format: one line
  assert.equal(codeOfReading(readings[2]!), 'COALESCER_LIMIT');
  assert.equal((readings[2]!.error as { limit?: string }).limit, 'waitersPerFlight');
  const { requests, launched, joined, refused } = coalescer.stats();
  assert.deepEqual([requests, launched, joined, refused], [3, 1, 1, 1]);
});

test('a flight whose last reader left is joined by nobody: who comes in that tick gets one of its own', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const gone = coalescer.stream('a');
  await settled();
  only.calls[0]!.give('old');
  await settled();
  void gone[Symbol.asyncDispose]();
  const next = readAll(coalescer.stream('a'));
  assert.equal(only.calls[0]!.signal.aborted, true);
  only.calls[0]!.give('older');
  await settled();
  assert.equal(calls(), 2);
  only.calls[1]!.give('new');
  only.calls[1]!.end();
  await settled();
  assert.deepEqual([next.chunks, next.state], [['new'], 'ended']);
});
