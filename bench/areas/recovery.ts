/** How soon a flight goes on when its thread has died under load, and what a pool's user waits who runs the task again. */
import { Piscina } from 'piscina';
import type { TakenRow } from '../measure/rows.js';
import { percentile, soak, type SoakResult } from '../soak-run.js';
import type { Area } from './area.js';

/** Threads killed in one round. */
const KILLS = 15;
const RESTARTS = 5;

/** Rows that read one and the same soak: whoever finds none of its own runs one for all. */
function shared(reads: Readonly<Record<string, readonly [unit: string, read: (result: SoakResult) => number]>>): TakenRow[] {
  const results = new Map<string, SoakResult[]>(Object.keys(reads).map((name) => [name, []]));
  let seed = 0;
  return Object.entries(reads).map(([name, [unit, read]]) => ({
    name: `recovery/${name}`,
    unit,
    rounds: 2,
    async take() {
      const own = results.get(name) as SoakResult[];
      if (own.length === 0) {
        const result = await soak({ kills: KILLS, seed: ++seed });
        for (const list of results.values()) list.push(result);
      }
      return read(own.shift() as SoakResult);
    },
  }));
}

/** The pool starts a thread anew; there is no other that is warm. */
async function byPool(): Promise<number> {
  const pool = new Piscina({
    filename: new URL('./mortal-task.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    atomics: 'disabled',
    idleTimeout: Infinity,
  });
  const waits: number[] = [];
  for (let restart = 0; restart < RESTARTS; restart++) {
    await pool.run('live');
    await (pool.run('die') as Promise<unknown>).catch(() => undefined);
    const diedAt = performance.now();
    await pool.run('live');
    waits.push(performance.now() - diedAt);
  }
  await pool.destroy();
  return percentile(
    waits.toSorted((one, other) => one - other),
    0.5,
  );
}

export const recovery: Area = {
  name: 'recovery',
  conditions: ['fresh'],
  open: async () => ({
    rows: [
      ...shared({
        'coalescer, from death to next attempt, p50': ['ms', ({ recoveries }) => percentile(recoveries, 0.5)],
        'coalescer, from death to next attempt, p99': ['ms', ({ recoveries }) => percentile(recoveries, 0.99)],
        'coalescer, threads killed': ['', ({ deaths }) => deaths],
        'coalescer, waiters lost, failed or answered wrongly': ['', ({ lostWaiters, failed, wrong }) => lostWaiters + failed + wrong],
        'coalescer, attempts beyond one more for a death': ['', ({ surplusAttempts }) => surplusAttempts],
      }),
      { name: 'recovery/piscina, run again', unit: 'ms', take: byPool, rounds: 2 },
    ],
  }),
};
