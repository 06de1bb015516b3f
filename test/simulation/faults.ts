/** What may go wrong in a schedule. Each class is on in half of all schedules: what is left out lets the rest go deeper (swarm testing). */
import type { Random } from './random.js';

export const FAULTS = [
  // Of targets.
  'failures',
  'answers',
  'retries',
  'silence',
  'slowness',
  'lateness',
  'throws',
  'thenables',
  'refusals',
  // Of those who ask.
  'signals',
  'timeouts',
  'freshness',
  'routes',
  'unshared',
  'forgets',
  'cancels',
  'bursts',
  'limits',
  'earlyClose',
  // Of time.
  'inexactTimers',
  'frontStalls',
  // Of threads.
  'delays',
  'deaths',
  'crashes',
  'hangs',
  'pauses',
  'poison',
  'slowSetUp',
  'loadFailures',
] as const;

export type Fault = (typeof FAULTS)[number];
export type Faults = Readonly<Record<Fault, boolean>>;

/** Copied for each schedule: an object made key by key is a hash table to V8, and faults are read at every step. */
const NONE = JSON.parse(`{${FAULTS.map((fault) => `"${fault}":false`).join()}}`) as Record<Fault, boolean>;

export function drawFaults(random: Random): Faults {
  const faults = { ...NONE };
  for (const fault of FAULTS) faults[fault] = random.chance(0.5);
  return faults;
}

/** Where a life may die between two of its own steps. */
export type CrashStep =
  | 'load'
  | 'standby'
  | 'set-up'
  | 'frame-before'
  | 'frame-after'
  | 'ledger'
  | 'answer'
  | 'chunk'
  | 'posted'
  | 'flush'
  | 'stop';

/** How a poisonous payload kills the thread that runs it, and what evidence it leaves. */
export const POISONS = [
  // Its synchronous code: the running cell names it.
  'exit',
  'spin',
  // Later, uncaught: named in quarantine only.
  'throw',
  // Later, without a trace: out of memory.
  'silent',
  // After its answer: a rejection that it left behind.
  'stray',
] as const;
export type Poison = (typeof POISONS)[number];
