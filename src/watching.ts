/** The library's diagnostics channels, published on the caller's thread; free when nobody listens. (`coalescer:call` is published where the call is made: see `call-target.ts`.) */
import { channel } from 'node:diagnostics_channel';
import type { BreakerPhase } from '../workers/breaker.js';
import type { Seam } from '../workers/environment.js';
import { CoalescerError, isOf, type CoalescerErrorCode } from './errors.js';
import type { AttemptRecord } from '../workers/protocol.js';
import { digestOf } from './flight-table.js';
import type { Flight } from './flight.js';
import type { AttemptReport, FlightReport, SeamReport } from './reports.js';
import type { Counters } from './statistics.js';
import { attemptReport, joinsOf } from './story.js';

/** What is published, by channel. Listen with `diagnostics_channel.subscribe('coalescer:flight:settled', …)`. */
export interface ChannelMessages {
  'coalescer:flight:launched': { coalescer: string; flight: string; scope: string | null; keyDigest: string | null };
  'coalescer:flight:joined': { coalescer: string; flight: string; waiters: number };
  /** `stoodIn`: the flight failed, and its waiters got a kept value instead. */
  'coalescer:flight:settled': { coalescer: string } & FlightReport & {
      status: 'fulfilled' | 'rejected' | 'abandoned';
      joins: number;
      stoodIn?: true;
    };
  /** An attempt that is over. Attempts that were still out when their flight was abandoned, cancelled or cut off by `close` come after `coalescer:flight:settled`. */
  'coalescer:attempt': { coalescer: string; flight: string } & AttemptReport;
  /** After a thread's death, or when no target could be called at first, published when the attempt at `to` is over. */
  'coalescer:failover': { coalescer: string; flight: string; from: string; to: string; code: string };
  'coalescer:seam': { coalescer: string; flight: string } & SeamReport;
  'coalescer:breaker': { coalescer: string; target: string; from: BreakerPhase; to: BreakerPhase };
  'coalescer:refused': { coalescer: string; code: CoalescerErrorCode; limit?: string };
  'coalescer:thread': { coalescer: string; thread: number; event: 'ready' | 'lost' | 'replaced'; relaunched: number };
}

/** What this file needs of a front. */
interface Watched {
  readonly name: string;
  readonly counters: Counters;
}

/** A channel that takes one kind of message. Ask `hasSubscribers` before a message is built. */
interface Typed<Name extends keyof ChannelMessages> {
  readonly hasSubscribers: boolean;
  publish(message: ChannelMessages[Name]): void;
}
const typed = <Name extends keyof ChannelMessages>(name: Name): Typed<Name> => channel(name);

/** Callers check `hasSubscribers` before they call any of the functions below: a call costs more than the check. */
export const channels = {
  launched: typed('coalescer:flight:launched'),
  joined: typed('coalescer:flight:joined'),
  settled: typed('coalescer:flight:settled'),
  attempt: typed('coalescer:attempt'),
  failover: typed('coalescer:failover'),
  seam: typed('coalescer:seam'),
  breaker: typed('coalescer:breaker'),
  refused: typed('coalescer:refused'),
  thread: typed('coalescer:thread'),
};

export function launched(coalescer: string, flight: Flight): void {
  if (!channels.launched.hasSubscribers) return;
  const { id, scope, key } = flight;
  channels.launched.publish({ coalescer, flight: id, scope, keyDigest: key === null ? null : digestOf(key) });
}

export function joined(coalescer: string, flight: Flight): void {
  if (channels.joined.hasSubscribers) channels.joined.publish({ coalescer, flight: flight.id, waiters: flight.waiting });
}

export function settled(coalescer: string, flight: Flight): void {
  if (!channels.settled.hasSubscribers || flight.status === 'flying') return;
  channels.settled.publish({
    coalescer,
    ...flight.report(),
    status: flight.status,
    joins: joinsOf(flight),
    ...(flight.incidents.isStale ? { stoodIn: true } : {}),
  });
}

/** An attempt is over. */
export function attempted(coalescer: string, flight: Flight, record: AttemptRecord): void {
  if (channels.attempt.hasSubscribers) channels.attempt.publish({ coalescer, flight: flight.id, ...attemptReport(record) });
}

/** A flight goes on at another target: counted and published. */
export function failedOver(front: Watched, flight: Flight, { target: from, code, status, end }: AttemptRecord, to: string): void {
  front.counters.failovers++;
  if (channels.failover.hasSubscribers)
    channels.failover.publish({ coalescer: front.name, flight: flight.id, from, to, code: code ?? String(status ?? end) });
}

export function seamed(coalescer: string, flight: Flight, seam: SeamReport): void {
  if (channels.seam.hasSubscribers) channels.seam.publish({ coalescer, flight: flight.id, ...seam });
}

/** Published after the turn of the event loop in which it changed, which may be in the middle of a flight's end. */
export function breaker(seam: Seam, message: ChannelMessages['coalescer:breaker']): void {
  if (channels.breaker.hasSubscribers) seam.defer(() => channels.breaker.publish(message));
}

/** A request gets no flight: counted and published. Returns the error. */
export function refused(front: Watched, error: unknown): unknown {
  front.counters.refused++;
  if (!channels.refused.hasSubscribers || !isOf(error, CoalescerError)) return error;
  const { code, limit } = error;
  channels.refused.publish({ coalescer: front.name, code, ...(limit === undefined ? {} : { limit }) });
  return error;
}

export function thread(coalescer: string, event: 'ready' | 'lost' | 'replaced', number: number, relaunched: number): void {
  if (channels.thread.hasSubscribers) channels.thread.publish({ coalescer, thread: number, event, relaunched });
}

/** So many joinable flights without a single join deserve a warning: the keys are probably unique (a request id in them, say). */
export const LAUNCHES_WITHOUT_JOIN = 10_000;

/** The library's one unasked output: a coalescer whose requests never join, nor hit a kept value, only costs. */
export function warnNothingJoins({ name: coalescer, counters }: Watched): void {
  if (counters.joined + counters.hits + counters.stale > 0) return;
  process.emitWarning(
    `coalescer '${coalescer}': ${LAUNCHES_WITHOUT_JOIN} flights, and no request joined one. Is something unique in the key (an id, a time)? See identify().`,
    {
      code: 'COALESCER_NOTHING_JOINS',
    },
  );
}
