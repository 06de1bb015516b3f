/** A target whose health is set from outside, by cells that all threads share; and one that is always well. */
import { defineTargets } from '../src/index.js';

/** Cells: what the sick target does, how often it was called, how many calls are out, and the most there were; then when it last died and began. */
export const [MODE, CALLS, OUT, OUT_MOST, DEATHS] = [0, 1, 2, 3, 4] as const;
export const [DIED_AT, GAP_MOST] = [0, 1] as const;
export const [FAILS, WAITS, IS_WELL, DIES] = [0, 1, 2, 3] as const;

export interface ProbeConfig {
  readonly cells: SharedArrayBuffer;
  readonly times: SharedArrayBuffer;
}

/** Long enough for the last thread that died to be replaced: with none left nobody can probe. */
const DIES_AFTER_MS = 200;

export default defineTargets(({ cells: cellsBuffer, times: timesBuffer }: ProbeConfig) => {
  const cells = new Int32Array(cellsBuffer);
  const times = new Float64Array(timesBuffer);
  const mode = (): number => Atomics.load(cells, MODE);

  async function sick(_key: string): Promise<string> {
    Atomics.add(cells, CALLS, 1);
    if (mode() === FAILS) throw new Error('sick');
    const out = Atomics.add(cells, OUT, 1) + 1;
    if (out > Atomics.load(cells, OUT_MOST)) Atomics.store(cells, OUT_MOST, out);
    if (mode() === DIES) {
      const diedAt = times[DIED_AT] as number;
      if (diedAt > 0) times[GAP_MOST] = Math.max(times[GAP_MOST] as number, performance.now() - diedAt);
      await new Promise((resolve) => {
        setTimeout(resolve, DIES_AFTER_MS);
      });
      Atomics.sub(cells, OUT, 1);
      Atomics.add(cells, DEATHS, 1);
      times[DIED_AT] = performance.now();
      process.exit(1);
    }
    while (mode() === WAITS) {
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
    Atomics.sub(cells, OUT, 1);
    return 'well';
  }
  return { sick, steady: async (key: string): Promise<string> => key };
});
