/** Where a flight goes next, and when: decided from its record and the targets' health. A chosen target has admitted it. */
import { REFUSED } from './breaker.js';
import type { Seam } from './environment.js';
import type { FlightRecord } from './flight-record.js';
import type { Health } from './health.js';
import type { Refusal } from './target-health.js';
import type { FilledTarget } from './targets.js';

/** How long to wait before the same target again. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** What the choice is made from. */
export interface ChoiceSetup {
  readonly targets: readonly FilledTarget[];
  readonly backoff: Backoff;
  /** If all breakers are open: call the target that reopens first anyway, or wait for it? */
  readonly whenAllOpen: 'try' | 'wait';
  readonly seam: Seam;
  readonly health: Health;
}

/**
 * `now`: admitted, with its pass. `later`: a target that was called before, after its backoff. `wait`: no target may be called yet, but one will be
 * within the flight's time. `nowhere`: the flight is over.
 */
export type Choice =
  | { readonly kind: 'now'; readonly target: number; readonly pass: number }
  | { readonly kind: 'later'; readonly target: number; readonly waitMs: number }
  | { readonly kind: 'wait' }
  | { readonly kind: 'nowhere' };

/** Not refused, or only for lack of a place. */
const CALLABLE: ReadonlySet<Refusal | null> = new Set<Refusal | null>([null, 'full']);

const WAIT: Choice = { kind: 'wait' };
const NOWHERE: Choice = { kind: 'nowhere' };

/** Statuses that say "too much": their backoff is five times as long (AWS SDKs: 100 ms and 500 ms). */
const THROTTLED: ReadonlySet<number> = new Set([429, 529]);
const THROTTLED_FACTOR = 5;
/** No flight waits longer for a target that asks to be left alone: it goes elsewhere, or ends. */
const WAIT_MS_MAX = 60_000;

/**
 * As long as the flight has time: the next untried target of the route that may be called, at once; if one only lacks a place, the flight waits for it.
 * A target again only if the verdict asks for it or nothing else is left: then after a backoff with full jitter, never before its Retry-After, and only
 * within its budget; but if an untried target may be called before that, the flight waits for that one. If all breakers are open, the target that reopens first is called anyway, or waited for.
 */
export function nextTarget(record: FlightRecord, setup: ChoiceSetup, now: number): Choice {
  // Its time is over, which the next tick reports: a call would be useless.
  if (now >= record.order.deadline) return WAIT;
  const hasFailed = record.attemptsMade > record.order.attemptsMade;
  if (hasFailed && setup.targets[record.target]?.replayable === false) return NOWHERE;
  // A retry, if its last error asks for one. If that would come too late, or its breaker is open, it goes elsewhere while anything is left.
  const asked = hasFailed && record.detour.verdict === 'retry' ? repeat(record, [record.target], setup, now) : null;
  if (asked !== null) return asked;
  // Mostly the next target may be called, and the others need not be searched.
  const next = firstUntried(record);
  const nextPass = next === undefined ? REFUSED : setup.health.of(next).admit(now);
  if (next !== undefined && nextPass !== REFUSED) return { kind: 'now', target: next, pass: nextPass };
  // All were called before a thread was lost: to this launch they are fresh.
  const untried = untriedOf(record);
  const candidates = untried.length === 0 && !hasFailed ? fromBehind(record.route, record.order.lastTarget) : untried;
  for (const target of candidates) {
    const pass = setup.health.of(target).admit(now);
    if (pass !== REFUSED) return { kind: 'now', target, pass };
    record.passOver(nameOf(target, setup), setup.health.of(target).refusal(now) ?? 'open');
  }
  if (candidates.some((target) => setup.health.of(target).refusal(now) === 'full')) return WAIT;
  const again = hasFailed ? repeat(record, fromBehind(record.route, record.target), setup, now) : null;
  if (again?.kind === 'later' && isFreeBefore(heldMs(record, again.target, setup, now), candidates, setup, now)) return WAIT;
  return again ?? lastResort(record, candidates, setup, now);
}

/** May one of these be called within `ms`? */
function isFreeBefore(ms: number, targets: readonly number[], { health }: ChoiceSetup, now: number): boolean {
  return targets.some((target) => health.of(target).refusal(now) !== 'forced' && health.of(target).freeInMs(now) < ms);
}

/** How much longer a target has asked to be left alone, by this flight or by all. */
function heldMs({ detour }: FlightRecord, target: number, { health }: ChoiceSetup, now: number): number {
  return Math.max((detour.holds?.get(target) ?? 0) - now, health.of(target).heldMs(now));
}

/**
 * The backoff before a target is over: calls that target, unless an untried one may be called by now and no retry was asked for. If the target only lacks
 * a place, the flight waits for it, without another backoff.
 */
export function afterRest(record: FlightRecord, setup: ChoiceSetup, now: number): Choice {
  if (now >= record.order.deadline) return WAIT;
  const { target } = record;
  const untried = untriedOf(record);
  const elsewhere = record.detour.verdict === 'retry' ? null : admitted(untried, setup, now);
  if (elsewhere !== null) return elsewhere;
  const pass = admitAgain(record, setup, now);
  if (pass !== REFUSED) return { kind: 'now', target, pass };
  if (setup.health.of(target).refusal(now) !== 'full') return nextTarget(record, setup, now);
  record.passOver(nameOf(target, setup), 'full');
  return admitted(untried, setup, now) ?? WAIT;
}

