// Flies seeded schedules through the compiled simulation: `npm run simulate -- --seeds N [--from S]`, or one alone with its story: `-- --seed N`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import './ensure.mjs';

// How V8 runs it, not what: a schedule is over before most of it would be collected, threads that collect take time from the one that flies where there
// is one processor, and every part of the library is hot, for a short while, so that inlining costs more than it wins.
const FLAGS = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  '--single-threaded-gc',
  '--max-inlined-bytecode-size-cumulative=300',
];
const main = join(import.meta.dirname, '..', 'dist', 'test', 'simulation', 'main.js');

const { status } = spawnSync(process.execPath, [...FLAGS, main, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
