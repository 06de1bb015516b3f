/** What the caller's event loop suffers while targets parse large answers: how long what is ready waits for it, and how late its timers are. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { KNOCK_EVERY_MS } from './loop-prober.js';
import { quantile } from './statistics.js';

type AskLarge = (id: number) => Promise<unknown>;

/** Forty parses of 1 MB a second: a third of one processor. */
const ASK_EVERY_MS = 25;
const LASTS_MS = 1_500;

/** Asks as time goes on, whenever it is told to look. */
class Asking {
  readonly #ask: AskLarge;
  readonly #asked: Promise<unknown>[] = [];
  readonly #startedAt = performance.now();

  constructor(ask: AskLarge) {
    this.#ask = ask;
  }

  /** Is there more to come? */
  goOn(now: number): boolean {
    if (now >= this.#startedAt + this.#asked.length * ASK_EVERY_MS) this.#asked.push(this.#ask(this.#asked.length));
    return now - this.#startedAt <= LASTS_MS;
  }

  async answered(): Promise<void> {
    await Promise.all(this.#asked);
  }
}

/** How long an event waits for the loop, p99, in milliseconds: another thread, which the loop cannot hold up, knocks every 2 ms and says when. */
export async function eventDelay(ask: AskLarge): Promise<number> {
  const waited: number[] = [];
  const prober = new Worker(new URL('./loop-prober.js', import.meta.url), { workerData: { isProber: true } });
  await once(prober, 'message');
  const asking = new Asking(ask);
  await new Promise<void>((resolve) => {
    prober.on('message', (knockedAt: number) => {
      const now = performance.now();
      waited.push(now - knockedAt);
      if (!asking.goOn(now)) resolve();
    });
  });
  await prober.terminate();
  await asking.answered();
  return quantile(waited, 0.99);
}

/**
 * How late a timer of 2 ms is, p99, in milliseconds. Not the loop alone decides it: libuv waits in whole milliseconds, so that whatever wakes the loop
 * shortly before a timer is due makes it late by up to one.
 */
export async function timerDelay(ask: AskLarge): Promise<number> {
  const late: number[] = [];
  const asking = new Asking(ask);
  let expectedAt = performance.now() + KNOCK_EVERY_MS;
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const now = performance.now();
      late.push(Math.max(0, now - expectedAt));
      if (!asking.goOn(now)) return resolve();
      expectedAt = performance.now() + KNOCK_EVERY_MS;
      setTimeout(tick, KNOCK_EVERY_MS);
    };
    setTimeout(tick, KNOCK_EVERY_MS);
  });
  await asking.answered();
  return quantile(late, 0.99);
}