/** Its pass, or `REFUSED` if it may not be called after all. */
function admitAgain(record: FlightRecord, { whenAllOpen, health }: ChoiceSetup, now: number): number {
  const pass = health.of(record.target).admit(now);
  const isClosed = (target: number): boolean => !CALLABLE.has(health.of(target).refusal(now));
  const isAllClosed = pass === REFUSED && whenAllOpen === 'try' && record.route.every(isClosed);
  return isAllClosed ? health.of(record.target).admitAnyway(now) : pass;
}

function admitted(targets: readonly number[], { health }: ChoiceSetup, now: number): Choice | null {
  for (const target of targets) {
    const pass = health.of(target).admit(now);
    if (pass !== REFUSED) return { kind: 'now', target, pass };
  }
  return null;
}

/** The first of these that may be called again within the flight's time, and within its budget. */
function repeat(record: FlightRecord, targets: readonly number[], setup: ChoiceSetup, now: number): Choice | null {
  for (const target of targets) {
    if ((record.targetsTried & (1 << target)) === 0) continue;
    const refusal = setup.health.of(target).refusal(now);
    if (refusal === 'open' || refusal === 'forced') continue;
    const choice = afterBackoff(record, target, setup, now);
    if (choice !== null) return choice;
  }
  return null;
}

/** Full jitter under a bound that doubles with each repeated call (as in the AWS SDKs), and never before the target's Retry-After. */
function afterBackoff(record: FlightRecord, target: number, setup: ChoiceSetup, now: number): Choice | null {
  const { backoff, seam, health } = setup;
  const base = backoff.baseMs * (THROTTLED.has(record.detour.lastStatus) ? THROTTLED_FACTOR : 1);
  const jittered = seam.random() * Math.min(backoff.maxMs, base * 2 ** record.detour.repeats);
  const { budget } = health.of(target);
  const waitMs = Math.max(jittered, heldMs(record, target, setup, now));
  if (waitMs > WAIT_MS_MAX || now + waitMs >= record.order.deadline) return null;
  if (record.detour.drawnFor !== target) {
    if (budget !== null && !budget.draw(now)) {
      record.passOver(nameOf(target, setup), 'budget');
      return null;
    }
    record.ownDetour().drawnFor = target;
  }
  return { kind: 'later', target, waitMs };
}

/** No target may be called. A breaker never shuts out the last target that is left; a Retry-After, and a breaker opened by hand, do. */
function lastResort(record: FlightRecord, candidates: readonly number[], setup: ChoiceSetup, now: number): Choice {
  const { health, whenAllOpen } = setup;
  const isUntried = (target: number): boolean => candidates.includes(target);
  const open = record.route
    .filter((target) => health.of(target).refusal(now) === 'open')
    .sort(
      (one, other) => Number(isUntried(other)) - Number(isUntried(one)) || health.of(one).freeInMs(now) - health.of(other).freeInMs(now),
    );
  for (const target of whenAllOpen === 'try' ? open : []) {
    if (!isUntried(target)) {
      const again = afterBackoff(record, target, setup, now);
      if (again !== null) return again;
      continue;
    }
    const pass = health.of(target).admitAnyway(now);
    if (pass !== REFUSED) return { kind: 'now', target, pass };
  }
  const isFreeInTime = (target: number): boolean => {
    const refusal = health.of(target).refusal(now);
    const freeInMs = Math.max(health.of(target).freeInMs(now), (record.detour.holds?.get(target) ?? 0) - now);
    return refusal !== 'forced' && freeInMs <= WAIT_MS_MAX && now + freeInMs < record.order.deadline;
  };
  return candidates.some(isFreeInTime) || (whenAllOpen === 'wait' && open.some(isFreeInTime)) ? WAIT : NOWHERE;
}

function nameOf(target: number, { targets }: ChoiceSetup): string {
  return (targets[target] as FilledTarget).name;
}

function firstUntried({ route, targetsTried }: FlightRecord): number | undefined {
  for (const target of route) if ((targetsTried & (1 << target)) === 0) return target;
  return undefined;
}

function untriedOf({ route, targetsTried }: FlightRecord): readonly number[] {
  return targetsTried === 0 ? route : route.filter((target) => (targetsTried & (1 << target)) === 0);
}

/** The route rotated: from after this target round to itself. */
function fromBehind(route: readonly number[], target: number): readonly number[] {
  const from = route.indexOf(target) + 1;
  return [...route.slice(from), ...route.slice(0, from)];
}

/** The first target of a launch: the first of the route, or for a relaunch the first that no earlier life has called. */
export function firstTarget(route: readonly number[], targetsTried: number, lastTarget: number): number {
  const untried = route.find((target) => (targetsTried & (1 << target)) === 0);
  return untried ?? (fromBehind(route, lastTarget)[0] as number);
}

/** How long an attempt may take: its own setting, else an equal share of the time left among the targets left; the last one gets all of it. */
export function attemptMs(record: FlightRecord, own: number | null, now: number): number {
  const left = record.order.deadline - now;
  if (own !== null) return Math.min(own, left);
  return record.route.length === 1 ? left : left / targetsLeft(record);
}

function targetsLeft(record: FlightRecord): number {
  let untried = 0;
  for (const target of record.route) if ((record.targetsTried & (1 << target)) === 0 || target === record.target) untried++;
  return Math.max(1, Math.min(untried, record.attemptsMax - record.attemptsMade + 1));
}
