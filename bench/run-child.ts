/** Starts a child for one area and brings its samples home. */
import { fork } from 'node:child_process';
import type { ChildMessage, ChildOrders } from './child.js';
import type { Samples } from './measure/rows.js';

/** 10^6 flights of a coalescer and of a Map, one after the other, and what a collection has not taken yet. */
const HEAP_MB = 6_144;

/** @throws Error when the child does not end well */
export function runChild(orders: ChildOrders, progress: (what: string) => void): Promise<readonly Samples[]> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./child.js', import.meta.url), [JSON.stringify(orders)], {
      // A row's code must not be thrown away while other rows run, each behind a collection of its own: a service runs its hot path between any two.
      // Ten thousand flights that nobody joins make a warning; here they are the purpose.
      execArgv: ['--expose-gc', '--no-flush-bytecode', '--no-warnings', `--max-old-space-size=${HEAP_MB}`],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let samples: readonly Samples[] | null = null;
    child.on('message', (message: ChildMessage) => {
      if ('progress' in message) progress(message.progress);
      else samples = message.samples;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0 && samples !== null) resolve(samples);
      else reject(new Error(`the bench of ${orders.area} ended with ${signal ?? code}`));
    });
  });
}
