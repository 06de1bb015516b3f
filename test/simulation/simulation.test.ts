// The real front, links and shards in one thread, under a virtual clock and a seeded scheduler, with faults: no invariant breaks in any schedule,
// and the same seed tells the same story.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulate.js';
import { tell } from './tell.js';

const SEEDS = 20_000;
const SEEDS_TWICE = 200;

test(`no invariant breaks in ${SEEDS} schedules`, async (context) => {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const limit = Error.stackTraceLimit;
  // Nobody reads them here, and they cost a tenth of the time.
  Error.stackTraceLimit = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const flown = await simulate(seed);
    if (flown.violations.length > 0) assert.fail(tell(flown));
  }
  Error.stackTraceLimit = limit;
  const { user, system } = process.cpuUsage(cpuBefore);
  const rate = Math.round((SEEDS / (performance.now() - startedAt)) * 1_000);
  context.diagnostic(`${rate} schedules a second, ${Math.round((SEEDS / (user + system)) * 1e6)} a CPU second`);
});

test('the same seed tells the same story', async () => {
  const hashes = async (): Promise<string[]> => {
    const found: string[] = [];
    for (let seed = 1; seed <= SEEDS_TWICE; seed++) found.push((await simulate(seed)).log.hash());
    return found;
  };
  const first = await hashes();
  assert.deepEqual(await hashes(), first);
  assert.equal(new Set(first).size, SEEDS_TWICE);
});
