// The gate's word on made-up samples: certain of what is slower, silent about noise, strict about counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideCounts, decideRow, isRefused, type Pair, pairsOf } from '../../bench/gate/decision.js';
import { randomOf } from '../../bench/measure/statistics.js';

/** Ten pairs on a machine that is up to `noise` slower now and then, each child for itself. */
function pairsWith(slowdown: number, noise: number, seed: number): Pair[] {
  const random = randomOf(seed);
  const sample = (true_: number): number => true_ * (1 + noise * random());
  return Array.from({ length: 10 }, () => ({ base: sample(100), head: sample(100 * slowdown) }));
}

test('a build that is a fifth slower is caught through noise of a tenth, every time', () => {
  for (let seed = 0; seed < 100; seed++) assert.equal(decideRow('row', pairsWith(1.2, 0.1, seed), 1.07).verdict, 'slower', `seed ${seed}`);
});

test('an unchanged build passes through noise of a tenth, every time', () => {
  for (let seed = 0; seed < 150; seed++) assert.equal(decideRow('row', pairsWith(1, 0.1, seed), 1.07).verdict, 'same', `seed ${seed}`);
});

test('an unchanged build passes on a machine where children take up to three times as long', () => {
  let refused = 0;
  for (let seed = 0; seed < 200; seed++) if (decideRow('row', pairsWith(1, 2, seed), 1.1).verdict === 'slower') refused++;
  assert.ok(refused <= 4, `${refused} of 200`);
});

test('what may as well be within the threshold is not slower', () => {
  const pairs = [100, 104, 108, 112, 116, 120, 124].map((head) => ({ base: 100, head }));
  const { ratio, verdict } = decideRow('row', pairs, 1.07);
  assert.ok(ratio.p50 > 1.07 && ratio.low < 1.07);
  assert.equal(verdict, 'same');
});

test('a faster build is told', () => {
  assert.equal(decideRow('row', pairsWith(0.5, 0.05, 1), 1.07).verdict, 'faster');
});

test('one count more is too many, one fewer and a new one are not', () => {
  const decisions = decideCounts({ calls: 2, messages: 5, bytes: 8 }, { calls: 3, messages: 4, bytes: 8, attempts: 1 });
  assert.deepEqual(
    decisions.map(({ name, verdict }) => [name, verdict]),
    [
      ['calls', 'more'],
      ['messages', 'fewer'],
      ['bytes', 'same'],
      ['attempts', 'new'],
    ],
  );
  assert.ok(isRefused([], decisions, new Set()));
  assert.ok(!isRefused([], decisions, new Set(['calls'])));
  assert.ok(!isRefused([], decideCounts(null, { calls: 3 }), new Set()));
});

test('bytes may differ by less than an object, and no more', () => {
  const verdict = (head: number): string | undefined =>
    decideCounts({ 'bytes allocated by a flight': 3_384 }, { 'bytes allocated by a flight': head })[0]?.verdict;
  assert.deepEqual([3_384, 3_400, 3_448, 3_328].map(verdict), ['same', 'same', 'more', 'fewer']);
});

test('a slower row refuses, unless it is accepted by name', () => {
  const rows = [decideRow('join/coalescer', pairsWith(2, 0.01, 1), 1.1)];
  assert.ok(isRefused(rows, [], new Set()));
  assert.ok(!isRefused(rows, [], new Set(['join/coalescer'])));
});

test('rows are paired by name, a child counts by its best round, and what one side lacks is left out', () => {
  const samples = (name: string, rounds: readonly number[], gate?: number) => ({
    name,
    condition: 'after gc' as const,
    unit: 'ns',
    rounds,
    ...(gate === undefined ? {} : { gate }),
  });
  const base = [samples('a', [1, 9, 2], 1.1), samples('b', [5], 1.1)];
  const head = [samples('a', [4, 3, 50], 1.2), samples('c', [6], 1.1), samples('b', [7])];
  assert.deepEqual([...pairsOf([{ base, head }])], [['a', { threshold: 1.2, pairs: [{ base: 1, head: 3 }] }]]);
});
