/** `npm run soak:streams [-- --failovers 1000]`: streams break off under readers on real threads; fails when a chunk was lost, doubled or out of order. */
import { command, type Given, wholeNumber } from './arguments.js';
import { streamSoak } from './stream-soak-run.js';

const usage = `Usage: npm run soak:streams -- [options]

Streams break off under readers on real threads; exits with 1 when a chunk was lost, doubled or out of order.

  --failovers N   in mid-air, for each kind of midStream (default 1000)
  --help          this text
`;
const texts = ['failovers'] as const;

async function main(given: Given<(typeof texts)[number]>): Promise<number> {
  const failovers = wholeNumber('failovers', given.failovers, { least: 1, most: 1_000_000, fallback: 1_000 });
  let isGood = true;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  for (const midStream of ['verify', 'resume'] as const) {
    const { problems, seconds, ...counts } = await streamSoak({ failovers, midStream, progress: say });
    say(`midStream '${midStream}', node ${process.version}, ${seconds.toFixed(1)} s`);
    for (const [what, count] of Object.entries(counts)) say(`${what.padEnd(16)} ${count}`);
    for (const problem of problems) say(problem);
    if (counts.failed + counts.wrong > 0) isGood = false;
  }
  return isGood ? 0 : 1;
}

await command({ usage, texts }, main);
