/** `npm run soak [-- --kills 1000 --seed 1]`: kills threads under load, and fails when a waiter was lost or got anything but its answer. */
import { parseArgs } from 'node:util';
import { percentile, soak } from './soak-run.js';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } } });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const result = await soak({ kills: Number(values.kills), seed: Number(values.seed), progress: say });
  const { recoveries, problems, seconds, ...counts } = result;
  say(`node ${process.version}, seed ${values.seed}, ${seconds.toFixed(1)} s`);
  for (const [what, count] of Object.entries(counts)) say(`${what.padEnd(16)} ${count}`);
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(recoveries, share).toFixed(1));
  say(`recovery         p50 ${p50} ms, p99 ${p99} ms, most ${most} ms, of ${recoveries.length}`);
  for (const problem of problems) say(problem);
  if (counts.lostWaiters + counts.failed + counts.wrong + counts.surplusAttempts > 0) process.exitCode = 1;
}

await main();
