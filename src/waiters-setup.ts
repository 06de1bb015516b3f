/** What `Waiters` is made of, and who is told when none are left: types only. */
import type { Seam } from '../workers/environment.js';
import type { Wheel } from '../workers/wheel.js';
import type { Flight } from './flight.js';
import type { FlightFailures } from './flight-failures.js';
import type { Links } from './links.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import type { Counters } from './statistics.js';

/** Told when nobody waits for a flight any more. */
export interface LastLeftReceiver {
  lastLeft(flight: Flight, now: number): void;
  /** The links say whether a value may be for its leader alone: then the leader waits with a promise of its own. */
  readonly links: Pick<Links, 'mayBeForOne'>;
}

export interface WaitersSetup {
  readonly seam: Seam;
  readonly wheel: Wheel;
  readonly options: FilledOptions;
  readonly failures: FlightFailures;
  readonly counters: Counters;
  readonly reentrance: Reentrance | null;
  readonly receiver: LastLeftReceiver;
}
