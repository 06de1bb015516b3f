// What most inline tests begin with: a coalescer under virtual time, targets that wait for the test to answer them, and eyes on promises.
import { createCoalescer, type Coalescer, type CoalescerError, type CoalescerOptions } from '../../src/index.js';
import { scriptedTarget, virtualEnvironment, type ScriptedTarget, type VirtualEnvironment } from '../../src/testing.js';

/** A virtual environment that knows how many timers are armed. */
export interface CountedEnvironment extends VirtualEnvironment {
  readonly timers: () => number;
}

/** `random`: what every draw gives, where chance matters. */
export function countedEnvironment(random?: () => number): CountedEnvironment {
  const virtual = virtualEnvironment();
  const armed = new Set<unknown>();
  return {
    ...virtual,
    ...(random === undefined ? {} : { random }),
    setTimer(ms, run) {
      const timer = virtual.setTimer(ms, () => {
        armed.delete(timer);
        run();
      });
      armed.add(timer);
      return timer;
    },
    clearTimer(timer) {
      armed.delete(timer);
      virtual.clearTimer(timer);
    },
    timers: () => armed.size,
  };
}

export type Script = ScriptedTarget<string, string>;
export type StageOptions = Partial<CoalescerOptions<string, string, 'public', 'readonly'>>;

export interface Stage {
  readonly environment: CountedEnvironment;
  readonly coalescer: Coalescer<string, string>;
  readonly primary: Script;
  readonly backup: Script;
  readonly third: Script;
  /** Lets all promises settle that can, without moving time. */
  readonly settled: () => Promise<void>;
  /** How often all targets together were called. */
  readonly calls: () => number;
}

/** A coalescer with the first `count` of `primary`, `backup` and `third` as its targets. */
export function openStage(options: StageOptions = {}, count: 1 | 2 | 3 = 1, random?: () => number): Stage {
  const environment = countedEnvironment(random);
  const scripts = {
    primary: scriptedTarget<string, string>(),
    backup: scriptedTarget<string, string>(),
    third: scriptedTarget<string, string>(),
  };
  const targets: Record<string, Script> = Object.fromEntries(Object.entries(scripts).slice(0, count));
  const coalescer = createCoalescer({ scope: 'public', environment, ...options, targets });
  return {
    environment,
    coalescer,
    ...scripts,
    settled: () => environment.advance(0),
    calls: () => Object.values(scripts).reduce((sum, { calls }) => sum + calls.length, 0),
  };
}

/** What has become of a promise, readable at once. Watching it also handles its rejection. */
export interface Watched {
  state: 'pending' | 'fulfilled' | 'rejected';
  value: unknown;
  reason: unknown;
}

export function watch(promise: Promise<unknown>): Watched {
  const watched: Watched = { state: 'pending', value: undefined, reason: undefined };
  promise.then(
    (value) => Object.assign(watched, { state: 'fulfilled', value }),
    (reason: unknown) => Object.assign(watched, { state: 'rejected', reason }),
  );
  return watched;
}

/** The code of the library's own error that a promise has rejected with; what else came, as text. */
export function codeOf({ state, reason }: Watched): string {
  return state === 'rejected' ? ((reason as Partial<CoalescerError> | undefined)?.code ?? `rejected: ${String(reason)}`) : state;
}

/** A promise that nobody will ever settle. */
export function hang(): Promise<never> {
  return new Promise<never>(() => {});
}

/** An error that says which HTTP status came. */
export function httpError(status: number): Error & { readonly status: number } {
  return Object.assign(new Error(`HTTP ${status}`), { status });
}
