// A coalescer over functions that misbehave, and what makes one of them.
import { createCoalescer, type AttemptContext, type TargetCall } from '../../src/index.js';
import { countedEnvironment, watch, type CountedEnvironment } from './stage.js';

export interface Odd {
  readonly environment: CountedEnvironment;
  readonly calls: () => number;
  readonly request: (signal?: AbortSignal) => ReturnType<typeof watch>;
  readonly stats: () => { readonly airborne: number; readonly waiting: number };
  readonly waiters: () => number;
}

/** A coalescer whose targets are these functions, in this order. */
export function openOdd(...runs: TargetCall<string, unknown>[]): Odd {
  const environment = countedEnvironment();
  let calls = 0;
  const counted = (run: TargetCall<string, unknown>) => (payload: string, context: AttemptContext) => (calls++, run(payload, context));
  const targets = Object.fromEntries(runs.map((run, index) => [`t${index}`, counted(run)]));
  const coalescer = createCoalescer({ scope: 'public', targets, environment, flightTimeoutMs: 1_000 });
  return {
    environment,
    calls: () => calls,
    request: (signal) => watch(coalescer.request('a', { signal })),
    stats: () => coalescer.stats(),
    waiters: () => coalescer.waiters({ payload: 'a' }),
  };
}

/** A function that throws this. */
export const thrower = (thrown: unknown) => (): never => {
  throw thrown;
};
