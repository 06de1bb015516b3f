/** One probe in the process: four real threads that share a sick target's breaker, with thousands of flights that wait for it, and threads that die as the probe. */
import { createCoalescer, threadTargets, type Coalescer } from '../src/index.js';
import type targets from './probe-targets.js';
import { CALLS, DEATHS, DIES, FAILS, GAP_MOST, IS_WELL, MODE, OUT_MOST, WAITS } from './probe-targets.js';

const THREADS = 4;
const FAILURES = 5;
const OPEN_MS = 300;

interface Stand {
  readonly coalescer: Coalescer<string, string>;
  readonly cells: Int32Array;
  readonly times: Float64Array;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
const sickOnly = { targets: ['sick'] };

/** Four threads, and the sick target's breaker open. */
async function open(): Promise<Stand> {
  const cells = new SharedArrayBuffer(32);
  const times = new SharedArrayBuffer(16);
  const coalescer = createCoalescer({
    name: 'probes',
    scope: 'public',
    targets: threadTargets<typeof targets>(new URL('./probe-targets.js', import.meta.url), { threads: THREADS, config: { cells, times } }),
    maxAttempts: 1,
    flightTimeoutMs: 60_000,
    breaker: { openMs: OPEN_MS, whenAllOpen: 'wait' },
    limits: { flights: 20_000 },
  });
  await coalescer.ready();
  const stand = { coalescer, cells: new Int32Array(cells), times: new Float64Array(times) };
  Atomics.store(stand.cells, MODE, FAILS);
  for (let failure = 0; failure < FAILURES; failure++) await coalescer.outcome(`failure ${failure}`, sickOnly);
  if (coalescer.stats().targets['sick']?.breaker !== 'open') throw new Error('the breaker did not open');
  return stand;
}

/** Flights that wait for the breaker; how many calls were made before the first of them was answered; and how many were answered in the end. */
export async function halfOpen(flights: number): Promise<{ readonly probes: number; readonly answered: number; readonly outMost: number }> {
  const { coalescer, cells } = await open();
  Atomics.store(cells, MODE, WAITS);
  const waiting = Array.from({ length: flights }, (_, flight) => coalescer.outcome(`waiting ${flight}`, sickOnly));
  // Long after it may be probed.
  await pause(3 * OPEN_MS);
  const probes = Atomics.load(cells, CALLS) - FAILURES;
  const outMost = Atomics.load(cells, OUT_MOST);
  Atomics.store(cells, MODE, IS_WELL);
  const outcomes = await Promise.all(waiting);
  await coalescer.close();
  return { probes, answered: outcomes.filter(({ status }) => status === 'fulfilled').length, outMost };
}

export interface ProbeKills {
  readonly kills: number;
  /** Most probes that were out at once. */
  readonly outMost: number;
  /** The longest time from a probe's death to the next probe. */
  readonly gapMost: number;
  /** The breaker closed when the target was well again. */
  readonly isClosed: boolean;
}

/** Each probe kills its thread, so many times; meanwhile others of the same threads are answered. */
export async function probeKills(kills: number): Promise<ProbeKills> {
  const { coalescer, cells, times } = await open();
  Atomics.store(cells, MODE, DIES);
  await pause(1.3 * OPEN_MS);
  const flying: Promise<unknown>[] = [];
  for (let key = 0; Atomics.load(cells, DEATHS) < kills; key++) {
    flying.push(coalescer.outcome(`k${key}`, sickOnly), coalescer.outcome(`s${key}`, { targets: ['steady'] }));
    await pause(2);
  }
  const outMost = Atomics.load(cells, OUT_MOST);
  Atomics.store(cells, MODE, IS_WELL);
  await Promise.all(flying);
  const isClosed = coalescer.stats().targets['sick']?.breaker === 'closed';
  const died = Atomics.load(cells, DEATHS);
  await coalescer.close();
  return { kills: died, outMost, gapMost: times[GAP_MOST] as number, isClosed };
}
