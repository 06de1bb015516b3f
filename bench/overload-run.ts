/**
 * What retries make of a dip: an upstream of a given capacity with a queue, loaded to four fifths, loses nine tenths of it for ten seconds. Under
 * virtual time, so that the same curves come out everywhere. Where it honours aborts it never serves what nobody waits for, so that no retries,
 * however many, can keep it down; where it does not, what the dip has left in its queue has to be worked off before anything is answered in time.
 */
import { createCoalescer, type BreakerOptions } from '../src/index.js';
import { virtualEnvironment } from '../src/testing.js';

export interface Overload {
  /**
   * The library's budget; none: three attempts for each flight that fails; one attempt: no load is added at all; or the budget, and flights that wait
   * for the breaker of the only target, or for one of its places.
   */
  readonly care: 'budget' | 'none' | 'one attempt' | 'budget, waiting, ceiling';
  /** Does the upstream take calls that were aborted out of its queue? */
  readonly honoursAborts: boolean;
  readonly seconds: number;
  /** Flights asked, as a share of the capacity. @default 0.8 */
  readonly load?: number;
  /** When flights are asked, and how long they wait before another attempt. @default 5 */
  readonly seed?: number;
}

export interface OverloadResult {
  /** Answers in each second, as a share of what was asked in it. */
  readonly goodput: readonly number[];
  /** Calls in each second, by flight asked. */
  readonly load: readonly number[];
  /** Seconds from the end of the dip until goodput stays at 95 % for five seconds; `null`: it never does. */
  readonly recoveredAfter: number | null;
}

const CAPACITY = 100;
const LOAD = 0.8;
const SEED = 5;
const DIP = { from: 20, to: 30, capacity: 10 };
const ATTEMPT_MS = 1_000;
const STEADY_SECONDS = 5;

const OPTIONS: Readonly<
  Record<Overload['care'], { readonly maxAttempts?: number; readonly budget?: false; readonly breaker?: BreakerOptions }>
> = {
  budget: {},
  none: { budget: false },
  'one attempt': { maxAttempts: 1 },
  'budget, waiting, ceiling': { breaker: { whenAllOpen: 'wait' } },
};

interface Call {
  isWanted: boolean;
  readonly answer: () => void;
}

export async function overload({ care, honoursAborts, seconds, load = LOAD, seed = SEED }: Overload): Promise<OverloadResult> {
  const environment = virtualEnvironment({ seed });
  const queue: Call[] = [];
  const answered = Array<number>(seconds).fill(0);
  const asked = Array<number>(seconds).fill(0);
  const called = Array<number>(seconds).fill(0);
  const second = (): number => Math.floor(environment.now() / 1_000);
  const count = (counts: number[]): void => {
    const at = second();
    if (at < seconds) counts[at] = (counts[at] ?? 0) + 1;
  };
  const upstream = (_key: string, { signal }: { readonly signal: AbortSignal }): Promise<string> =>
    new Promise((resolve) => {
      count(called);
      const call: Call = { isWanted: true, answer: () => resolve('x') };
      queue.push(call);
      signal.addEventListener('abort', () => (call.isWanted = false), { once: true });
    });
  const serve = (): void => {
    if (honoursAborts) while (queue.length > 0 && queue[0]?.isWanted === false) queue.shift();
    queue.shift()?.answer();
    const isDip = second() >= DIP.from && second() < DIP.to;
    environment.setTimer(1_000 / (isDip ? DIP.capacity : CAPACITY), serve);
  };
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    targets: { upstream: { run: upstream, ...(care === 'budget, waiting, ceiling' ? { maxConcurrency: CAPACITY / 2 } : {}) } },
    maxAttempts: 3,
    attemptTimeoutMs: ATTEMPT_MS,
    limits: { flights: 100_000 },
    ...OPTIONS[care],
  });
  let keys = 0;
  const ask = (): void => {
    count(asked);
    coalescer.request(`k${++keys}`).then(
      () => count(answered),
      () => undefined, // what is not answered is what is counted
    );
    environment.setTimer((1_000 / (CAPACITY * load)) * (0.5 + environment.random()), ask);
  };
  serve();
  ask();
  await environment.advance(seconds * 1_000);
  const share = (counts: readonly number[]): number[] => counts.map((each, at) => each / Math.max(1, asked[at] ?? 1));
  const goodput = share(answered);
  const isSteady = (from: number): boolean =>
    from + STEADY_SECONDS <= seconds &&
    goodput.slice(from, from + STEADY_SECONDS).reduce((sum, each) => sum + each, 0) >= 0.95 * STEADY_SECONDS;
  const recovered = goodput.findIndex((_, at) => at >= DIP.to && isSteady(at));
  return { goodput, load: share(called), recoveredAfter: recovered === -1 ? null : recovered - DIP.to };
}

/**
 * How long it takes at least where the upstream serves what nobody waits for and each flight calls it once: it must work off what the dip has left in
 * its queue, but for what is answered in time all the same, with the capacity that flights leave it.
 */
export function floorSeconds(load: number): number {
  const leftByDip = (CAPACITY * load - DIP.capacity) * (DIP.to - DIP.from);
  const inTime = (CAPACITY * ATTEMPT_MS) / 1_000;
  return (leftByDip - inTime) / (CAPACITY * (1 - load));
}
