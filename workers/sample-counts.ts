/**
 * How many of a target's attempts failed in the last ten seconds, and how many in a row. Each thread counts for itself, and adds its counts to the shared
 * ones once a tick, since an exchange costs a tenth of the rest of an attempt.
 */
import type { BreakerSettings } from './breaker.js';
import { HEALTH_TICK_MS } from './health-memory.js';
import { Window, WINDOW_MS } from './window.js';

/** A bucket's count: attempts in the upper bits, failures in the lower. */
const HALF_BITS = 10;
const HALF_MAX = 2 ** HALF_BITS - 1;

export class SampleCounts {
  readonly #cells: Int32Array;
  readonly #consecutive: number;
  readonly #window: Window;
  // Not yet added.
  #attempts = 0;
  #failures = 0;
  /** When the first of those was counted. */
  #since = 0;

  constructor(cells: Int32Array, { window, consecutive }: { readonly window: number; readonly consecutive: number }) {
    this.#cells = cells;
    this.#consecutive = consecutive;
    this.#window = new Window(cells, window);
  }

  countWell(attempts: number, now: number): void {
    this.#count(attempts, now);
    if (this.#cells[this.#consecutive] !== 0) Atomics.store(this.#cells, this.#consecutive, 0);
  }

  #count(attempts: number, now: number): void {
    if (this.#attempts > 0 && now - this.#since >= HEALTH_TICK_MS) this.#flush(now);
    if (this.#attempts === 0) this.#since = now;
    this.#attempts += attempts;
  }

  countFailure(now: number): void {
    this.#count(1, now);
    // A failure is shared at once: it may be the one that opens the breaker.
    this.#failures++;
    this.#flush(now);
    Atomics.add(this.#cells, this.#consecutive, 1);
  }

  /** Have too many failed? */
  exceed({ failureShare, attemptsMin, consecutive }: BreakerSettings, now: number): boolean {
    if (Atomics.load(this.#cells, this.#consecutive) >= consecutive) return true;
    let attempts = 0;
    let failures = 0;
    this.#window.forEach(now, (count) => {
      attempts += count >>> HALF_BITS;
      failures += count & HALF_MAX;
    });
    return attempts >= attemptsMin && failures / attempts >= failureShare;
  }

  clear(): void {
    this.#attempts = this.#failures = 0;
    this.#window.clear();
    Atomics.store(this.#cells, this.#consecutive, 0);
  }

  #flush(now: number): void {
    const attempts = this.#attempts;
    const failures = this.#failures;
    this.#attempts = this.#failures = 0;
    // Counts from before a long silence are outdated.
    if (now - this.#since <= WINDOW_MS) this.#window.update(this.#since, (count) => added(count, attempts, failures));
  }
}

/** Only their ratio matters: if they are too many for a bucket, both are halved until they fit. */
function added(count: number, moreAttempts: number, moreFailures: number): number {
  let attempts = (count >>> HALF_BITS) + moreAttempts;
  let failures = (count & HALF_MAX) + moreFailures;
  for (; attempts > HALF_MAX; attempts = Math.ceil(attempts / 2)) failures = Math.ceil(failures / 2);
  return (attempts << HALF_BITS) | failures;
}
