// What the gate hands out, from a made-up result.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideCounts, decideRow } from '../../bench/gate/decision.js';
import { githubBenchmarkOf, markdownOf } from '../../bench/gate/reports.js';

const pairs = Array.from({ length: 10 }, () => ({ base: 100, head: 130 }));
const result = {
  rows: [decideRow('join/coalescer', pairs, 1.1)],
  counts: decideCounts({ 'upstream calls': 10 }, { 'upstream calls': 10 }),
  skipped: ['threads'],
  isRefused: true,
};

test('the table for people names what is slower, and what was not compared', () => {
  const text = markdownOf(result, { base: 'abc', head: 'def+', place: 'a machine', pairs: 10 });
  assert.match(text, /❌ slower or more than its base/);
  assert.match(text, /\| join\/coalescer \| 100 \| 130 \| 1\.30 \| 1\.1 \| ❌ slower \|/);
  assert.match(text, /\| upstream calls \| 10\.0 \| 10\.0 \| same \|/);
  assert.match(text, /Not compared, since base cannot fly them: threads\./);
});

test('github-action-benchmark gets names, units and values', () => {
  assert.deepEqual(
    githubBenchmarkOf(result).map(({ name, unit, value }) => [name, unit, value]),
    [
      ['join/coalescer', 'ns', 130],
      ['upstream calls', 'count', 10],
    ],
  );
});
