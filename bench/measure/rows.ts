/** What a row of a bench is, and the figure that comes of it. */
import type { Estimate } from './statistics.js';

/**
 * `fresh`: as the process grew. `after gc`: a major collection before each round, so that what lives on is old; a best fresh round flatters
 * by two. `worn`: after ten million flights through the same row.
 */
export type Condition = 'fresh' | 'after gc' | 'worn';

/** Something to call again and again: timed by tinybench, in nanoseconds for each of the `per` operations of one call. */
export interface TimedRow {
  readonly name: string;
  readonly per: number;
  readonly run: () => unknown;
  /** The gate fails where head takes longer than this times base. Not given: not gated. */
  readonly gate?: number;
  /** Measured once more after ten million operations. */
  readonly wears?: true;
}

/** Something that measures itself, once a round: bytes, or the milliseconds after a death. */
export interface TakenRow {
  readonly name: string;
  readonly unit: string;
  readonly take: () => Promise<number>;
  /** In one process and condition, at most: such rows take seconds. @default all that are asked for */
  readonly rounds?: number;
}

export type Row = TimedRow | TakenRow;

/** One row's samples in one condition, one for each round of each process, in the order of rounds: equal places were measured together. */
export interface Samples {
  readonly name: string;
  readonly condition: Condition;
  readonly unit: string;
  readonly rounds: readonly number[];
  /** The row's threshold, where it is gated. */
  readonly gate?: number;
}

export type Figure = Samples & Estimate;
