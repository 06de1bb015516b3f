/** The hot paths beside their floor, a Map of promises, in one process: joins, flights inline, flights on a thread, a step of the table. `npm run bench`. */
import { cpus } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { Bench } from 'tinybench';
import { createActor } from 'xstate';
import { flightMachine } from '../machines/flight.machine.js';
import * as flight from '../machines/flight.table.js';
import { createCoalescer, defineTargets, threadTargets } from '../src/index.js';

const KEYS = 65_536;
const keys = Array.from({ length: KEYS }, (_, index) => `key-${index}`);
const answer = (payload: string): Promise<string> => Promise.resolve(payload);

/** What the thread rows fly: this very module, on the other side. */
const targets = defineTargets({ answer });
export default targets;

const floor = new Map<string, Promise<string>>();
function requestByMap(key: string): Promise<string> {
  const known = floor.get(key);
  if (known !== undefined) return known;
  const promise = answer(key);
  floor.set(key, promise);
  const done = (): void => {
    if (floor.get(key) === promise) floor.delete(key);
  };
  promise.then(done, done);
  return promise;
}

const unsettled = new Promise<string>(() => {});
const never = (): Promise<string> => unsettled;

let next = 0;
const nextKey = (): string => keys[next++ % KEYS] as string;
const many = (count: number, request: (key: string) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, () => request(nextKey())));

async function main(): Promise<void> {
  const inline = createCoalescer({ name: 'inline', scope: 'public', targets: { answer } });
  const threads = createCoalescer({
    name: 'threads',
    scope: 'public',
    targets: threadTargets<typeof targets>(new URL(import.meta.url)),
  });
  const held = createCoalescer({
    name: 'held',
    scope: 'public',
    limits: { waitersPerFlight: 10_000_000 },
    targets: { never },
  });
  void held.request('key');
  floor.set('held', unsettled);
  await threads.ready();

  const bench = new Bench({ time: 400, warmupTime: 100, concurrency: null });
  let sink: unknown;
  let state = 0;
  const step = (event: number): void => {
    state = flight.flightTable.next[state * flight.flightTable.events.length + event] as number;
  };
  bench
    .add('join/map look-up', () => {
      sink = floor.get('held');
    })
    .add('join/coalescer', () => {
      sink = held.request('key');
    })
    .add('flight/map, one at a time', () => requestByMap(nextKey()))
    .add('flight/coalescer, one at a time', () => inline.request(nextKey()))
    .add('flight/map, 256 in the air', () => many(256, requestByMap))
    .add('flight/coalescer, 256 in the air', () => many(256, (key) => inline.request(key)))
    .add('threads/coalescer, 256 in the air', () => many(256, (key) => threads.request(key)))
    .add('table/four events', () => {
      state = flight.flightTable.roots[2] as number;
      step(flight.FLIGHT_LAUNCHED);
      step(flight.ATTEMPT_REJECTED);
      step(flight.TARGET_CHOSEN);
      step(flight.ATTEMPT_RESOLVED);
    })
    .add('table/live XState actor, four events', () => {
      const actor = createActor(flightMachine, { input: { attemptsMax: 3, isOpened: false, canContinue: false } }).start();
      for (const type of ['flight.launched', 'attempt.rejected', 'target.chosen', 'attempt.resolved'] as const) actor.send({ type });
    });
  console.log(`node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} processors`);
  await bench.run();
  for (const { name, result } of bench.tasks) {
    if (!('latency' in result)) throw new Error(`${name} did not complete: ${result.state}`);
    const perFlight = name.includes('256') ? 256 : 1;
    console.log(`${name.padEnd(40)} ${((result.latency.p50 * 1e6) / perFlight).toFixed(0).padStart(8)} ns`);
  }
  if (sink === undefined) throw new Error('nothing was joined');
  await threads.close();
  process.exit(0); // the held flight would keep the process for its 30 s
}

// The same file is the targets module of its own thread: there, nothing is measured.
if (isMainThread) await main();
