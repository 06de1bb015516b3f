// What is told of attempts whose thread was lost, from its ledger and from what it had told itself: each attempt once, with its number, target and beginning.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flight } from '../../src/flight.js';
import type { LinkReceiver } from '../../src/links.js';
import { takeLedger } from '../../src/lost-attempts.js';
import type { AttemptRecord } from '../../workers/protocol.js';
import { SharedMemory } from '../../workers/shared-memory.js';
import { flightOf } from '../units/flights.js';

const TARGETS = ['primary', 'backup', 'third'];
const LAUNCHED_AT = 100;
const LOST_AT = 500;

interface Ledger {
  readonly attemptsMade: number;
  readonly tried: readonly string[];
  readonly last: string;
  /** Out as well, when the last one began. */
  readonly other?: string;
}

/** Tells its flight, as the front does. */
function hearing(heard: AttemptRecord[]): LinkReceiver {
  const attempted = (flight: Flight, record: AttemptRecord): void => {
    heard.push(record);
    flight.attempted(record);
  };
  return { attempted } as unknown as LinkReceiver;
}

/** What is told of a flight that was launched at 100, and again at `relaunchedAt`, and lost at 500. */
function lost({ attemptsMade, tried, last, other }: Ledger, attempts: readonly Partial<AttemptRecord>[], relaunchedAt?: number): unknown[] {
  const memory = SharedMemory.ofSlots(1);
  const targetsTried = tried.reduce((bits, name) => bits | (1 << TARGETS.indexOf(name)), 0);
  const hedge = other === undefined ? null : { rival: { target: TARGETS.indexOf(other) } };
  memory.enterLedger(0, { attemptsMade, targetsTried, target: TARGETS.indexOf(last), hedge });
  const flight = flightOf({ launchedAt: LAUNCHED_AT });
  for (const attempt of attempts) flight.attempted(attempt as AttemptRecord);
  flight.ownPassage().slot = 0;
  if (relaunchedAt !== undefined) flight.ownIncidents().relaunches = [{ at: relaunchedAt, why: 'it died' }];
  const heard: AttemptRecord[] = [];
  takeLedger(flight, memory, { targetNames: TARGETS, endedAt: LOST_AT, why: 'it died', receiver: hearing(heard) });
  assert.deepEqual([flight.attemptsMade, flight.targetsTried, flight.lastTarget], [attemptsMade, targetsTried, TARGETS.indexOf(last)]);
  assert.ok(heard.every(({ endedAt, end }) => endedAt === LOST_AT && end === 'thread-lost'));
  return heard.map(({ attempt, target, startedAt, isHedge = false }) => [attempt, target, startedAt, isHedge ? 'hedge' : 'no hedge']);
}

const failed = (attempt: number, target: string, endedAt: number, next?: string): Partial<AttemptRecord> => ({
  attempt,
  target,
  startedAt: LAUNCHED_AT,
  endedAt,
  end: 'failed',
  ...(next === undefined ? {} : { next }),
});

test('one was out', () => {
  assert.deepEqual(lost({ attemptsMade: 2, tried: ['primary', 'backup'], last: 'backup' }, [failed(1, 'primary', 200, 'backup')]), [
    [2, 'backup', 200, 'no hedge'],
  ]);
});

test('two were out: both are told, the later one as the hedge that it was', () => {
  assert.deepEqual(lost({ attemptsMade: 2, tried: ['primary', 'backup'], last: 'backup', other: 'primary' }, []), [
    [1, 'primary', 100, 'no hedge'],
    [2, 'backup', 100, 'hedge'],
  ]);
});

test('one of the two had failed before: the other one is told', () => {
  const ledger = { attemptsMade: 2, tried: ['primary', 'backup'], last: 'backup', other: 'primary' };
  assert.deepEqual(lost(ledger, [failed(2, 'backup', 300)]), [[1, 'primary', 100, 'no hedge']]);
  assert.deepEqual(lost(ledger, [failed(1, 'primary', 300)]), [[2, 'backup', 300, 'hedge']]);
});

test('after a failover two were out: neither is taken for the one that had failed', () => {
  assert.deepEqual(lost({ attemptsMade: 3, tried: TARGETS, last: 'third', other: 'backup' }, [failed(1, 'primary', 200, 'backup')]), [
    [2, 'backup', 200, 'no hedge'],
    [3, 'third', 200, 'hedge'],
  ]);
});

test('a repeat was out, and its hedge: the repeat is told on the target that was called again', () => {
  const ledger = { attemptsMade: 3, tried: ['primary', 'backup'], last: 'backup', other: 'primary' };
  assert.deepEqual(lost(ledger, [failed(1, 'primary', 200, 'primary')]), [
    [2, 'primary', 200, 'no hedge'],
    [3, 'backup', 200, 'hedge'],
  ]);
});

test('the same where the one before it says nothing of where its flight went: its thread was lost too', () => {
  const before = [failed(1, 'primary', 200, 'backup'), { ...failed(2, 'backup', 300), end: 'thread-lost' as const }];
  assert.deepEqual(lost({ attemptsMade: 4, tried: TARGETS, last: 'third', other: 'primary' }, before), [
    [3, 'primary', 300, 'no hedge'],
    [4, 'third', 300, 'hedge'],
  ]);
});

test('what was begun in another life began after its launch there', () => {
  const before = [{ ...failed(1, 'primary', 300), end: 'thread-lost' as const }];
  assert.deepEqual(lost({ attemptsMade: 2, tried: ['primary', 'backup'], last: 'backup' }, before, 400), [[2, 'backup', 400, 'no hedge']]);
});

test('of a flight that is over, or of which this life has begun nothing, nothing is told, and what it has tried stays', () => {
  for (const status of ['abandoned', 'flying'] as const) {
    const memory = SharedMemory.ofSlots(1);
    const hedge = { rival: { target: 0 } };
    memory.enterLedger(0, { attemptsMade: status === 'flying' ? 1 : 2, targetsTried: 0b110, target: 2, hedge });
    const flight = flightOf({ launchedAt: LAUNCHED_AT });
    flight.status = status;
    const tried = { slot: 0, attemptsMade: 1, targetsTried: 0b001, lastTarget: 0 };
    Object.assign(flight.ownPassage(), tried);
    const heard: AttemptRecord[] = [];
    takeLedger(flight, memory, { targetNames: TARGETS, endedAt: LOST_AT, why: 'it died', receiver: hearing(heard) });
    const { slot, attemptsMade, targetsTried, lastTarget } = flight;
    assert.deepEqual([heard, { slot, attemptsMade, targetsTried, lastTarget }], [[], tried]);
  }
});
