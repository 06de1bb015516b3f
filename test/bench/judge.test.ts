// A bound holds when it does in every condition, and is not said to hold where nothing was measured.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounds, type Bound } from '../../bench/bounds.js';
import { judge } from '../../bench/judge.js';
import type { Condition } from '../../bench/measure/rows.js';

const bound: Bound = { what: 'a row', row: 'a', against: 'b', most: 1.5 };
const samples = (name: string, condition: Condition, rounds: readonly number[]) => ({ name, condition, unit: 'ns', rounds });

test('a bound that holds fresh and not after a collection does not hold', () => {
  const fresh = [samples('a', 'fresh', [12, 13, 12]), samples('b', 'fresh', [10, 10, 10])];
  const old = [samples('a', 'after gc', [20, 21, 22]), samples('b', 'after gc', [10, 10, 10])];
  assert.equal(judge([bound], fresh)[0]?.verdict, 'holds');
  const [judgement] = judge([bound], [...fresh, ...old]);
  assert.equal(judgement?.verdict, 'does not hold');
  assert.deepEqual(
    judgement.readings.map(({ condition, p50 }) => [condition, p50]),
    [
      ['fresh', 1.2],
      ['after gc', 2.1],
    ],
  );
});

test('a row without its reference, or without rounds, was not measured', () => {
  for (const measured of [[], [samples('a', 'fresh', [1])], [samples('a', 'fresh', []), samples('b', 'fresh', [])]]) {
    assert.equal(judge([bound], measured)[0]?.verdict, 'not measured');
  }
});

test('a bound without a reference is in the unit of its row', () => {
  const limit: Bound = { what: 'import', row: 'a', against: null, most: 15 };
  assert.equal(judge([limit], [samples('a', 'fresh', [14, 14, 14])])[0]?.verdict, 'holds');
  assert.equal(judge([limit], [samples('a', 'fresh', [16, 16, 16])])[0]?.verdict, 'does not hold');
});

test('rows with fewer rounds are held against the rounds that were measured with them', () => {
  const [judgement] = judge([bound], [samples('a', 'fresh', [10, 10]), samples('b', 'fresh', [10, 10, 1, 1])]);
  assert.equal(judgement?.readings[0]?.p50, 1);
});

test('no bound is written down twice', () => {
  const pairs = bounds.map(({ row, against }) => `${row} / ${against}`);
  assert.deepEqual(pairs, [...new Set(pairs)]);
});

test('the least that does the work of a row is held against the same reference, and does not change the verdict', () => {
  const floored: Bound = { ...bound, least: 'c' };
  const both = [samples('a', 'fresh', [30, 30]), samples('b', 'fresh', [10, 10])];
  const [judgement] = judge([floored], [...both, samples('c', 'fresh', [20, 20])]);
  assert.equal(judgement?.verdict, 'does not hold');
  assert.deepEqual(
    judgement.floor.map(({ condition, p50 }) => [condition, p50]),
    [['fresh', 2]],
  );
  assert.deepEqual(judge([floored], both)[0]?.floor, []);
  assert.deepEqual(judge([bound], both)[0]?.floor, []);
});
