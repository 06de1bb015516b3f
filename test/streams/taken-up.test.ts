// A reader that comes back: it takes up its own flight, and no other that has its key by now. Guarantee 5.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptContext } from '../../src/index.js';
import { createCoalescer, threadTargets } from '../../src/index.js';
import type targets from '../threads/fixtures/tell-flights.js';
import { codeOfReading, fedTarget, openStreams, readAll } from './stage.js';

test('with `flight` it takes up that one from its place, and is told where another has the key', async () => {
  const only = fedTarget();
  const { coalescer, settled, calls } = openStreams({ only }, { abandonAfterMs: 50 });
  const first = coalescer.stream('a');
  const { flight } = first;
  assert.equal(flight, 'coalescer#1');
  const reading = readAll(first);
  await settled();
  only.calls[0]!.give('a1', 'b1', 'c1');
  await settled();
  const back = readAll(coalescer.stream('a', { from: 2, flight }));
  await settled();
  assert.deepEqual([reading.chunks, back.chunks], [['a1', 'b1', 'c1'], ['c1']]);
  coalescer.forget({ payload: 'a' });
  const other = coalescer.stream('a');
  const others = readAll(other);
  await settled();
  only.calls[1]!.give('a2', 'b2', 'c2');
  await settled();
  const late = coalescer.stream('a', { from: 2, flight });
  const refused = readAll(late);
  await settled();
  assert.equal(codeOfReading(refused), 'COALESCER_STREAM_BROKEN');
  assert.deepEqual([refused.chunks, late.flight, other.flight, others.chunks.length], [[], '', 'coalescer#2', 3]);
  assert.match(String(refused.error), /flight coalescer#1 is not in the air to go on with from chunk 2/);
  assert.equal(calls(), 2, 'and nothing is launched for it');
});

test('with `flight` alone nothing is launched either', async () => {
  const only = fedTarget();
  const { coalescer, settled, calls } = openStreams({ only });
  const reading = readAll(coalescer.stream('a', { flight: 'coalescer#7' }));
  await settled();
  assert.deepEqual([codeOfReading(reading), calls()], ['COALESCER_STREAM_BROKEN', 0]);
  const bad = readAll(coalescer.stream('a', { flight: 7 as unknown as string }));
  await settled();
  assert.match(String(bad.error), /request options.flight: expected the name of a flight, got 7/);
});

test('a target is told which flight it flies: the same over its attempts, and what its stream says', async () => {
  const told: string[] = [];
  const run = (_: string, { flight, attempt }: AttemptContext): Promise<string> => {
    told.push(flight);
    return attempt === 1 ? Promise.reject(new Error('down')) : Promise.resolve(flight);
  };
  const coalescer = createCoalescer({ name: 'named', scope: 'public', targets: { primary: run, backup: run } });
  assert.deepEqual(await Promise.all([coalescer.request('a'), coalescer.request('b')]), ['named#1', 'named#2']);
  assert.deepEqual(told.toSorted(), ['named#1', 'named#1', 'named#2', 'named#2']);
});

for (const threads of [0, 1]) {
  test(`the same behind a port (threads: ${threads})`, async () => {
    const module = new URL('../threads/fixtures/tell-flights.js', import.meta.url);
    const coalescer = createCoalescer({ name: 'far', scope: 'public', targets: threadTargets<typeof targets>(module, { threads }) });
    const outcomes = await Promise.all([coalescer.outcome('a'), coalescer.outcome('b')]);
    for (const outcome of outcomes) assert.equal(outcome.status === 'fulfilled' && outcome.value, outcome.flight);
    assert.deepEqual(outcomes.map(({ flight }) => flight).toSorted(), ['far#1', 'far#2']);
    await coalescer.close();
  });
}
