/** An embedder's run as lines of text. */
import { figuresOf } from '../measure/figures.js';
import { interval } from '../measure/words.js';
import type { Comparison } from './compare.js';
import type { OwnResults } from './index.js';

/** A line for the place, one for each row and condition, and one for each comparison. */
export function ownReport({ place, samples }: OwnResults, comparisons: readonly Comparison[] = []): string[] {
  const figures = figuresOf(samples);
  const wide = Math.max(0, ...figures.map(({ name }) => name.length));
  return [
    `Node ${place.node}, ${place.cpu}, ${place.processors} processors`,
    ...figures.map((figure) => `${figure.name.padEnd(wide)}  ${figure.condition.padEnd(8)}  ${interval(figure)} ${figure.unit}`),
    ...comparisons.map(({ row, what, now, than, threshold, isWorse }) => {
      const bound = threshold === 1 ? interval(than) : `${threshold} x ${interval(than)}`;
      return `${isWorse ? 'WORSE' : 'ok   '} ${row}, ${what}: ${interval(now)}, may be ${bound}`;
    }),
  ];
}
