// How long a stream may be silent: for whose time, and which time does not count.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOfReading, fedTarget, openStreams, readAll } from './stage.js';

for (const [own, common] of [
  [500, 5_000],
  [5_000, 500],
] as const) {
  test(`a target’s own idleTimeoutMs, ${own}, goes before that of streams, ${common}`, async () => {
    const only = fedTarget({ idleTimeoutMs: own });
    const { coalescer, settled, environment } = openStreams({ only }, { streams: { idleTimeoutMs: common } });
    const reading = readAll(coalescer.stream('a'));
    await settled();
    only.calls[0]!.give('one');
    await settled();
    await environment.advance(own - 100);
    assert.equal(codeOfReading(reading), 'reading');
    await environment.advance(150);
    assert.equal(codeOfReading(reading), 'COALESCER_STREAM_BROKEN');
  });
}

test('where nobody says otherwise the first chunk has a minute, but of the last target all of the time, and the next ones half a minute', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled, environment } = openStreams({ primary, backup });
  const reading = readAll(coalescer.stream('a'));
  await environment.advance(59_900);
  assert.equal(calls(), 1);
  await environment.advance(150);
  assert.equal(calls(), 2);
  assert.deepEqual([primary.calls[0]!.isClosed, primary.calls[0]!.signal.aborted], [true, true]);
  await environment.advance(300_000);
  assert.equal(codeOfReading(reading), 'reading');
  backup.calls[0]!.give('one');
  await settled();
  await environment.advance(29_900);
  assert.deepEqual([codeOfReading(reading), reading.chunks], ['reading', ['one']]);
  await environment.advance(150);
  assert.deepEqual([codeOfReading(reading), calls()], ['COALESCER_STREAM_BROKEN', 2]);
});

test('the time in which a stream waited for its readers is no part of the silence that begins when it is asked again', async () => {
  const only = fedTarget();
  const { coalescer, settled, environment } = openStreams({ only }, { streams: { idleTimeoutMs: 1_000 }, flightTimeoutMs: 3_600_000 });
  const stream = coalescer.stream('a');
  await settled();
  const call = only.calls[0]!;
  while (call.pulls > call.given) {
    call.give('x'.repeat(10_000));
    await settled();
  }
  await environment.advance(60_300);
  const reading = readAll(stream);
  await settled();
  assert.ok(call.pulls > call.given, 'it is asked for more');
  await environment.advance(900);
  assert.equal(codeOfReading(reading), 'reading');
  call.give('more');
  await settled();
  assert.equal(reading.chunks.at(-1), 'more');
  await environment.advance(2_000);
  assert.equal(codeOfReading(reading), 'COALESCER_STREAM_BROKEN');
});
