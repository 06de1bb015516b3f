/**
 * `coalescer/bench`: measures your own key function, payloads and targets, and holds them against an earlier run. Needs tinybench, an optional
 * peer dependency: whoever only runs a service must not install a bench with it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Targets } from '../../src/index.js';
import { type Place, placeOf } from '../measure/place.js';
import type { Condition, Row, Samples } from '../measure/rows.js';
import { sample, tinybench } from '../measure/sampling.js';
import { randomOf, shuffled } from '../measure/statistics.js';
import { ownRows, standOf } from './rows.js';

export { compare, type Comparison, type CompareOptions } from './compare.js';
export { ownReport } from './report.js';
export type { Condition, Samples } from '../measure/rows.js';
export type { Place } from '../measure/place.js';

/** What is measured, and for how long. */
export interface OwnBench {
  /** As for `createCoalescer`; the first one is called. */
  readonly targets: Targets;
  /** One at least; 256 at most are used. Requests are made with copies of them, never with the same object twice. */
  readonly payloads: readonly unknown[];
  /** As for `createCoalescer`. @default null: the payload's canonical form */
  readonly key?: ((payload: unknown) => string | null) | null;
  /** Whose requests they are. @default 'bench' */
  readonly scope?: string;
  /** Calls of the first target, in all: real ones take time and money. Its answers settle the flights of the other rows. @default 100 */
  readonly callsMax?: number;
  /** @default 5 */
  readonly rounds?: number;
  /** Milliseconds for one round of one row. @default 100 */
  readonly ms?: number;
  readonly progress?: (what: string) => void;
}

/** Plain data: keep it as JSON, and `compare` the next run with it. */
export interface OwnResults {
  readonly format: 1;
  readonly at: string;
  readonly place: Place;
  /** In nanoseconds for each request, or milliseconds for each call of the target. */
  readonly samples: readonly Samples[];
}

const DEFAULTS = { key: null, scope: 'bench', callsMax: 100, rounds: 5, ms: 100, progress: () => undefined };
const KNOWN = ['targets', 'payloads', ...Object.keys(DEFAULTS)];

/** Rounds' worth of warming up before the first. */
const COLD_ROUNDS = 4;

/**
 * Measures, in this process: deriving keys, joins, flights, each beside a Map of promises that does the same with the same keys and answers, and
 * the first target called directly and through a coalescer.
 * @throws TypeError or RangeError for a bad option, an unknown one, or a payload that cannot be copied or written as JSON; a CoalescerError for a
 * payload without a canonical form; whatever `key` or the target throws
 */
export async function measure(bench: OwnBench): Promise<OwnResults> {
  const filled = { ...DEFAULTS, ...bench };
  check(filled);
  await tinybench(); // before a target is called for nothing
  const stand = standOf(filled);
  try {
    const rows = await ownRows(filled, stand);
    const samples: Samples[] = [];
    for (const condition of ['fresh', 'after gc'] as const) {
      const measured = condition === 'fresh' ? rows : rows.filter((row) => 'run' in row);
      samples.push(...(await round(measured, condition, filled)));
    }
    return { format: 1, at: new Date().toISOString(), place: placeOf(), samples };
  } finally {
    // Where it failed, nobody waits for what is still in the air.
    await Promise.all([stand.real, stand.replaying].map((coalescer) => coalescer.close({ drainMs: 0 })));
  }
}

async function round(rows: readonly Row[], condition: Condition, { rounds, ms, progress }: Required<OwnBench>): Promise<Samples[]> {
  const random = randomOf(1);
  const collect = condition === 'fresh' ? () => undefined : collector();
  const values = new Map<string, number[]>(rows.map(({ name }) => [name, []]));
  for (let count = 0; count < rounds; count++) {
    progress(`${condition}, round ${count + 1} of ${rounds}`);
    for (const row of shuffled(rows, random)) {
      collect();
      const isCold = count === 0 && condition === 'fresh';
      values.get(row.name)?.push(await sample(row, { ms, warmUpMs: isCold ? COLD_ROUNDS * ms : ms / 5 }));
    }
  }
  return rows.map((row) => ({ name: row.name, condition, unit: 'run' in row ? 'ns' : row.unit, rounds: values.get(row.name) ?? [] }));
}

/** The collector of this process, whether or not it was started with `--expose-gc`. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function check(bench: Required<OwnBench>): void {
  const stranger = Object.keys(bench).find((name) => !KNOWN.includes(name));
  if (stranger !== undefined) throw new TypeError(`${stranger}: there is no such option; known are ${KNOWN.join(', ')}`);
  const { targets, payloads, callsMax, rounds, ms } = bench;
  if (typeof targets !== 'object' || targets === null || Object.keys(targets).length === 0)
    throw new TypeError('targets: expected a record of targets, as for createCoalescer, with one at least');
  if (!Array.isArray(payloads) || payloads.length === 0) throw new TypeError('payloads: expected a list with one payload at least');
  for (const [name, value] of Object.entries({ callsMax, rounds, ms }))
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`${name}: expected a whole number, 1 or more, got ${value}`);
}
