/** What a reader of a stream is made of: shapes only. */
import type { Flight } from './flight.js';
import type { FlightFailures } from './flight-failures.js';
import type { Clock } from './reader-end.js';
import type { Stream } from './stream.js';
import type { LeaveReceiver } from './waiter.js';

export interface ReaderSetup {
  readonly flight: Flight;
  readonly stream: Stream;
  readonly signal: AbortSignal | null;
  readonly isLeader: boolean;
  /** Can it leave of itself while it waits? Then, as where it gets copies, it waits by a promise of its own. */
  readonly isApart: boolean;
  /** Does it get copies of its own? */
  readonly isCopied: boolean;
  readonly failures: Pick<FlightFailures, 'copy' | 'beyond'>;
  /** First chunk to give. */
  readonly from: number;
  readonly receiver: LeaveReceiver;
  readonly clock: Clock;
}
