/** `npm run probes`: four threads and 10,000 flights that wait make one probe; thirty deaths of the probing thread leave no gap. */
import { command } from './arguments.js';
import { halfOpen, probeKills } from './probe-run.js';

const FLIGHTS = 10_000;
const KILLS = 30;

const usage = `Usage: npm run probes

Four threads and many flights that wait make one probe of a sick target, and deaths of the probing thread leave no gap. Exits
with 1 where they do.
`;

async function main(): Promise<number> {
  const { probes, answered } = await halfOpen(FLIGHTS);
  process.stdout.write(`half-open, 4 threads, ${FLIGHTS} flights waiting: ${probes} probe, then ${answered} answers\n`);
  const { kills, outMost, gapMost, isClosed } = await probeKills(KILLS);
  const gap = `${gapMost.toFixed(0)} ms from a death to the next probe at most`;
  process.stdout.write(
    `${kills} deaths of the probing thread: ${outMost} probe out at most, ${gap}, ${isClosed ? 'closed' : 'not closed'} at the end\n`,
  );
  return probes === 1 && answered === FLIGHTS && outMost === 1 && isClosed ? 0 : 1;
}

await command({ usage }, main);
