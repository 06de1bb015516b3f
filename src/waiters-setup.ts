/** What waiters are minded with, and who is told when there are none: shapes only. */
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
  /** Where flights fly: a leader waits apart where a value may be for it alone. */
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
