/** Limits work to a time. A later result is dropped: whoever began the work has to end it. */
import type { Seam } from '../workers/environment.js';

/** Settles as `work` does, or rejects with `late` after `ms`. The timer keeps the process alive, like any awaited work. */
export async function within<Result>(seam: Seam, ms: number, work: Promise<Result>, late: string): Promise<Result> {
  let timer: unknown;
  const timeUp = new Promise<never>((_, reject) => {
    timer = seam.setTimer(ms, () => reject(new Error(late)));
  });
  try {
    return await Promise.race([work, timeUp]);
  } finally {
    seam.clearTimer(timer);
  }
}
