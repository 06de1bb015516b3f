/** The end of a coalescer, in order: no new flights, time for those in the air, then nothing is left. */
import type { Seam } from '../workers/environment.js';
import type { Front } from './front.js';
import { isFlying } from './selection.js';

export async function drain(front: Front, seam: Seam, drainMs: number): Promise<void> {
  front.seal();
  if (front.airborne.size > 0) {
    let timer: unknown;
    const timeUp = new Promise<void>((resolve) => {
      timer = seam.setTimer(drainMs, resolve);
    });
    await Promise.race([front.airborne.empty(), timeUp]);
    seam.clearTimer(timer);
    for (const flight of front.airborne.filter(isFlying)) front.end(flight, 'rejected', front.failures.closed(flight));
  }
  await front.close();
  front.waiters.keeping?.forget(() => true);
  front.waiters.forOne.forget();
}
