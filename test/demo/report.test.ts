// The result in words, and the verdict that becomes the exit code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unpainted } from '../../demo/paint.js';
import { isClean, reportLines, type Result } from '../../demo/report.js';

const arm = { requests: 4_000, dollars: 8, failovers: 10, p50Ms: 900, p99Ms: 2_700, failed: 0, failure: null, lost: 0, wrong: 0 };
const result: Result = {
  title: '4,000 requests',
  calm: false,
  ideal: { flights: 2_600, joins: 1_400, waitersMost: 50 },
  idealWithKills: { flights: 2_550, joins: 1_450, waitersMost: 60 },
  plain: { ...arm, name: 'plain', calls: 4_400, retries: 300 },
  coalescer: {
    ...arm,
    name: 'coalescer',
    calls: 2_640,
    dollars: 4,
    flights: 2_560,
    joins: 1_440,
    kept: 4,
    waitersMost: 61,
    relaunches: 80,
    streamed: 300,
    seams: 12,
    breakersOpened: 1,
    providers: [
      { target: 'primary', breaker: 'closed', attempts: 2_500, failures: 80, retries: 20, hedges: 0, outraced: 15, p50Ms: 300, p99Ms: 900 },
      { target: 'backup', breaker: 'closed', attempts: 140, failures: 0, retries: 3, hedges: 18, outraced: 3, p50Ms: 310, p99Ms: 910 },
    ],
    story: 'launched\nlanded',
  },
};
const textOf = (shown: Result): string => reportLines(shown, unpainted).join('\n');

test('every promised figure is in the table', () => {
  const rows = Object.fromEntries(
    textOf(result)
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/))
      .map(([label = '', ...cells]) => [label, cells]),
  );
  const expected = {
    requests: ['4,000', '4,000'],
    flights: ['2,560', '2,600', '2,550'],
    joins: ['1,440', '1,400', '1,450'],
    'answers kept from before': ['4'],
    'upstream calls': ['4,400', '2,640'],
    cost: ['$8.00', '$4.00'],
    retries: ['300', '23'],
    hedges: ['18'],
    'breakers opened': ['1'],
    failovers: ['10', '10'],
    relaunches: ['80'],
    'answers read as streams': ['300'],
    'streams mended in mid-air': ['12'],
    p50: ['900 ms', '900 ms'],
    p99: ['2,700 ms', '2,700 ms'],
    'failed requests': ['0', '0'],
    'waiters lost': ['0', '0'],
    'wrong answers': ['0', '0'],
  };
  for (const [label, cells] of Object.entries(expected)) assert.deepEqual(rows[label], cells, label);
});

test('joins are compared with the ideal, and with the ideal under the kills of the run', () => {
  assert.match(
    textOf(result),
    /Joins: 102\.9 % of the ideal for this input, undisturbed \(1,400\)\.\n Under these kills: 99\.3 % of the ideal \(1,450\)\./,
  );
  assert.doesNotMatch(textOf({ ...result, calm: true }), /these kills/);
});

test('the coalescer alone leaves out the column of the plain client', () => {
  assert.doesNotMatch(textOf({ ...result, plain: null }), /plain client/);
  assert.match(textOf({ ...result, plain: null }), /requests +4,000\n/);
});

test('the story is told line by line, and its place is empty when there is none', () => {
  assert.match(textOf(result), /explained:\n {3}launched\n {3}landed\n/);
  assert.doesNotMatch(textOf({ ...result, coalescer: { ...result.coalescer, story: null } }), /explained/);
});

test('a lost waiter, a wrong answer or a failed request of the coalescer is never clean, and the plain client may fail', () => {
  assert.ok(isClean(result));
  for (const fault of ['lost', 'wrong', 'failed'] as const) {
    assert.ok(!isClean({ ...result, coalescer: { ...result.coalescer, [fault]: 1 } }), fault);
    assert.ok(isClean({ ...result, plain: { ...arm, name: 'plain', calls: 1, retries: 0, [fault]: 1 } }));
  }
});

test('the first failure is told', () => {
  assert.match(
    textOf({ ...result, coalescer: { ...result.coalescer, failed: 1, failure: 'HTTP 500' } }),
    /first failure of the coalescer arm: HTTP 500/,
  );
});
