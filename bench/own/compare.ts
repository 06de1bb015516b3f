/** Holds an embedder's run against an earlier one, perhaps of another machine: so not times are compared, but times over their floor. */
import type { Samples } from '../measure/rows.js';
import { estimate, type Estimate, ratioOfMedians } from '../measure/statistics.js';
import { floorOf, gatedPairs } from './rows.js';
import type { OwnResults } from './index.js';

export interface CompareOptions {
  /** How many times its earlier ratio to the floor a row may take. @default 1.2 */
  readonly threshold?: number;
  /** Nanoseconds (or milliseconds, for the target rows) that a row may take at most. */
  readonly most?: Readonly<Record<string, number>>;
}

/** One thing that was held against something. */
export interface Comparison {
  readonly row: string;
  /** What was compared, in words. */
  readonly what: string;
  readonly now: Estimate;
  /** The earlier ratio, or the limit. */
  readonly than: Estimate;
  readonly threshold: number;
  readonly isWorse: boolean;
}

const THRESHOLD = 1.2;

/**
 * Worse is what is worse for certain: the interval of now lies above the threshold times the interval of then. `earlier` may be `null` where only
 * limits are to be held.
 * @throws TypeError for an `earlier` that is not what `measure` gave; RangeError for a limit on a row that is not there, and where `earlier` has no
 * row that can be compared: nothing would have been held against anything
 */
export function compare(now: OwnResults, earlier: OwnResults | null, options: CompareOptions = {}): Comparison[] {
  const { threshold = THRESHOLD, most = {} } = options;
  if (!(threshold >= 1)) throw new RangeError(`threshold: expected 1 or more, got ${threshold}`);
  return [...(earlier === null ? [] : byFloor(now, earlier, threshold)), ...byLimit(now, most)];
}

function byFloor(now: OwnResults, earlier: OwnResults, threshold: number): Comparison[] {
  if (!isResults(earlier))
    throw new TypeError('earlier: expected what measure gave, { format: 1, samples: [{ name, condition, rounds }] }');
  const compared = now.samples.flatMap(({ name, condition }) => {
    const floor = floorOf(name);
    const current = floor === undefined ? null : overFloor(now.samples, name, floor, condition);
    const before = floor === undefined ? null : overFloor(earlier.samples, name, floor, condition);
    if (current === null || before === null) return [];
    const what = `${condition}, times ${floor}`;
    return [{ row: name, what, now: current, than: before, threshold, isWorse: current.low > before.high * threshold }];
  });
  if (compared.length > 0) return compared;
  const expected = gatedPairs.map(([row, floor]) => `${row} with ${floor}`).join(', ');
  throw new RangeError(`earlier: expected one at least of ${expected}, got none of them among ${earlier.samples.length} samples`);
}

/** It has been a file meanwhile. */
function isResults(given: unknown): given is OwnResults {
  const { format, samples } = (given ?? {}) as Partial<OwnResults>;
  return format === 1 && Array.isArray(samples) && samples.every(isSamples);
}

function isSamples(given: unknown): boolean {
  const { name, condition, rounds } = (given ?? {}) as Partial<Samples>;
  const areTexts = typeof name === 'string' && typeof condition === 'string';
  return areTexts && Array.isArray(rounds) && rounds.every((round) => Number.isFinite(round));
}

function overFloor(samples: readonly Samples[], row: string, floor: string, condition: Samples['condition']): Estimate | null {
  const roundsOf = (name: string): readonly number[] =>
    samples.find((found) => found.name === name && found.condition === condition)?.rounds ?? [];
  const pairs = Math.min(roundsOf(row).length, roundsOf(floor).length);
  // Nothing is worse than so many times nothing.
  const isComparable = pairs > 0 && roundsOf(floor).every((round) => round > 0);
  return isComparable ? ratioOfMedians(roundsOf(row).slice(0, pairs), roundsOf(floor).slice(0, pairs)) : null;
}

function byLimit({ samples }: OwnResults, most: Readonly<Record<string, number>>): Comparison[] {
  return Object.entries(most).flatMap(([row, limit]) => {
    const found = samples.filter(({ name }) => name === row);
    if (found.length === 0) throw new RangeError(`no row ${row}; there are ${[...new Set(samples.map(({ name }) => name))].join(', ')}`);
    return found.map(({ condition, unit, rounds }) => {
      const now = estimate(rounds);
      return {
        row,
        what: `${condition}, ${unit}`,
        now,
        than: { p50: limit, low: limit, high: limit },
        threshold: 1,
        isWorse: now.low > limit,
      };
    });
  });
}
