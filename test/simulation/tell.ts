/** A failed schedule, told so that it can be flown again. */
import type { Flown } from './simulate.js';

const EVENTS_SHOWN = 40;

export function tell({ seed, violations, log }: Flown): string {
  const [first] = violations;
  const lines = [`seed ${seed}: ${first?.invariant} is broken: ${first?.what}`, ...log.lines(EVENTS_SHOWN)];
  return `${lines.join('\n')}\nagain: npm run simulate -- --seed ${seed}\n`;
}
