// What is told of attempts whose thread was lost, from its ledger and from what it had told itself: each attempt once, with its number, target and
// beginning, and as a hedge where it was one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flight } from '../../src/flight.js';
import type { LinkReceiver } from '../../src/links.js';
import { takeLedger } from '../../src/lost-attempts.js';
import type { AttemptRecord } from '../../workers/protocol.js';
import { SharedMemory } from '../../workers/shared-memory.js';

const TARGETS = ['primary', 'backup', 'third'];
const LAUNCHED_AT = 100;
const LOST_AT = 500;

interface Ledger {
  readonly attemptsMade: number;
  readonly tried: readonly string[];
  readonly last: string;
}

/** What is told of a flight that was launched at 100 and lost at 500. */
function lost({ attemptsMade, tried, last }: Ledger, attempts: readonly Partial<AttemptRecord>[]): unknown[] {
  const memory = SharedMemory.ofSlots(1);
  const triedBits = tried.reduce((bits, name) => bits | (1 << TARGETS.indexOf(name)), 0);
  memory.enterLedger(0, attemptsMade, triedBits, TARGETS.indexOf(last));
  const flight = { slot: 0, status: 'flying', attemptsMade: 0, launchedAt: LAUNCHED_AT, attempts } as unknown as Flight;
  const heard: AttemptRecord[] = [];
  const receiver = { attempted: (_: Flight, record: AttemptRecord) => void heard.push(record) } as unknown as LinkReceiver;
  takeLedger(flight, memory, { targetNames: TARGETS, endedAt: LOST_AT, why: 'it died', receiver });
  return heard.map(({ isHedge, attempt, target, startedAt, endedAt, end }) => [
    isHedge === true ? 'hedge' : 'attempt',
    attempt,
    target,
    startedAt,
    endedAt,
    end,
  ]);
}

const failed = (attempt: number, target: string, endedAt: number, next?: string): Partial<AttemptRecord> => ({
  attempt,
  target,
  startedAt: LAUNCHED_AT,
  endedAt,
  end: 'failed',
  ...(next === undefined ? {} : { next }),
});

test('two were out: both are told, the later one on the target that the ledger names', () => {
  assert.deepEqual(lost({ attemptsMade: 2, tried: ['primary', 'backup'], last: 'backup' }, []), [
    ['attempt', 1, 'primary', 100, 500, 'thread-lost'],
    ['hedge', 2, 'backup', 100, 500, 'thread-lost'],
  ]);
});

test('the hedge had failed before: the first attempt is told, and that it was out since the launch', () => {
  assert.deepEqual(lost({ attemptsMade: 2, tried: ['primary', 'backup'], last: 'backup' }, [failed(2, 'backup', 300)]), [
    ['attempt', 1, 'primary', 100, 500, 'thread-lost'],
  ]);
});

test('after a failover two were out: neither is taken for the one that had failed', () => {
  assert.deepEqual(lost({ attemptsMade: 3, tried: TARGETS, last: 'third' }, [failed(1, 'primary', 200, 'backup')]), [
    ['attempt', 2, 'backup', 200, 500, 'thread-lost'],
    ['hedge', 3, 'third', 200, 500, 'thread-lost'],
  ]);
});

test('a repeat was out, and its hedge: the repeat is told on the target that was called again', () => {
  assert.deepEqual(lost({ attemptsMade: 3, tried: ['primary', 'backup'], last: 'backup' }, [failed(1, 'primary', 200, 'primary')]), [
    ['attempt', 2, 'primary', 200, 500, 'thread-lost'],
    ['hedge', 3, 'backup', 200, 500, 'thread-lost'],
  ]);
});
