// What a thread tells of an attempt arrives as it was, whichever of its details it has; what no build tells ends the link.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptOf, attemptTuple, type AttemptRecord } from '../../workers/protocol.js';

const names = ['one', 'two'];
const plain: AttemptRecord = { target: 'two', attempt: 1, startedAt: 1.5, endedAt: 2.5, end: 'value' };
const arrived = (record: AttemptRecord): AttemptRecord => {
  const told = attemptOf(attemptTuple(record, names.indexOf(record.target)), names);
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as unknown as AttemptRecord;
};

test('an attempt arrives as it was told, with each of its details alone and with all of them, however it ended', () => {
  const details: Partial<AttemptRecord> = {
    code: 'E',
    status: 503,
    message: 'no',
    verdict: 'retry',
    next: 'one',
    waitMs: 5,
    passedOver: [{ target: 'one', why: 'open' }],
    isForOne: true,
    isHedge: true,
    unhedged: { at: 2, passedOver: [] },
  };
  // With a value there is no error, and nothing comes next.
  const ofValues = ['passedOver', 'isForOne', 'isHedge', 'unhedged'] as const;
  for (const name of ofValues) assert.deepEqual(arrived({ ...plain, [name]: details[name] }), { ...plain, [name]: details[name] });
  assert.deepEqual(arrived(plain), plain);
  for (const end of ['answer', 'failed', 'timed-out', 'aborted', 'outraced', 'thread-lost'] as const) {
    assert.deepEqual(arrived({ ...plain, end }), { ...plain, end });
    for (const name of Object.keys(details) as (keyof AttemptRecord)[]) {
      const record = { ...plain, end, [name]: details[name] };
      assert.deepEqual(arrived(record), record);
    }
    assert.deepEqual(arrived({ ...plain, end, ...details }), { ...plain, end, ...details });
  }
});

test('a target or an end that nobody knows is refused', () => {
  assert.throws(() => attemptOf([2, 1, 0, 1, 0, null], names), /an attempt on target 2/);
  assert.throws(() => attemptOf([0, 1, 0, 1, 7, null], names), TypeError);
  assert.throws(() => attemptOf([0, 1, 0, 1, -1, null], names), TypeError);
});
