/** `npm run probes`: four threads and 10,000 flights that wait make one probe; thirty deaths of the probing thread leave no gap. */
import { halfOpen, probeKills } from './probe-run.js';

const FLIGHTS = 10_000;
const KILLS = 30;

async function main(): Promise<void> {
  const { probes, answered } = await halfOpen(FLIGHTS);
  process.stdout.write(`half-open, 4 threads, ${FLIGHTS} flights waiting: ${probes} probe, then ${answered} answers\n`);
  const { kills, outMost, gapMost, isClosed } = await probeKills(KILLS);
  const gap = `${gapMost.toFixed(0)} ms from a death to the next probe at most`;
  process.stdout.write(
    `${kills} deaths of the probing thread: ${outMost} probe out at most, ${gap}, ${isClosed ? 'closed' : 'not closed'} at the end\n`,
  );
  if (probes !== 1 || answered !== FLIGHTS || outMost !== 1 || !isClosed) process.exitCode = 1;
}

await main();
