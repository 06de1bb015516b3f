/** The soak of streams: they break off again and again under readers, by their targets' failures and by their threads' deaths, and every reader's text is checked. */
import { createHash } from 'node:crypto';
import { createCoalescer, threadTargets, type Coalescer } from '../src/index.js';
import { digestOf, type StreamOrder } from './stream-soak-targets.js';
import type targets from './stream-soak-targets.js';

const FLIGHTS_AT_ONCE = 24;
const READERS = 3;
const PIECES = 24;
/** A thread dies after so many flights. */
const FLIGHTS_PER_DEATH = 40;
const DEATHS = ['exit', 'throw', 'reject'] as const;
const CUTS = ['error', 'end', 'silence'] as const;

export interface StreamSoakOptions {
  /** Until so many streams have gone on in mid-air. */
  readonly failovers: number;
  readonly midStream: 'verify' | 'resume';
  readonly progress?: (line: string) => void;
}

export interface StreamSoakResult {
  /** Seams that were passed in mid-air. */
  failovers: number;
  threadsLost: number;
  flights: number;
  readers: number;
  /** Readers that were told an error, and those whose text was not their key's: pieces lost, doubled or out of order. */
  failed: number;
  wrong: number;
  seconds: number;
  readonly problems: string[];
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

type Soaked = Coalescer<StreamOrder, readonly string[], string>;

function open(midStream: StreamSoakOptions['midStream']): Soaked {
  const module = new URL('./stream-soak-targets.js', import.meta.url);
  return createCoalescer({
    name: `stream-soak-${midStream}`,
    scope: 'public',
    key: ({ key }: StreamOrder) => key,
    // A flight of the soak may meet many deaths; this is about chunks, not about patience.
    maxAttempts: 5,
    relaunchesMax: 10,
    streams: { midStream, idleTimeoutMs: 300 },
    targets: threadTargets<typeof targets>(module, { threads: 2 }),
  });
}

export async function streamSoak({ failovers, midStream, progress = () => undefined }: StreamSoakOptions): Promise<StreamSoakResult> {
  const startedAt = performance.now();
  const result: StreamSoakResult = { failovers: 0, threadsLost: 0, flights: 0, readers: 0, failed: 0, wrong: 0, seconds: 0, problems: [] };
  const coalescer = open(midStream);
  await coalescer.ready();
  let deaths = 0;

  const orderOf = (number: number): StreamOrder => ({
    key: `key ${number}`,
    pieces: PIECES,
    // Each piece is the one before which some stream breaks off, the first and the last among them.
    cutAt: number % 3 === 0 ? -1 : number % (PIECES + 1),
    cutBy: CUTS[number % CUTS.length] as (typeof CUTS)[number],
    death: null,
  });

  async function read(order: StreamOrder, late: boolean): Promise<void> {
    if (late) await pause(30);
    const stream = coalescer.stream(order);
    const hash = createHash('sha256');
    result.readers++;
    try {
      for await (const chunk of stream) hash.update(chunk);
      if (hash.digest('hex') !== digestOf(order.key, order.pieces)) complain(`${order.key}: another text`, 'wrong');
    } catch (error) {
      complain(`${order.key}: ${String(error)}`, 'failed');
    }
  }

  function complain(problem: string, what: 'wrong' | 'failed'): void {
    result[what]++;
    if (result.problems.length < 10) result.problems.push(problem);
  }

  async function fly(): Promise<void> {
    const number = ++result.flights;
    const order = orderOf(number);
    const outcome = coalescer.outcome(order);
    await Promise.all(Array.from({ length: READERS }, (_, at) => read(order, at === READERS - 1)));
    const { seams = [] } = await outcome;
    result.failovers += seams.length;
    if (number % FLIGHTS_PER_DEATH === 0) {
      await coalescer.outcome({
        ...order,
        key: `death ${number}`,
        cutAt: -1,
        death: DEATHS[deaths++ % DEATHS.length] as (typeof DEATHS)[number],
      });
    }
    if (number % 500 === 0)
      progress(`${result.failovers} of ${failovers} failovers in mid-air, ${result.flights} flights, ${deaths} deaths`);
  }

  async function lane(): Promise<void> {
    while (result.failovers < failovers) await fly();
  }
  await Promise.all(Array.from({ length: FLIGHTS_AT_ONCE }, lane));
  result.threadsLost = coalescer.stats().threadsLost;
  await coalescer.close();
  result.seconds = (performance.now() - startedAt) / 1_000;
  return result;
}
