/** `npm run overload`: the curves of an overload, with the retry budget and without it, where the upstream honours aborts and where not. */
import { overload } from './overload-run.js';

const SECONDS = 150;
const BARS = '▁▂▃▄▅▆▇█';
const bar = (share: number): string => BARS[Math.max(0, Math.min(BARS.length - 1, Math.round(share * BARS.length) - 1))] as string;
const curve = (shares: readonly number[], full: number): string => shares.map((share) => bar(share / full)).join('');

async function main(): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`80 % load; from second 20 to 30 a tenth of the capacity; ${SECONDS} seconds, one character each`);
  for (const honoursAborts of [true, false]) {
    for (const care of ['budget', 'none', 'budget, waiting, ceiling'] as const) {
      const { goodput, load, recoveredAfter } = await overload({ care, honoursAborts, seconds: SECONDS });
      const back = recoveredAfter === null ? 'never recovers' : `back to 95 % after ${recoveredAfter} s`;
      say(`\nupstream ${honoursAborts ? 'honours aborts' : 'serves what nobody waits for'}, ${care}: ${back}`);
      say(`answers ${curve(goodput, 1)}`);
      say(`calls   ${curve(load, 3)} of 3 a flight, at most ${Math.max(...load).toFixed(2)}`);
    }
  }
}

await main();
