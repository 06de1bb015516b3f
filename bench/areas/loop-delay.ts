/** What the caller's event loop suffers while targets parse large answers: how late its timers are. */
import { quantile } from '../measure/statistics.js';

const EVERY_MS = 2;
/** Forty parses of 1 MB a second: a third of one processor. */
const ASK_EVERY_MS = 25;
const LASTS_MS = 1_500;

/** How late a timer of 2 ms is, p99, while a question is asked every 25 ms. In milliseconds. */
export async function loopDelay(ask: (id: number) => Promise<unknown>): Promise<number> {
  const late: number[] = [];
  const asked: Promise<unknown>[] = [];
  const startedAt = performance.now();
  let expectedAt = startedAt + EVERY_MS;
  let askAt = startedAt;
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const now = performance.now();
      late.push(Math.max(0, now - expectedAt));
      if (now >= askAt) {
        askAt += ASK_EVERY_MS;
        asked.push(ask(asked.length));
      }
      if (now - startedAt > LASTS_MS) return resolve();
      expectedAt = performance.now() + EVERY_MS;
      setTimeout(tick, EVERY_MS);
    };
    setTimeout(tick, EVERY_MS);
  });
  await Promise.all(asked);
  return quantile(late, 0.99);
}
