/** Knocks at the loop of whoever started it, and says when: `performance.now()` has one origin in all threads of a process. */
import { parentPort, workerData } from 'node:worker_threads';

export const KNOCK_EVERY_MS = 2;

if ((workerData as { readonly isProber?: boolean } | null)?.isProber === true) {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    parentPort?.postMessage(performance.now());
    Atomics.wait(never, 0, 0, KNOCK_EVERY_MS);
  }
}
