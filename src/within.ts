/** Holds work to a time. What comes of it later is dropped: whoever began it has to end it. */
import type { Seam } from '../workers/environment.js';

/** Settles as `work` does, or rejects with `late` when `ms` are over. The time keeps the process alive, like any work that is waited for. */
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
