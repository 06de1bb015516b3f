// What is said of targets on this thread holds on all threads, with the next flight of each; and before they have loaded it is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, isCoalescerError, threadTargets } from '../../src/index.js';
import type targets from './fixtures/answer-or-die.js';
import { Tally } from './tally.js';

test('order, weights and breakers are changed on real threads while requests run', async () => {
  const module = new URL('./fixtures/answer-or-die.js', import.meta.url);
  const threads = threadTargets<typeof targets>(module, { config: { tally: new Tally().buffer }, threads: 2, spare: false });
  const coalescer = createCoalescer({ name: 'steered', scope: 'public', targets: threads });
  const { targets: control } = coalescer;
  assert.throws(
    () => control.report(),
    (error) => isCoalescerError(error, 'COALESCER_TARGETS_NOT_LOADED'),
  );
  for (const act of [() => control.order(['primary']), () => control.weights({}), () => control.breaker('primary', 'open')])
    assert.throws(act, (error) => isCoalescerError(error, 'COALESCER_TARGETS_NOT_LOADED'));
  await coalescer.ready();
  let id = 1_000;
  /** Where twenty flights got their answers, on both threads. */
  const answeredBy = async (): Promise<string[]> => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => coalescer.outcome({ id: ++id })));
    return [...new Set(outcomes.map(({ target }) => String(target)))];
  };
  assert.deepEqual(await answeredBy(), ['primary']);
  control.order(['backup', 'primary']);
  assert.deepEqual(await answeredBy(), ['backup']);
  control.order(['primary', 'backup']);
  control.weights({ primary: 0, backup: 1 });
  assert.deepEqual(await answeredBy(), ['backup']);
  control.weights({ primary: 1, backup: 0 });
  assert.deepEqual(await answeredBy(), ['primary']);
  control.breaker('primary', 'open');
  assert.deepEqual(await answeredBy(), ['backup']);
  assert.deepEqual(
    control.report().map(({ target, breaker, forced }) => [target, breaker, forced]).slice(0, 2), // biome-ignore format: one line
    [
      ['primary', 'open', true],
      ['backup', 'closed', false],
    ],
  );
  control.breaker('primary', 'auto');
  assert.deepEqual(await answeredBy(), ['primary']);
  assert.ok((control.report()[0]?.p50Ms ?? 0) > 0, 'latencies are counted on threads, and told here');
  await coalescer.close();
});
