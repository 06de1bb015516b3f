/** What the caller's event loop suffers while targets parse large answers: how long what is ready waits for it, and how late its timers are. */
import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { KNOCK_EVERY_MS } from './loop-prober.js';
import { quantile } from './statistics.js';

type AskLarge = (id: number) => Promise<unknown>;

/** Some forty parses of 1 MB a second: a third of one processor. Never in step with what is measured: else the first of each hold would not be seen. */
const ASK_AFTER_MS = [20, 30] as const;
const LASTS_MS = 1_500;

/** Asks for as long as a measurement lasts, at instants of its own. Settles when all is answered. */
async function askOnAndOn(ask: AskLarge): Promise<void> {
  const asked: Promise<unknown>[] = [];
  const [least, most] = ASK_AFTER_MS;
  const endsAt = performance.now() + LASTS_MS;
  while (performance.now() < endsAt) {
    asked.push(ask(asked.length));
    await after(least + Math.random() * (most - least));
  }
  await Promise.all(asked);
}

/** How long an event waits for the loop, p99, in milliseconds: another thread, which the loop cannot hold up, knocks every 2 ms and says when. */
export async function eventDelay(ask: AskLarge): Promise<number> {
  const waited: number[] = [];
  const prober = new Worker(new URL('./loop-prober.js', import.meta.url), { workerData: { isProber: true } });
  try {
    await once(prober, 'message');
    prober.on('message', (knockedAt: number) => waited.push(performance.now() - knockedAt));
    await askOnAndOn(ask);
  } finally {
    await prober.terminate();
  }
  return quantile(waited, 0.99);
}

/**
 * How late a timer of 2 ms is, p99, in milliseconds. Not the loop alone decides it: libuv waits in whole milliseconds, so that whatever wakes the loop
 * shortly before a timer is due makes it late by up to one.
 */
export async function timerDelay(ask: AskLarge): Promise<number> {
  const late: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    const expectedAt = performance.now() + KNOCK_EVERY_MS;
    timer = setTimeout(() => {
      late.push(Math.max(0, performance.now() - expectedAt));
      next();
    }, KNOCK_EVERY_MS);
  };
  next();
  try {
    await askOnAndOn(ask);
  } finally {
    clearTimeout(timer);
  }
  return quantile(late, 0.99);
}
