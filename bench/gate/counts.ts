/** What can be counted and not only timed: the same on every machine and in every run, so one more is one too many. Run in a child of its own. */
import { MessagePort } from 'node:worker_threads';
import { type Build, loadBuild } from '../build.js';
import { keysOf } from '../payloads.js';
import type targets from './count-targets.js';

export type Counts = Readonly<Record<string, number>>;

const FLIGHTS = 256;
const fails = async (): Promise<string> => {
  throw new Error('the first target fails');
};

/** Upstream calls of many requests for few keys. */
async function upstreamCalls({ coalescers }: Build, requests: number, keys: number, isFailing: boolean): Promise<number> {
  let calls = 0;
  const counted =
    (run: (key: string) => Promise<string>) =>
    (key: string): Promise<string> => {
      calls++;
      return run(key);
    };
  const echo = counted(async (key) => key);
  const coalescer = coalescers.createCoalescer({
    scope: 'public',
    targets: isFailing ? { primary: counted(fails), backup: echo } : { primary: echo, backup: echo },
  });
  const asked = keysOf(keys);
  await Promise.all(Array.from({ length: requests }, (_, at) => coalescer.request(asked[at % keys] as string)));
  await coalescer.close();
  return calls;
}

async function onThreads({ coalescers }: Build): Promise<Counts> {
  const sent = new SharedArrayBuffer(4);
  const module = coalescers.threadTargets<typeof targets>(new URL('./count-targets.js', import.meta.url), {
    config: { sent },
    spare: false,
  }); // a spare that opens has messages of its own

  const coalescer = coalescers.createCoalescer({ scope: 'public', targets: module });
  await coalescer.ready();
  await coalescer.request('the packing library has loaded');
  const cell = new Int32Array(sent);
  const before = Atomics.load(cell, 0);
  const asked = countMessages();
  await Promise.all(keysOf(FLIGHTS).map((key) => coalescer.request(key)));
  const counts = {
    [`messages to a thread, ${FLIGHTS} flights`]: asked(),
    [`messages from it, ${FLIGHTS} flights`]: Atomics.load(cell, 0) - before,
  };
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => coalescer.outcome('die')));
  const kill = {
    'attempts of a flight whose thread is killed': outcomes[0]?.attempts.length ?? 0,
    'waiters that the kill costs': outcomes.filter(({ status }) => status !== 'fulfilled').length,
  };
  await coalescer.close();
  return { ...counts, ...kill };
}

/** From now on; what is returned tells how many there were. */
function countMessages(): () => number {
  const prototype = MessagePort.prototype as { postMessage: (this: MessagePort, ...args: never[]) => void };
  const { postMessage } = prototype;
  let count = 0;
  prototype.postMessage = function counted(this: MessagePort, ...args) {
    count++;
    postMessage.apply(this, args);
  };
  return () => {
    prototype.postMessage = postMessage;
    return count;
  };
}

/**
 * Bytes on the heap for each call, by the interpreter: optimised code leaves out what it can prove nobody sees, and when it does is chance. The
 * least of several rounds: the others made room for tables and feedback too. Good to a few words (ends of pages, ticks of the wheel): see the
 * gate's slack.
 */
async function bytesOf(run: () => unknown, calls: number): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 10; round++) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    await run();
    least = Math.min(least, process.memoryUsage().heapUsed - before);
  }
  return Math.round(least / calls / BYTES_STEP) * BYTES_STEP;
}

const BYTES_STEP = 8;
const CALLS = 4_096;

async function allocations({ coalescers }: Build): Promise<Counts> {
  const keys = keysOf(CALLS);
  const plain = coalescers.createCoalescer({ scope: 'public', targets: { echo: async (key: string) => key } });
  const held = coalescers.createCoalescer({
    scope: 'public',
    limits: { waitersPerFlight: 1_000_000 },
    targets: { never: () => new Promise<string>(() => {}) },
  });
  void held.request('key').catch(() => undefined);
  const join = (): void => {
    for (let count = 0; count < CALLS; count++) void held.request('key');
  };
  const flights = async (): Promise<void> => {
    for (const key of keys) await plain.request(key);
  };
  const counts = { 'bytes allocated by a join': await bytesOf(join, CALLS), 'bytes allocated by a flight': await bytesOf(flights, CALLS) };
  process.on('unhandledRejection', () => undefined); // a held flight has no other end
  held.cancel({ scope: null });
  await Promise.all([held.close(), plain.close()]);
  return counts;
}

async function countAll(root: string): Promise<Counts> {
  const build = await loadBuild(root);
  return {
    'upstream calls, 1,000 requests for 10 keys': await upstreamCalls(build, 1_000, 10, false),
    'upstream calls, 1,000 requests for 10 keys whose first target fails': await upstreamCalls(build, 1_000, 10, true),
    'upstream calls, 10,000 waiters on one key whose first target fails': await upstreamCalls(build, 10_000, 1, true),
    ...(await allocations(build)),
    ...(await onThreads(build)),
  };
}

process.send?.(await countAll(process.argv[2] ?? ''));
process.disconnect?.();
