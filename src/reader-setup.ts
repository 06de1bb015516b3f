/** What a reader of a stream is made of: types only. */
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
  /** Can it leave while it waits? Then, as with copies, it waits with a promise of its own. */
  readonly isApart: boolean;
  /** Does it get copies? */
  readonly isCopied: boolean;
  readonly failures: Pick<FlightFailures, 'copy' | 'beyond'>;
  /** First chunk to give. */
  readonly from: number;
  readonly receiver: LeaveReceiver;
  readonly clock: Clock;
}
