/** What a shard must remember of a flight that does not go straight to its first answer. Most do, and share one frozen object. */
import type { AbortCause } from './attempt.js';
import type { PassedOver } from './passed-over.js';

/**
 * Beside the record and not in it: a flight costs what it allocates. Fields added to a record one by one, when first needed, would give records a
 * hundred hidden classes: a plain flight took 1.7 times as long in a process that had seen an outage.
 */
export class Detour {
  /** Until when each target must not be called again (Retry-After), by target. Made when first needed. */
  holds: Map<number, number> | null = null;
  /** Repeated calls of a target: the exponent of the backoff. */
  repeats = 0;
  /** The backoff before its target is over, but it was not called yet: it has no free place, say. */
  isRested = false;
  /** The target for which an extra attempt was drawn from its budget; -1: none. */
  drawnFor = -1;
  /** The current attempt's target streams, and has given its first chunk. */
  hasAnswered = false;
  /** Targets that were not called, and why, since the last reported attempt. Made when first needed. */
  passedOver: PassedOver[] | null = null;
  /** The status of the last error, 0: none. */
  lastStatus = 0;
  /** What the last error asked for. */
  verdict: 'failover' | 'retry' = 'failover';
  /** Why the current attempt is aborted, if it is. */
  cause: AbortCause = 'timed-out';
  /** The result is an error of the library itself: a guard refused the target's value, or no target might be called. */
  refused = false;
  /** The value's target says that it is for one alone. */
  isForOne = false;
  /** Events that arose while an action ran, and wait until its list is done. */
  queue: number[] | null = null;
}

/** Shared by all flights without a detour. */
export const NO_DETOUR: Readonly<Detour> = Object.freeze(new Detour());
