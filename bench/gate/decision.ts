/** What the gate says: of times, only what is slower for certain; of counts, every one more. Pure, so that it can be tried on made-up samples. */
import { type Estimate, estimate, ratioOfMedians } from '../measure/statistics.js';
import type { Samples } from '../measure/rows.js';
import type { Counts } from './counts.js';

/** One row in one pair of children. */
export interface Pair {
  readonly base: number;
  readonly head: number;
}

export interface RowDecision {
  readonly name: string;
  readonly base: Estimate;
  readonly head: Estimate;
  /** Head over base. */
  readonly ratio: Estimate;
  readonly threshold: number;
  readonly verdict: 'slower' | 'faster' | 'same';
}

export interface CountDecision {
  readonly name: string;
  readonly base: number | null;
  readonly head: number;
  readonly verdict: 'more' | 'fewer' | 'same' | 'new';
}

/** Slower: the whole interval of the ratio lies above the threshold. So noise makes the gate blind, and seldom wrong. */
export function decideRow(name: string, pairs: readonly Pair[], threshold: number): RowDecision {
  const base = pairs.map((pair) => pair.base);
  const head = pairs.map((pair) => pair.head);
  const ratio = ratioOfMedians(head, base);
  const verdict = ratio.low > threshold ? 'slower' : ratio.high < 1 / threshold ? 'faster' : 'same';
  return { name, base: estimate(base), head: estimate(head), ratio, threshold, verdict };
}

/** What counting bytes may be out by, seen on a loaded machine: 24. The smallest thing that an allocation more could be, a closure or a promise, has 56. */
const BYTES_SLACK = 40;

export function decideCounts(base: Counts | null, head: Counts): CountDecision[] {
  return Object.entries(head).map(([name, count]) => {
    const before = base?.[name];
    if (before === undefined) return { name, base: null, head: count, verdict: 'new' };
    const slack = name.startsWith('bytes') ? BYTES_SLACK : 0;
    return { name, base: before, head: count, verdict: count > before + slack ? 'more' : count < before - slack ? 'fewer' : 'same' };
  });
}

/**
 * Pairs of each gated row. A child's value is its best round: neighbours on the machine only ever add, and both sides are flattered alike. A row
 * that only one side has is not compared.
 */
export function pairsOf(
  runs: readonly { readonly base: readonly Samples[]; readonly head: readonly Samples[] }[],
): Map<string, { threshold: number; pairs: Pair[] }> {
  const rows = new Map<string, { threshold: number; pairs: Pair[] }>();
  for (const { base, head } of runs) {
    for (const { name, gate, rounds } of head) {
      const other = base.find((samples) => samples.name === name);
      if (other === undefined || gate === undefined) continue;
      const row = rows.get(name) ?? { threshold: gate, pairs: [] };
      row.pairs.push({ base: Math.min(...other.rounds), head: Math.min(...rounds) });
      rows.set(name, row);
    }
  }
  return rows;
}

export const isRefused = (rows: readonly RowDecision[], counts: readonly CountDecision[], accepted: ReadonlySet<string>): boolean =>
  rows.some(({ name, verdict }) => verdict === 'slower' && !accepted.has(name)) ||
  counts.some(({ name, verdict }) => verdict === 'more' && !accepted.has(name));
