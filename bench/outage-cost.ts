/**
 * `npm run outage-cost`: what a healthy flight inline costs in a process that has seen an outage, beside the same before it. In the outage flights
 * fail in every way there is, so that the engine has met all the shapes that trouble gives to things. Benches that only fly healthy flights do not
 * see it, and every process that lives long does.
 */
import { createCoalescer, type Coalescer } from '../src/index.js';
import { command } from './arguments.js';

const ROUNDS = 15;
const FLIGHTS = 100_000;
const SICK_FLIGHTS = 20_000;
const AT_ONCE = 256;
/** What was to be left alone is free again. */
const CALM_MS = 3_000;

let isSick = false;
let state = 12_345;
/** The same outage each time. */
const chance = (): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return state / 2 ** 32;
};

const later = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const failures: readonly (() => Error)[] = [
  () => Object.assign(new Error('down'), { status: 500 }),
  () => Object.assign(new Error('there is none'), { status: 404 }),
  () => Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
  () => Object.assign(new Error('overloaded'), { status: 529 }),
];

async function answer(key: string): Promise<number> {
  if (!isSick) return key.length;
  const lot = chance();
  if (lot < 0.3) return key.length;
  if (lot < 0.5) await later(chance() * 30);
  if (lot < 0.4) return key.length;
  // Seldom: each closes its target for all for a while.
  if (lot < 0.42) throw Object.assign(new Error('too many'), { status: 429, retryAfterMs: 5 });
  throw (failures[Math.floor(chance() * failures.length)] as () => Error)();
}

/** Processor time of one flight in nanoseconds, the median of rounds: others that run on this machine do not count. */
async function healthy(coalescer: Coalescer<string, number>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let flight = 0; flight < FLIGHTS; flight += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => coalescer.request(`key ${flight + at}`)));
    const { user, system } = process.cpuUsage(before);
    rounds.push(((user + system) * 1_000) / FLIGHTS);
  }
  return rounds.sort((one, other) => one - other)[ROUNDS >> 1] as number;
}

/** Some who wait leave, some have little time. */
async function outage(coalescer: Coalescer<string, number>): Promise<number> {
  isSick = true;
  let failed = 0;
  for (let flight = 0; flight < SICK_FLIGHTS; flight += AT_ONCE) {
    const outcomes = await Promise.allSettled(
      Array.from({ length: AT_ONCE }, (_, at) => {
        const signal = chance() < 0.2 ? AbortSignal.timeout(Math.ceil(chance() * 20)) : undefined;
        return coalescer.request(`key ${flight + at}`, { signal, timeoutMs: chance() < 0.2 ? 10 : undefined });
      }),
    );
    failed += outcomes.filter(({ status }) => status === 'rejected').length;
  }
  isSick = false;
  await later(CALM_MS);
  return failed;
}

const usage = `Usage: npm run outage-cost

What a healthy flight inline costs in a process that has seen an outage, beside the same before it.
`;

async function main(): Promise<number> {
  const coalescer = createCoalescer({
    scope: 'public',
    flightTimeoutMs: 200,
    backoff: { baseMs: 1, maxMs: 5 },
    breaker: false,
    targets: { one: { run: answer, attemptTimeoutMs: 15 }, two: { run: answer, attemptTimeoutMs: 20 }, three: answer },
  });
  await healthy(coalescer);
  const before = await healthy(coalescer);
  const failed = await outage(coalescer);
  await healthy(coalescer);
  const after = await healthy(coalescer);
  await coalescer.close();
  process.stdout.write(
    `a healthy flight inline: ${before.toFixed(0)} ns before an outage (${failed} of ${SICK_FLIGHTS} requests failed in it), ` +
      `${after.toFixed(0)} ns after it, ${(after / before).toFixed(2)} times\n`,
  );
  return 0;
}

await command({ usage }, main);
