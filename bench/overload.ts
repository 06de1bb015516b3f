/**
 * `npm run overload`: the curves of an overload, with the retry budget and without it, where the upstream honours aborts and where not; and how long
 * it takes to come back, over many seeds, beside the least that is possible where no flight calls twice.
 */
import { command } from './arguments.js';
import { median } from './measure/statistics.js';
import { floorSeconds, overload, type Overload, type OverloadResult } from './overload-run.js';

const SECONDS = 150;
const DIP_ENDS = 30;
const SEEDS = Array.from({ length: 10 }, (_, at) => at + 1);
const LOADS = [0.85, 0.9];
const BARS = '▁▂▃▄▅▆▇█';
const bar = (share: number): string => BARS[Math.max(0, Math.min(BARS.length - 1, Math.round(share * BARS.length) - 1))] as string;
const curve = (shares: readonly number[], full: number): string => shares.map((share) => bar(share / full)).join('');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function overSeeds(what: Omit<Overload, 'seconds' | 'seed'>): Promise<OverloadResult[]> {
  const results: OverloadResult[] = [];
  for (const seed of SEEDS) results.push(await overload({ ...what, seconds: SECONDS, seed }));
  return results;
}

/** The median and the extremes: one seed alone may be a lucky one. */
function recovery(results: readonly OverloadResult[]): string {
  const after = results.map(({ recoveredAfter }) => recoveredAfter ?? Infinity);
  const [least, most] = [Math.min(...after), Math.max(...after)];
  if (least === Infinity) return `not back to 95 % in the ${SECONDS - DIP_ENDS} s after it`;
  return `back to 95 % after ${median(after)} s (${least} to ${most} s)`;
}

const usage = `Usage: npm run overload

The curves of an overload, with the retry budget and without it, where the upstream honours aborts and where not, and how
long it takes to come back, over many seeds. Takes minutes.
`;

async function main(): Promise<number> {
  say(
    `80 % load; from second 20 to ${DIP_ENDS} a tenth of the capacity; ${SECONDS} seconds of one seed, one character each; recovery over ${SEEDS.length} seeds`,
  );
  for (const honoursAborts of [true, false]) {
    for (const care of ['budget', 'none', 'one attempt', 'budget, waiting, ceiling'] as const) {
      const results = await overSeeds({ care, honoursAborts });
      const { goodput, load } = results[0] as OverloadResult;
      say(`\nupstream ${honoursAborts ? 'honours aborts' : 'serves what nobody waits for'}, ${care}: ${recovery(results)}`);
      say(`answers ${curve(goodput, 1)}`);
      say(`calls   ${curve(load, 3)} of 3 a flight, at most ${Math.max(...load).toFixed(2)}`);
    }
  }
  say('\nat higher loads, where the upstream serves what nobody waits for:');
  for (const load of LOADS) {
    const [budget, one] = [
      await overSeeds({ load, care: 'budget', honoursAborts: false }),
      await overSeeds({ load, care: 'one attempt', honoursAborts: false }),
    ];
    say(
      `${load * 100} %, budget: ${recovery(budget)}; one attempt: ${recovery(one)}, and its queue takes ${floorSeconds(load).toFixed(0)} s by arithmetic`,
    );
  }
  return 0;
}

await command({ usage }, main);
