/** What the soak flies: targets that answer their key after a while, note when they were called, and take their thread down when they are told to. */
import { defineTargets, type AttemptContext } from '../src/index.js';
import { CALLS_MAX, type SoakOrder } from './soak-orders.js';

/** Kept by deaths of memory, so that nothing is collected. */
const kept: unknown[] = [];
const isForEver = (): boolean => kept.length >= 0;

/** Out of band: the flight that asked for it has been answered, and its thread dies of something else. */
function die(death: SoakOrder['death']): void {
  if (death === 'exit') process.exit(1);
  if (death === 'throw') throw new Error('thrown by the soak');
  if (death === 'reject') void Promise.reject(new Error('rejected by the soak'));
  if (death === 'oom') while (isForEver()) kept.push(Array.from({ length: 1_000 }, (_, index) => ({ index })));
  if (death === 'hang') while (isForEver()) continue;
}

export default defineTargets(({ calls }: { readonly calls: SharedArrayBuffer }) => {
  const times = new Float64Array(calls);
  const run = async ({ key, slot, ms, death }: SoakOrder, { attempt }: AttemptContext): Promise<string> => {
    times[slot * CALLS_MAX + ((attempt - 1) % CALLS_MAX)] = performance.now();
    if (death !== null) setTimeout(() => die(death), 10);
    else
      await new Promise((resolve) => {
        setTimeout(resolve, ms);
      });
    return `the answer to ${key}`;
  };
  return { primary: run, backup: run, third: run };
});
