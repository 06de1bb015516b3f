/** One area of one build in a process of its own: rows shuffled, round after round. Started by `fork`, its orders are the first argument. */
import { areaOf } from './areas.js';
import { loadBuild } from './build.js';
import type { Condition, Row, Samples, TimedRow } from './measure/rows.js';
import { sample } from './measure/sampling.js';
import { randomOf, shuffled } from './measure/statistics.js';

export interface ChildOrders {
  readonly area: string;
  readonly root: string;
  readonly rounds: number;
  /** One round of one timed row. */
  readonly ms: number;
  /** What a worn row has flown before it is measured. */
  readonly wornFlights: number;
  readonly seed: number;
  /** Only gated rows, and only after a collection: what the gate compares. */
  readonly isGate: boolean;
}

export type ChildMessage = { readonly progress: string } | { readonly samples: readonly Samples[] };

/** How many rounds' time is given to warm up before the very first. */
const COLD_ROUNDS = 5;

const isTimed = (row: Row): row is TimedRow => 'run' in row;
const say = (message: ChildMessage): void => void process.send?.(message);

async function main(orders: ChildOrders): Promise<void> {
  const area = await areaOf(orders.area);
  const { rows, close } = await area.open(await loadBuild(orders.root));
  const conditions: readonly Condition[] = orders.isGate ? ['after gc'] : area.conditions;
  const rounds = orders.rounds * (orders.isGate ? 1 : (area.roundsTimes ?? 1));
  const taken = rows.filter((row) => !orders.isGate || (isTimed(row) && row.gate !== undefined));
  const samples: Samples[] = [];
  for (const condition of conditions)
    samples.push(...(await measure(taken, condition, { ...orders, rounds, isCold: condition === conditions[0] })));
  await close?.();
  say({ samples });
  process.disconnect?.();
}

// Nobody listens any more, at the end or because the parent is gone: held flights would keep the process for their time.
process.once('disconnect', () => process.exit(0));

interface Measuring extends ChildOrders {
  /** Nothing has been called yet. */
  readonly isCold: boolean;
}

async function measure(rows: readonly Row[], condition: Condition, orders: Measuring): Promise<Samples[]> {
  const { rounds, ms, seed, wornFlights, area, isCold } = orders;
  const random = randomOf(seed);
  const measured = condition === 'worn' ? rows.filter((row) => isTimed(row) && row.wears === true) : rows;
  if (condition === 'worn') for (const row of measured) await wear(row as TimedRow, wornFlights);
  const values = new Map<string, number[]>(measured.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    say({ progress: `${area}, ${condition}, round ${round + 1} of ${rounds}` });
    for (const row of shuffled(measured, random)) {
      if (!isTimed(row) && round >= (row.rounds ?? rounds)) continue;
      if (condition !== 'fresh' && isTimed(row)) globalThis.gc?.();
      // The first round meets cold code, and the compiler needs its time where processors are few.
      const value = await sample(row, { ms, warmUpMs: isCold && round === 0 ? COLD_ROUNDS * ms : ms / 5 });
      values.get(row.name)?.push(value);
    }
  }
  return measured.map((row) => ({
    name: row.name,
    condition,
    unit: isTimed(row) ? 'ns' : row.unit,
    rounds: values.get(row.name) ?? [],
    ...(isTimed(row) && row.gate !== undefined ? { gate: row.gate } : {}),
  }));
}

async function wear({ name, run, per }: TimedRow, flights: number): Promise<void> {
  say({ progress: `${name}: ${flights.toLocaleString('en')} flights first` });
  for (let flown = 0; flown < flights; flown += per) await run();
}

await main(JSON.parse(process.argv[2] ?? '{}') as ChildOrders);
