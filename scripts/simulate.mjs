// Flies seeded schedules through the compiled simulation: `npm run simulate -- --seeds N [--from S]`, or one alone with its story: `-- --seed N`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { argumentsOf, refuse } from './arguments.mjs';

const usage = `Usage: npm run simulate -- [options]

Flies seeded schedules through the simulation, and exits with 1 when one breaks an invariant.

  --seeds N   how many schedules (default 20000)
  --from S    the first one's seed (default 1)
  --seed S    one alone, with its story
  --values, --mid-air, --hedged, --for-one, --steered
              values alone; many that break off, are hedged, are for one alone, or are steered
  --help      this text
`;
const numbers = { seeds: 1, from: 0, seed: 0 };
const swarms = ['values', 'mid-air', 'hedged', 'for-one', 'steered'];
const { values } = argumentsOf(usage, {
  ...Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: 'string' }])),
  ...Object.fromEntries(swarms.map((name) => [name, { type: 'boolean' }])),
});
for (const [name, least] of Object.entries(numbers)) {
  const text = values[name];
  if (text !== undefined && !(/^\d+$/.test(text) && Number(text) >= least))
    refuse(`--${name}: expected a whole number, ${least} or more, found ${JSON.stringify(text)}`);
}
// As it was understood: whichever way a value was given, it is in an argument of its own.
const args = Object.entries(values).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, value]));
await import('./ensure.mjs');

// How V8 runs it, not what: a schedule is over before most of it would be collected, threads that collect take time from the one that flies where there
// is one processor, and every part of the library is hot, for a short while, so that inlining costs more than it wins.
const FLAGS = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  '--single-threaded-gc',
  '--max-inlined-bytecode-size-cumulative=300',
];
const main = join(import.meta.dirname, '..', 'dist', 'test', 'simulation', 'main.js');

const { status } = spawnSync(process.execPath, [...FLAGS, main, ...args], { stdio: 'inherit' });
process.exit(status ?? 1);
