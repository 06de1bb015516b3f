/** Runs two builds alternately, pair by pair, and decides. */
import { fork } from 'node:child_process';
import type { Samples } from '../measure/rows.js';
import { runChild } from '../run-child.js';
import type { Counts } from './counts.js';
import { type CountDecision, decideCounts, decideRow, isRefused, pairsOf, type RowDecision } from './decision.js';

export interface GateSettings {
  readonly base: string;
  readonly head: string;
  readonly scope: readonly string[];
  readonly pairs: number;
  readonly rounds: number;
  readonly ms: number;
  /** Rows and counts that may get worse this time. */
  readonly accepted: ReadonlySet<string>;
  readonly progress: (what: string) => void;
}

export interface GateResult {
  readonly rows: readonly RowDecision[];
  readonly counts: readonly CountDecision[];
  /** Areas, or counts, that the base build is too old for. */
  readonly skipped: readonly string[];
  readonly isRefused: boolean;
}

/** What runs a build, each time in a process of its own; tests have their own. */
export interface Children {
  readonly run: typeof runChild;
  readonly count: (root: string) => Promise<Counts>;
}

/**
 * A row that looks slower is measured once more, in new processes, and the second time decides: on a machine with neighbours one interval in
 * some hundreds lies above the threshold by chance (1.14 to 2.25 was seen for an unchanged build), and there are eighteen rows.
 * @throws Error where no row could be compared, and where a build fails that has flown the area before: nothing is told that was not measured
 */
export async function runGate(settings: GateSettings, children: Children = { run: runChild, count: countsOf }): Promise<GateResult> {
  const { base, head, scope, progress, accepted } = settings;
  progress('counting');
  const baseCounts = await children.count(base).catch(() => null);
  const counts = decideCounts(baseCounts, await children.count(head));
  const { rows, skipped } = await measureRows(settings, scope, children);
  if (rows.length === 0) throw new Error(`base cannot fly ${skipped.join(', ')}: nothing was compared`);
  const suspects = new Set(rows.flatMap(({ name, verdict }) => (verdict === 'slower' && !accepted.has(name) ? [name] : [])));
  const suspected = scope.filter((area) => [...suspects].some((name) => name.startsWith(`${area}/`)));
  const again = suspected.length === 0 ? [] : (await measureRows(settings, suspected, children)).rows;
  const decided = rows.map((row) => (suspects.has(row.name) ? (again.find(({ name }) => name === row.name) ?? row) : row));
  return {
    rows: decided,
    counts,
    skipped: baseCounts === null ? [...skipped, 'counts'] : skipped,
    isRefused: isRefused(decided, counts, accepted),
  };
}

async function measureRows(settings: GateSettings, scope: readonly string[], { run }: Children) {
  const { base, head, pairs, progress } = settings;
  const runs: { base: readonly Samples[]; head: readonly Samples[] }[] = [];
  const skipped = new Set<string>();
  for (let pair = 0; pair < pairs; pair++) {
    for (const area of scope) {
      if (skipped.has(area)) continue;
      const tell = (what: string): void => progress(`pair ${pair + 1} of ${pairs}: ${what}`);
      const orders = { ...settings, area, wornFlights: 0, seed: pair + 1, isGate: true };
      const measure = (root: string): Promise<readonly Samples[]> => run({ ...orders, root }, tell);
      const both = await measurePair(measure, { base, head }, pair);
      if (both === null) skipped.add(area);
      else runs.push(both);
    }
  }
  const rows = [...pairsOf(runs)].map(([name, row]) => decideRow(name, row.pairs, row.threshold));
  return { rows, skipped: [...skipped] };
}

/**
 * Who goes first changes from pair to pair: a machine that slows down would else always slow down the second. `null`: base cannot fly this, which is
 * known by the first pair. Whoever fails later has another reason, and fewer pairs than were asked for decide nothing.
 */
async function measurePair(
  measure: (root: string) => Promise<readonly Samples[]>,
  { base, head }: { base: string; head: string },
  pair: number,
) {
  const old = (): Promise<readonly Samples[] | null> => (pair === 0 ? measure(base).catch(() => null) : measure(base));
  if (pair % 2 === 0) {
    const before = await old();
    return before === null ? null : { base: before, head: await measure(head) };
  }
  const after = await measure(head);
  const before = await old();
  return before === null ? null : { base: before, head: after };
}

/** The interpreter alone and room for all that is made: then bytes can be counted. */
const COUNTING = [
  '--expose-gc',
  '--no-warnings',
  '--no-opt',
  '--no-sparkplug',
  '--no-lazy-feedback-allocation',
  '--min-semi-space-size=64',
  '--max-semi-space-size=128',
];

/** In a child of its own. */
export function countsOf(root: string): Promise<Counts> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./counts.js', import.meta.url), [root], {
      execArgv: COUNTING,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let counts: Counts | null = null;
    child.on('message', (message: Counts) => (counts = message));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 && counts !== null ? resolve(counts) : reject(new Error(`counting ended with ${code}`))));
  });
}
