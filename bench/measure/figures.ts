/** From samples to figures. */
import type { Figure, Samples } from './rows.js';
import { estimate } from './statistics.js';

/** Samples with their medians; a row of which no round was asked for is none. */
export const figuresOf = (samples: readonly Samples[]): Figure[] =>
  samples.filter(({ rounds }) => rounds.length > 0).map((sample) => ({ ...sample, ...estimate(sample.rounds) }));
