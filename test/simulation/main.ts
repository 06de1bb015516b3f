/** `npm run simulate`: any number of schedules, or one alone with its whole story. */
import { intoForOne } from './for-one-swarm.js';
import { intoHedges } from './hedged.js';
import { intoMidAir } from './mid-air.js';
import { simulate } from './simulate.js';
import { intoSteering } from './steer-swarm.js';
import type { Swarm } from './swarm.js';
import { tell } from './tell.js';

const FAILURES_SHOWN = 10;
const PROGRESS_EVERY = 5_000;

function numberAfter(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  if (at === -1) return otherwise;
  const value = Number(process.argv[at + 1]);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new RangeError(`${name}: expected a whole number, got ${process.argv[at + 1]}`);
}

/** Values alone; or most flights break off in mid-air, and may go on; or many attempts are hedged; or values are for one alone; or targets are steered. */
const ALTERATIONS: Readonly<Record<string, (swarm: Swarm) => Swarm>> = {
  '--values': (swarm) => ({ ...swarm, streams: null, hedge: null, keep: null, forOne: null, steer: null }),
  '--mid-air': intoMidAir,
  '--hedged': intoHedges,
  '--for-one': intoForOne,
  '--steered': intoSteering,
};
const [, alter] = Object.entries(ALTERATIONS).find(([flag]) => process.argv.includes(flag)) ?? [];
const alteration = alter === undefined ? {} : { swarm: alter };

async function one(seed: number): Promise<boolean> {
  const flown = await simulate(seed, alteration);
  process.stdout.write(`${flown.log.lines().join('\n')}\n${flown.events} events, log ${flown.log.hash()}\n`);
  for (const { invariant, what } of flown.violations) process.stdout.write(`BROKEN ${invariant}: ${what}\n`);
  return flown.violations.length === 0;
}

async function many(from: number, count: number): Promise<boolean> {
  // Nobody reads them here, and they cost a tenth of the time.
  Error.stackTraceLimit = 0;
  const startedAt = performance.now();
  let failed = 0;
  let events = 0;
  let failovers = 0;
  let hedges = 0;
  for (let seed = from; seed < from + count; seed++) {
    const flown = await simulate(seed, alteration);
    events += flown.events;
    failovers += flown.failovers;
    hedges += flown.hedges;
    if (flown.violations.length > 0 && ++failed <= FAILURES_SHOWN) process.stdout.write(tell(flown));
    const done = seed - from + 1;
    if (done % PROGRESS_EVERY !== 0 && done !== count) continue;
    const rate = Math.round((done / (performance.now() - startedAt)) * 1_000);
    const { user, system } = process.cpuUsage();
    const cpuRate = Math.round((done / (user + system)) * 1e6);
    process.stdout.write(
      `${done} schedules, ${failed} failed, ${rate} a second (${cpuRate} a CPU second), ${Math.round(events / done)} events each, ${failovers} failovers in mid-air, ${hedges} hedges\n`,
    );
  }
  return failed === 0;
}

async function main(): Promise<boolean> {
  if (process.argv.includes('--seed')) return one(numberAfter('--seed', 0));
  return many(numberAfter('--from', 1), numberAfter('--seeds', 20_000));
}

main().then(
  (isGood) => {
    process.exitCode = isGood ? 0 : 1;
  },
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = error instanceof RangeError ? 2 : 1;
  },
);
