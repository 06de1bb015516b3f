/** `npm run soak:streams [-- --failovers 1000]`: streams break off under readers on real threads; fails when a chunk was lost, doubled or out of order. */
import { parseArgs } from 'node:util';
import { streamSoak } from './stream-soak-run.js';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { failovers: { type: 'string', default: '1000' } } });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  for (const midStream of ['verify', 'resume'] as const) {
    const { problems, seconds, ...counts } = await streamSoak({ failovers: Number(values.failovers), midStream, progress: say });
    say(`midStream '${midStream}', node ${process.version}, ${seconds.toFixed(1)} s`);
    for (const [what, count] of Object.entries(counts)) say(`${what.padEnd(16)} ${count}`);
    for (const problem of problems) say(problem);
    if (counts.failed + counts.wrong > 0) process.exitCode = 1;
  }
}

await main();
