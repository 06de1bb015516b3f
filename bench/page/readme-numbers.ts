/** README's three numbers, between two marks, drawn from the last results: prose that nobody has to keep up. */
import { figuresOf } from '../measure/figures.js';
import type { Condition } from '../measure/rows.js';
import { short } from '../measure/words.js';
import type { Results } from '../results.js';

export const BEGIN = '<!-- numbers: written by npm run bench:page -->';
export const END = '<!-- /numbers -->';

/** @throws Error when a row that README speaks of is not in the results: a run of all areas is needed */
export function numbersOf(results: Results): string {
  const { place, samples } = results;
  const figures = figuresOf(samples);
  const p50 = (name: string, condition: Condition): number => {
    const figure = figures.find((found) => found.name === name && found.condition === condition);
    if (figure === undefined) throw new Error(`README needs ${name}, ${condition}: run all areas`);
    return figure.p50;
  };
  const ns = (name: string): string => `${short(p50(name, 'after gc'))} ns`;
  const sum = (name: string): number =>
    samples.find((found) => found.name === name)?.rounds.reduce((total, count) => total + count, 0) ?? 0;
  const killed = sum('recovery/coalescer, threads killed');
  const lost = sum('recovery/coalescer, waiters lost, failed or answered wrongly');
  const recovery = `${short(p50('recovery/coalescer, from death to next attempt, p50', 'fresh'))} ms`;
  return [
    `Measured by \`npm run bench\` (Node ${place.node.slice(1)}, ${place.cpu}, ${place.processors} processors); every row, its bound and its peers are in [bench/RESULTS.md](bench/RESULTS.md):`,
    '',
    '| | |',
    '|---|---|',
    `| joining a flight that is in the air | ${ns('join/coalescer')} (a Map look-up alone: ${ns('join/raw Map')}) |`,
    `| a whole flight inline: launch, answer, settle | ${ns('flight/coalescer, 256 in the air')} (a Map of promises: ${ns('flight/raw Map, 256 in the air')}, without any failover) |`,
    `| ${killed} threads killed under load | ${lost} waiters lost, failed or wrong; a flight goes on ${recovery} after its thread's death (p50) |`,
  ].join('\n');
}

/** README with the numbers in their place; `null` where it has no marks. */
export function withNumbers(readme: string, numbers: string): string | null {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from === -1 || to < from) return null;
  return `${readme.slice(0, from + BEGIN.length)}\n${numbers}\n${readme.slice(to)}`;
}
