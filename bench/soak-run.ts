/** The soak: threads are killed again and again under load, and every waiter, every answer and every attempt is checked. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createCoalescer, threadTargets, type ChannelMessages, type Outcome } from '../src/index.js';
import { randomOf } from './measure/statistics.js';
import { CALLS_MAX, DEATHS, SLOTS, type Death, type SoakOrder } from './soak-orders.js';
import type targets from './soak-targets.js';

const STREAMS = 32;
const WAITERS = 3;
const LOST_AFTER_MS = 60_000;

export interface SoakOptions {
  readonly kills: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

export interface SoakResult {
  kills: number;
  deaths: number;
  flights: number;
  waiters: number;
  /** Waiters that never settled, those that were refused an answer, and answers that were another key's. */
  lostWaiters: number;
  failed: number;
  wrong: number;
  relaunched: number;
  /** Attempts beyond one more for each death under a begun flight. */
  surplusAttempts: number;
  /** From the news of a death to the affected flights' next calls, in milliseconds. */
  recoveries: number[];
  seconds: number;
  readonly problems: string[];
}

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** `null` where some have not settled long after they had to. Who has settled in time leaves no timer that the process would wait for. */
async function settledInTime<T>(waits: readonly Promise<T>[]): Promise<T[] | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), LOST_AFTER_MS);
  });
  try {
    return await Promise.race([Promise.all(waits), late]);
  } finally {
    clearTimeout(timer);
  }
}

function open(name: string, calls: SharedArrayBuffer) {
  const options = { threads: 2, heartbeatMs: 200, heapMbMax: 48, config: { calls } };
  const module = threadTargets<typeof targets>(new URL('./soak-targets.js', import.meta.url), options);
  return createCoalescer({ name, scope: 'public', key: ({ key }: SoakOrder) => key, targets: module });
}

const WARM_UP_MS = 1_500;

/** Which attempts were lost with a thread, and when the news of it came. */
class Losses {
  readonly byFlight = new Map<string, { readonly attempt: number; readonly at: number }[]>();
  deaths = 0;
  manned = 0;
  #lostAt = 0;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    subscribe('coalescer:thread', this.#thread);
    subscribe('coalescer:attempt', this.#attempt);
  }

  readonly #thread = (message: unknown): void => {
    const { coalescer, event } = message as ChannelMessages['coalescer:thread'];
    if (coalescer !== this.#name) return;
    if (event !== 'lost') return void this.manned++;
    this.deaths++;
    this.#lostAt = performance.now();
  };
  readonly #attempt = (message: unknown): void => {
    const { coalescer, flight, end, attempt } = message as ChannelMessages['coalescer:attempt'];
    if (coalescer !== this.#name || end !== 'thread-lost') return;
    const losses = this.byFlight.get(flight) ?? [];
    losses.push({ attempt, at: this.#lostAt });
    this.byFlight.set(flight, losses);
  };

  close(): void {
    unsubscribe('coalescer:thread', this.#thread);
    unsubscribe('coalescer:attempt', this.#attempt);
  }
}

export async function soak({ kills, seed, progress = () => undefined }: SoakOptions): Promise<SoakResult> {
  const name = `soak-${seed}`;
  const random = randomOf(seed);
  const calls = new SharedArrayBuffer(SLOTS * CALLS_MAX * Float64Array.BYTES_PER_ELEMENT);
  const times = new Float64Array(calls);
  const losses = new Losses(name);
  const coalescer = open(name, calls);
  const startedAt = performance.now();
  const result: SoakResult = {
    kills: 0, deaths: 0, flights: 0, waiters: 0, lostWaiters: 0, failed: 0, wrong: 0, relaunched: 0, surplusAttempts: 0, recoveries: [],
    seconds: 0, problems: [],
  }; // biome-ignore format: a table
  const state = { isOver: false };
  let number = 0;

  const orderOf = (death: Death | null): SoakOrder => {
    number++;
    return { key: `key ${number}`, slot: number % SLOTS, ms: 5 + Math.floor(random() * 25), death };
  };

  async function fly(order: SoakOrder): Promise<void> {
    const waits = Array.from({ length: WAITERS }, () => coalescer.outcome(order));
    result.flights++;
    result.waiters += WAITERS;
    let settled = 0;
    for (const wait of waits) void wait.then(() => settled++);
    const outcomes = await settledInTime(waits);
    if (outcomes === null) return void (result.lostWaiters += WAITERS - settled);
    for (const outcome of outcomes) judge(outcome, order);
    measure(outcomes[0] as Outcome<string>, order);
  }

  function judge(outcome: Outcome<string>, { key }: SoakOrder): void {
    if (outcome.status === 'rejected') {
      result.failed++;
      if (result.problems.length < 10) result.problems.push(`${key}: ${String(outcome.reason)}`);
    } else if (outcome.value !== `the answer to ${key}`) result.wrong++;
  }

  function measure(outcome: Outcome<string>, { slot }: SoakOrder): void {
    const lost = losses.byFlight.get(outcome.flight) ?? [];
    losses.byFlight.delete(outcome.flight);
    if (outcome.relaunches > 0) result.relaunched++;
    result.surplusAttempts += Math.max(0, outcome.attempts.length - 1 - lost.length, lost.length - outcome.relaunches);
    for (const { attempt, at } of lost)
      if (attempt < outcome.attempts.length) result.recoveries.push((times[slot * CALLS_MAX + (attempt % CALLS_MAX)] as number) - at);
  }

  async function stream(): Promise<void> {
    while (!state.isOver) await fly(orderOf(null));
  }

  await coalescer.ready();
  // Until the spares have loaded too: that is where a service is when its first thread dies.
  await pause(WARM_UP_MS);
  const streams = Array.from({ length: STREAMS }, stream);
  const deck: Death[] = [];
  while (result.kills < kills) {
    if (deck.length === 0) deck.push(...DEATHS.toSorted(() => random() - 0.5));
    const { deaths, manned } = losses;
    await fly(orderOf(deck.pop() as Death));
    result.kills++;
    const latest = performance.now() + LOST_AFTER_MS;
    while ((losses.deaths === deaths || losses.manned === manned) && performance.now() < latest) await pause(2);
    await pause(random() * 40);
    if (result.kills % Math.max(1, Math.floor(kills / 10)) === 0) {
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      progress(
        `${result.kills} of ${kills} kills, ${losses.deaths} deaths, ${result.flights} flights, ${result.failed} failed, ${seconds} s`,
      );
    }
  }
  state.isOver = true;
  await Promise.all(streams);
  await coalescer.close();
  losses.close();
  result.deaths = losses.deaths;
  result.recoveries.sort((one, other) => one - other);
  result.seconds = (performance.now() - startedAt) / 1_000;
  return result;
}
