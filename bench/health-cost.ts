/**
 * `npm run health-cost`: what breakers, budgets and explanations cost a healthy flight inline, beside the same flight without them, in turns in one
 * process. Breakers and budgets are options; what `explain` needs (the attempts of a flight, and the last flights) is always kept, and is taken out
 * here by hand.
 */
import { Flight } from '../src/flight.js';
import { createCoalescer, type Coalescer } from '../src/index.js';
import { StoryRing } from '../src/story-ring.js';
import type { AttemptRecord } from '../workers/protocol.js';
import { command } from './arguments.js';

const ROUNDS = 41;
const WARM_UP = 5;
const FLIGHTS = 40_000;
const AT_ONCE = 64;

const make = (options: { breaker?: false; budget?: false }): Coalescer<string, string> =>
  createCoalescer({
    scope: 'public',
    targets: { primary: async (key: string) => key, backup: async (key: string) => key },
    ...options,
  });

/** What follows is explained, or not. The way through it is the same in both. */
let isExplained = true;
function makeExplaining(): void {
  const ring = Object.getOwnPropertyDescriptor(StoryRing.prototype, 'add')?.value as (this: StoryRing, flight: Flight) => void;
  const list = Object.getOwnPropertyDescriptor(Flight.prototype, 'attempted')?.value as (this: Flight, attempt: AttemptRecord) => void;
  StoryRing.prototype.add = function (flight): void {
    if (isExplained) ring.call(this, flight);
  };
  Flight.prototype.attempted = function (attempt): void {
    if (isExplained) list.call(this, attempt);
  };
}

/** Processor time of one flight, in µs: others that run on this machine do not count. */
async function round(coalescer: Coalescer<string, string>, explains: boolean): Promise<number> {
  isExplained = explains;
  const before = process.cpuUsage();
  for (let flight = 0; flight < FLIGHTS; flight += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => coalescer.request(`k${flight + at}`)));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / FLIGHTS;
}

const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] as number;

const usage = `Usage: npm run health-cost

What breakers, budgets and explanations cost a healthy flight inline, beside the same flight without them.
`;

async function main(): Promise<number> {
  makeExplaining();
  const [on, off] = [make({}), make({ breaker: false, budget: false })];
  const costs: { on: number[]; off: number[] } = { on: [], off: [] };
  for (let turn = 0; turn < ROUNDS; turn++) {
    const isOnFirst = turn % 2 === 0;
    const first = await round(isOnFirst ? on : off, isOnFirst);
    const second = await round(isOnFirst ? off : on, !isOnFirst);
    if (turn < WARM_UP) continue;
    costs.on.push(isOnFirst ? first : second);
    costs.off.push(isOnFirst ? second : first);
  }
  const ratio = median(costs.on.map((cost, at) => cost / (costs.off[at] as number)));
  const [with_, without] = [median(costs.on), median(costs.off)].map((cost) => cost.toFixed(3));
  process.stdout.write(
    `a healthy flight inline: ${with_} µs with breakers, budgets and explanations, ${without} µs without, ${ratio.toFixed(3)} times\n`,
  );
  return 0;
}

await command({ usage }, main);
