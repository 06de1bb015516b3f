/** `npm run stragglers`: what hedging cuts off the slowest answers of a target that is a hundred times slower once in a hundred calls, and what it costs. */
import { command } from './arguments.js';
import { median } from './measure/statistics.js';
import { stragglers, type Stragglers, type StragglersResult } from './stragglers-run.js';

const FLIGHTS = 30_000;
const SEEDS = [1, 2, 3, 4, 5];
const SPREADS = [0, 0.3, 0.6];
const HEDGES: Readonly<Record<string, Stragglers['hedge']>> = {
  'no hedge': null,
  'hedge: {}': {},
  'hedge: { percentile: 98 }': { percentile: 98 },
  'hedge: { afterMs: 200 }': { afterMs: 200 },
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const usage = `Usage: npm run stragglers

What hedging cuts off the slowest answers of a target that is a hundred times slower once in a hundred calls, and what it
costs.
`;

async function main(): Promise<number> {
  say(`median 50 ms, 1 % of the calls 100 times slower; ${FLIGHTS} flights of each of ${SEEDS.length} seeds, medians of the seeds`);
  for (const spread of SPREADS) {
    say(`\nusual times with a spread of ${spread} (log-normal)`);
    let unhedged = 0;
    for (const [name, hedge] of Object.entries(HEDGES)) {
      const results: StragglersResult[] = [];
      for (const seed of SEEDS) results.push(await stragglers({ hedge, flights: FLIGHTS, seed, spread }));
      const [p50, p99, p999, extra] = (['p50', 'p99', 'p999', 'extra'] as const).map((what) => median(results.map((each) => each[what])));
      if (hedge === null) unhedged = p999!;
      const cut = hedge === null ? '' : `, cut by ${(unhedged / p999!).toFixed(1)}, ${(extra! * 100).toFixed(2)} % more calls`;
      say(`${name.padEnd(26)} p50 ${p50!.toFixed(0)} ms, p99 ${p99!.toFixed(0)} ms, p99.9 ${p999!.toFixed(0)} ms${cut}`);
    }
  }
  return 0;
}

await command({ usage }, main);
