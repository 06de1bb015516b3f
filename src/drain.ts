/** How a coalescer ends: no new flights, time for those in the air, then nothing is left. */
import { type Seam, TIMER_MS_MAX } from '../workers/environment.js';
import { waitersTold } from './airborne.js';
import type { Front } from './front.js';
import { given } from '../workers/given.js';
import { endsFor } from './incidents.js';
import { ALL, isFlying } from './selection.js';

const DRAIN_MS = 10_000;

export interface CloseOptions {
  /** Time for flights in the air. @default 10_000 */
  readonly drainMs?: number;
}

/** @throws TypeError or RangeError with the option's path, what was expected and what came. */
export function drainMsOf(options: CloseOptions): number {
  if (typeof options !== 'object' || options === null) throw new TypeError(`close options: expected an object, got ${given(options)}`);
  const { drainMs = DRAIN_MS, ...unknown } = options;
  for (const name of Object.keys(unknown)) throw new TypeError(`close options.${name}: there is no such option; known is drainMs`);
  if (!(typeof drainMs === 'number' && drainMs >= 0))
    throw new RangeError(`close options.drainMs: expected milliseconds, 0 or more, got ${given(drainMs)}`);
  return Math.min(drainMs, TIMER_MS_MAX);
}

export async function drain(front: Front, seam: Seam, drainMs: number): Promise<void> {
  front.limits.seal();
  // A request that was released in this very turn is not in the air yet.
  if (front.airborne.size > 0 || front.links.mayBeForOne) {
    let timer: unknown;
    const timeUp = new Promise<void>((resolve) => {
      timer = seam.setTimer(drainMs, resolve);
    });
    await Promise.race([landed(front), timeUp]);
    seam.clearTimer(timer);
    for (const flight of front.airborne.filter(isFlying)) {
      endsFor('closed', flight);
      front.end(flight, 'rejected', front.failures.closed(flight));
    }
    await waitersTold();
  }
  await front.close();
  front.waiters.keeping?.forget(ALL);
  front.waiters.forOne.forget();
}

/** Resolves when nothing is in the air. Requests released by a value for one alone launch before `empty` resolves, so look again. */
async function landed({ airborne }: Front): Promise<void> {
  do await airborne.empty();
  while (airborne.size > 0);
}
