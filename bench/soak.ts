/** `npm run soak [-- --kills 1000 --seed 1]`: kills threads under load, and fails when a waiter was lost or got anything but its answer. */
import { command, type Given, wholeNumber } from './arguments.js';
import { percentile, soak } from './soak-run.js';

const usage = `Usage: npm run soak -- [options]

Kills threads under load, and exits with 1 when a waiter was lost or got anything but its answer.

  --kills N   threads that are killed (default 1000)
  --seed N    (default 1)
  --help      this text
`;
const texts = ['kills', 'seed'] as const;

async function main(given: Given<(typeof texts)[number]>): Promise<number> {
  const kills = wholeNumber('kills', given.kills, { least: 1, most: 1_000_000, fallback: 1_000 });
  const seed = wholeNumber('seed', given.seed, { least: 0, most: 4_294_967_295, fallback: 1 });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const result = await soak({ kills, seed, progress: say });
  const { recoveries, problems, seconds, ...counts } = result;
  say(`node ${process.version}, seed ${seed}, ${seconds.toFixed(1)} s`);
  for (const [what, count] of Object.entries(counts)) say(`${what.padEnd(16)} ${count}`);
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(recoveries, share).toFixed(1));
  say(`recovery         p50 ${p50} ms, p99 ${p99} ms, most ${most} ms, of ${recoveries.length}`);
  for (const problem of problems) say(problem);
  return counts.lostWaiters + counts.failed + counts.wrong + counts.surplusAttempts > 0 ? 1 : 0;
}

await command({ usage, texts }, main);
