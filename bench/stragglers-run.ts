/**
 * What a hedge makes of stragglers: two targets alike, whose answers take a log-normal time, and one call in a hundred a hundred times as long. Under
 * virtual time, so that the same figures come out everywhere.
 */
import { createCoalescer } from '../src/index.js';
import { virtualEnvironment } from '../src/testing.js';

export interface Stragglers {
  /** `null`: no hedge. */
  readonly hedge: { readonly percentile?: number; readonly afterMs?: number; readonly maxExtraShare?: number } | null;
  readonly flights: number;
  readonly seed: number;
  /** How unlike the usual times are: the standard deviation of their logarithm. 0: all are the same. */
  readonly spread: number;
}

export interface StragglersResult {
  /** Milliseconds from request to answer. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Calls beyond one a flight, as a share of the flights. */
  readonly extra: number;
}

const MEDIAN_MS = 50;
const STRAGGLERS = 0.01;
const SLOWER = 100;
const FLIGHTS_A_SECOND = 100;
/** Flights before the first that counts: a target that nothing is known of is not hedged. */
const WARM_UP = 1_000;

export async function stragglers({ hedge, flights, seed, spread }: Stragglers): Promise<StragglersResult> {
  const environment = virtualEnvironment({ seed });
  let calls = 0;
  /** Of two even draws a normal one (Box and Muller). */
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - environment.random())) * Math.cos(2 * Math.PI * environment.random());
  const target = (key: string): Promise<string> => {
    calls++;
    const usual = MEDIAN_MS * Math.exp(spread * normal());
    const ms = environment.random() < STRAGGLERS ? usual * SLOWER : usual;
    return new Promise((resolve) => {
      environment.setTimer(ms, () => resolve(key));
    });
  };
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    targets: { primary: target, backup: target },
    attemptTimeoutMs: 120_000,
    flightTimeoutMs: 300_000,
    limits: { flights: 100_000 },
    ...(hedge === null ? {} : { hedge }),
  });
  const took: number[] = [];
  let asked = 0;
  let callsBefore = 0;
  const ask = (): void => {
    if (asked === WARM_UP) callsBefore = calls;
    const flight = asked++;
    const askedAt = environment.now();
    coalescer.request(`k${flight}`).then(
      () => flight >= WARM_UP && took.push(environment.now() - askedAt),
      (error: unknown) => {
        throw error; // no target fails
      },
    );
    if (asked < flights + WARM_UP) environment.setTimer((2 * 1_000 * environment.random()) / FLIGHTS_A_SECOND, ask);
  };
  ask();
  while (took.length < flights) await environment.advance(60_000);
  took.sort((one, other) => one - other);
  const at = (share: number): number => took[Math.min(flights - 1, Math.floor(share * flights))] as number;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), extra: (calls - callsBefore) / flights - 1 };
}
