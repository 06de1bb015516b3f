/** Holds figures against bounds: the ratio of two rows of one run, pair by pair, in each condition. */
import type { Bound } from './bounds.js';
import type { Condition, Samples } from './measure/rows.js';
import { type Estimate, estimate, ratioOfMedians } from './measure/statistics.js';

export interface Reading extends Estimate {
  readonly condition: Condition;
}

export interface Judgement {
  readonly bound: Bound;
  /** One for each condition in which both rows were measured; none: not measured in this run. */
  readonly readings: readonly Reading[];
  /** The same of the bound's `least`: where it is above `most`, nothing that does the row's work holds the bound. */
  readonly floor: readonly Reading[];
  readonly verdict: 'holds' | 'does not hold' | 'not measured';
}

/** A bound holds when it does in every condition, fresh, after a collection and worn. */
export function judge(bounds: readonly Bound[], samples: readonly Samples[]): Judgement[] {
  return bounds.map((bound) => {
    const readings = readingsOf(bound.row, bound, samples);
    const floor = bound.least === undefined ? [] : readingsOf(bound.least, bound, samples);
    if (readings.length === 0) return { bound, readings, floor, verdict: 'not measured' };
    return { bound, readings, floor, verdict: readings.every(({ p50 }) => p50 <= bound.most) ? 'holds' : 'does not hold' };
  });
}

const readingsOf = (row: string, bound: Bound, samples: readonly Samples[]): Reading[] =>
  samples.filter(({ name }) => name === row).flatMap((own) => readingOf(bound, own, samples));

function readingOf({ against }: Bound, own: Samples, samples: readonly Samples[]): Reading[] {
  const { condition } = own;
  if (own.rounds.length === 0) return [];
  if (against === null) return [{ condition, ...estimate(own.rounds) }];
  const reference = samples.find((other) => other.name === against && other.condition === condition);
  // Rows that take seconds have fewer rounds; those that both have were measured together.
  const pairs = Math.min(own.rounds.length, reference?.rounds.length ?? 0);
  if (reference === undefined || pairs === 0) return [];
  return [{ condition, ...ratioOfMedians(own.rounds.slice(0, pairs), reference.rounds.slice(0, pairs)) }];
}
