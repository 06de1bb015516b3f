/**
 * What all threads of a coalescer know of its targets, in one block of shared memory: each target's breaker, hold, counts and places. It outlives
 * every thread. Writes exchange whole words, so that a dying thread cannot leave one half written.
 */
import { LATENCY_CELLS } from './latency.js';
import { TARGETS_MAX } from './targets.js';
import { BUCKETS } from './window.js';

/** How many threads may hold probes or places. Number 0 is the caller's own thread. */
export const HOLDERS_MAX = 32;
/** The unit of instants: as exact as the wheel, and 22 bits of it are half a day. */
export const HEALTH_TICK_MS = 10;

/** Cells for all targets together: a version that counts changes of order and weights, the order (target + 1; 0 ends it), and weights (weight + 1; 0: not given). */
export const STEERING_VERSION = 0;
export const ORDER = 1;
export const WEIGHTS = ORDER + TARGETS_MAX + 1;
const HEADER = WEIGHTS + TARGETS_MAX;

/** Cells of one target. */
export const BREAKER = 0;
export const FORCED = 1;
export const HELD_UNTIL = 2;
export const CONSECUTIVE = 3;
export const SAMPLES = 4;
export const FIRSTS = SAMPLES + BUCKETS;
export const FAILED = FIRSTS + BUCKETS;
export const DRAWS = FAILED + BUCKETS;
/** Attempts in the air, by holder, so that those of a dead thread can be told apart. */
export const PLACES = DRAWS + BUCKETS;
export const LATENCY = PLACES + HOLDERS_MAX;
/** Savings for hedges. */
export const ALLOWANCE = LATENCY + LATENCY_CELLS;
const CELLS = ALLOWANCE + 1;

export class HealthMemory {
  readonly buffer: SharedArrayBuffer;
  readonly cells: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.cells = new Int32Array(buffer);
  }

  /** @param targets how many there are; by default the maximum, for when they are not known yet */
  static ofTargets(targets = TARGETS_MAX): HealthMemory {
    return new HealthMemory(new SharedArrayBuffer((HEADER + targets * CELLS) * Int32Array.BYTES_PER_ELEMENT));
  }

  /** Where a target's cells begin. */
  baseOf(target: number): number {
    return HEADER + target * CELLS;
  }
}

/** An instant in ticks. */
export function tickOf(now: number): number {
  return Math.floor(now / HEALTH_TICK_MS);
}
