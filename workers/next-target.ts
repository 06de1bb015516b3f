/** Where a flight goes next, and when: a pure decision over what its record knows. */
import type { Seam } from './environment.js';
import type { FlightRecord } from './flight-record.js';
import type { FilledTarget } from './targets.js';

/** How long to wait before the same target again. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Statuses that say "too much": they want five times the patience (AWS SDKs: 100 ms and 500 ms). */
const THROTTLED: ReadonlySet<number> = new Set([429, 529]);
const THROTTLED_FACTOR = 5;

/** No flight waits longer for a target that asks to be left alone: then elsewhere, or not at all. */
const WAIT_MS_MAX = 60_000;

/** The next target and the wait before it; `null`: nowhere left to go. */
export interface NextTarget {
  readonly target: number;
  readonly waitMs: number;
}

/**
 * Another target at once, in the order of the route; the same one only when its verdict asks for it or nothing else is left, and then after a
 * backoff with full jitter, and never before its Retry-After.
 */
export function nextTarget(record: FlightRecord, failed: FilledTarget, backoff: Backoff, seam: Seam): NextTarget | null {
  if (!failed.replayable) return null;
  const now = seam.now();
  if (record.verdict === 'retry') {
    const again = afterBackoff(record, record.target, backoff, seam);
    if (isWorthwhile(again, record, now)) return again;
    // Later than the flight lives: then elsewhere, while anything is left.
  }
  const untried = record.route.find((target) => (record.targetsTried & (1 << target)) === 0);
  if (untried !== undefined) return { target: untried, waitMs: 0 };
  // All were called: the next in order again, or the first behind it that may be called within the flight's time.
  const from = record.route.indexOf(record.target) + 1;
  for (let step = 0; step < record.route.length; step++) {
    const again = afterBackoff(record, record.route[(from + step) % record.route.length] as number, backoff, seam);
    if (isWorthwhile(again, record, now)) return again;
  }
  return null;
}

function isWorthwhile({ waitMs }: NextTarget, { order }: FlightRecord, now: number): boolean {
  return waitMs <= WAIT_MS_MAX && now + waitMs < order.deadline;
}

/** Full jitter under a bound that doubles with each repeat of the flight (the AWS SDKs' habit), and never before the target's Retry-After. */
function afterBackoff(record: FlightRecord, target: number, backoff: Backoff, seam: Seam): NextTarget {
  const base = backoff.baseMs * (THROTTLED.has(record.ended?.status ?? 0) ? THROTTLED_FACTOR : 1);
  const jittered = seam.random() * Math.min(backoff.maxMs, base * 2 ** record.repeats);
  return { target, waitMs: Math.max(jittered, (record.holds?.get(target) ?? 0) - seam.now()) };
}

/** The first target of a launch: the first of the route, or for a relaunch the first that no earlier life has called. */
export function firstTarget(route: readonly number[], targetsTried: number, lastTarget: number): number {
  const untried = route.find((target) => (targetsTried & (1 << target)) === 0);
  return untried ?? (route[(route.indexOf(lastTarget) + 1) % route.length] as number);
}

/** What an attempt may take: its own setting, else an equal share of the time left among the targets left; the last gets all of it. */
export function attemptMs(record: FlightRecord, own: number | null, now: number): number {
  const left = record.order.deadline - now;
  if (own !== null) return Math.min(own, left);
  let untried = 0;
  for (const target of record.route) if ((record.targetsTried & (1 << target)) === 0 || target === record.target) untried++;
  return left / Math.max(1, Math.min(untried, record.attemptsMax - record.attemptsMade + 1));
}
