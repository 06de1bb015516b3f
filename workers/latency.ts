/**
 * How long a target takes, as all threads of the process have seen it: a histogram with eight steps per doubling, in shared memory. Threads write
 * without synchronization: a count lost in a race moves no percentile.
 */

/** Durations from 64 µs to 18 minutes; shorter and longer ones count as these. */
const OCTAVE_MIN = 6;
const OCTAVE_MAX = 30;
const STEPS = 8;
const STEP_BITS = 3;
const COUNTS = (OCTAVE_MAX - OCTAVE_MIN + 1) * STEPS;
/** Cells that one target's counts take: a total, then the counts. */
export const LATENCY_CELLS = COUNTS + 1;
/** At so many samples all counts are halved, so that recent ones weigh most. */
const SAMPLES_MAX = 2_048;
const US_PER_MS = 1_000;

export class Latency {
  readonly #cells: Int32Array;
  readonly #base: number;

  constructor(cells: Int32Array, base: number) {
    this.#cells = cells;
    this.#base = base;
  }

  /** Number of samples behind the percentiles. */
  get samples(): number {
    return this.#cells[this.#base] as number;
  }

  /** Adds `samples` attempts that took `ms`. */
  add(ms: number, samples = 1): void {
    this.#increase(this.#base + 1 + stepOf(ms), samples);
    if (this.#increase(this.#base, samples) >= SAMPLES_MAX) this.#halve();
  }

  /** The duration that this share (0 to 1) of the samples did not exceed, in milliseconds, within a sixteenth; `null`: there are none. */
  percentile(share: number): number | null {
    let total = 0;
    for (let step = 0; step < COUNTS; step++) total += this.#cells[this.#base + 1 + step] as number;
    if (total === 0) return null;
    let left = share * total;
    for (let step = 0; step < COUNTS; step++) {
      const count = this.#cells[this.#base + 1 + step] as number;
      if (count >= left && count > 0) return (startOf(step) + startOf(step + 1)) / 2 / US_PER_MS;
      left -= count;
    }
    return startOf(COUNTS) / US_PER_MS;
  }

  #increase(at: number, by: number): number {
    const count = (this.#cells[at] as number) + by;
    this.#cells[at] = count;
    return count;
  }

  #halve(): void {
    let total = 0;
    for (let at = this.#base + 1; at < this.#base + LATENCY_CELLS; at++) total += this.#cells[at] = (this.#cells[at] as number) >>> 1;
    this.#cells[this.#base] = total;
  }
}

function stepOf(ms: number): number {
  const us = Math.min(Math.max(ms * US_PER_MS, 2 ** OCTAVE_MIN), 2 ** (OCTAVE_MAX + 1) - 1) | 0;
  const octave = 31 - Math.clz32(us);
  return (octave - OCTAVE_MIN) * STEPS + ((us >>> (octave - STEP_BITS)) & (STEPS - 1));
}

/** Where a step begins, in microseconds. */
function startOf(step: number): number {
  return 2 ** (OCTAVE_MIN + Math.floor(step / STEPS)) * (1 + (step % STEPS) / STEPS);
}
