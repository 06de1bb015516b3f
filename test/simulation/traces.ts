/** What the simulation knows of requests, flights and calls by itself, whatever the library believes. */
import type { Flight } from '../../src/flight.js';
import type { Attempt } from '../../workers/attempt.js';
import type { AttemptContext } from '../../workers/targets.js';
import type { Kept } from './keep-watch.js';
import type { Loop } from './loop.js';
import type { CallStream, FlightStream, ReaderTrace } from './stream-traces.js';

/** Whose it is, and what for: equal identities, and nothing less, may share. */
export interface TraceIdentity {
  readonly scope: string | null;
  /** `null`: not shared. */
  readonly key: string | null;
  /** Its own list of targets; `null`: all. */
  readonly routeId: string | null;
}

/** The same for all that may share. */
export const idOf = ({ scope, key, routeId }: TraceIdentity): string => `${routeId} of ${scope} for ${key}`;

export interface RequestTrace extends TraceIdentity {
  /** Once it is known that it must fly alone, it has none. */
  key: string | null;
  readonly number: number;
  readonly payload: number;
  readonly route: readonly string[];
  readonly askedAt: number;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | null;
  readonly isFresh: boolean;
  /** The front had stood still for so long when it was asked. */
  readonly stalledMs: number;
  /** It reads; `null`: it wants the value. */
  readonly reader: ReaderTrace | null;
  /** `null`: refused, or not yet on board. */
  flight: FlightTrace | null;
  /** It was given what was kept; `null`: it has or had a flight, or none at all. */
  kept: Kept | null;
  isLeader: boolean;
  /** It was aborted while its flight was in the air: it must leave. */
  mustLeave: boolean;
  /** There is no value for it, and it is told in a moment: it waits no more. */
  isRefused: boolean;
  settles: number;
  /** Flights in the air when it was made. */
  airborne: number;
  /** There was one that it could join. */
  couldJoin: boolean;
}

export interface FlightTrace {
  readonly number: number;
  readonly leader: RequestTrace;
  readonly launchedAt: number;
  readonly deadline: number;
  readonly stalledMs: number;
  /** The library's own, for what its link knows. */
  flight: Flight | null;
  /** On board and not settled. */
  readonly waiting: Set<RequestTrace>;
  readonly calls: CallTrace[];
  /** Attempts begun: stored in the ledger, or called inline. */
  begun: number;
  readonly tried: Set<string>;
  /** Instants before which targets must not be called again. */
  readonly holds: Map<string, { readonly until: number; readonly life: LifeTrace | null; readonly call: CallTrace }>;
  /** It brings a new value for what is kept: nobody need wait for it. */
  isRefresh: boolean;
  isForgotten: boolean;
  isCancelled: boolean;
  emptySince: number;
  /** What all waiters are told at its end. */
  end: { readonly isValue: boolean; readonly result: unknown; readonly at: number } | null;
  /** What those are told who take nothing that was kept, where that stood in for it; `null`: it did not. */
  failure: { readonly isValue: false; readonly result: unknown } | null;
  /** The attempt whose answer it was, as the front was told; `null`: none. */
  winner: CallTrace | null;
  /** How often its link told its end. */
  landings: number;
  /** Its link was told that nobody waits; or there was no link, and nothing may ever call for it. */
  abandoned: 'no' | 'on-link' | 'nowhere';
  /** Threads that died while an attempt of it was begun there and its end not told. */
  losses: number;
  /** Deaths that evidence names it for. */
  named: number;
  /** Of those, deaths of a quarantine thread that it had alone. */
  aloneNamed: number;
  /** Threads that its payload really killed. */
  kills: number;
  /** Made with its first chunk. */
  stream: FlightStream | null;
  /** How often targets had been steered when it was launched. */
  readonly steered: number;
}

/** A life, as far as calls on it matter. */
export interface LifeTrace {
  readonly thread: number;
  readonly loop: Loop;
  /** Flights of which an attempt was begun on it. */
  readonly begun: Set<number>;
  /** Flights whose abandonment it has read. */
  readonly abandonsRead: Set<number>;
  role: 'loading' | 'standby' | 'active' | 'quarantine';
  /** Its front has heard of its death. */
  isLost: boolean;
  /** The flight that evidence names for its death. */
  evidence: number | null;
}

export type CallEnd = 'value' | 'answer' | 'failover' | 'retry' | 'refused';

/** One attempt, as its target sees it. */
export interface CallTrace {
  readonly flight: FlightTrace;
  readonly attempt: number;
  readonly target: string;
  /** `null`: inline. */
  readonly life: LifeTrace | null;
  readonly loop: Loop;
  readonly startedAt: number;
  readonly limitMs: number;
  /** The loop had stood still for so long when it began. */
  readonly stalledMs: number;
  readonly context: AttemptContext;
  /** Made when its target gives one. */
  stream: CallStream | null;
  /** What its target is to go on from; `null`: it begins. */
  delivered: string | null;
  /** `null`: its target has not answered. */
  end: CallEnd | null;
  endedAt: number;
  /** The front was told how it ended; and that another had answered first. */
  isTold: boolean;
  isToldOutraced: boolean;
  /** It finds out whether its target is well again. */
  isProbe: boolean;
  /** The other one, where two were out; and was this one the second? */
  rival: CallTrace | null;
  readonly isHedge: boolean;
  /** What its target will do some time, now. */
  answer: (() => void) | null;
}

/** Does anybody still count on it? Not once it has answered, was told to stop, or its thread is gone. Most targets ask for no signal: none is made to look at. */
export function isLive(call: CallTrace): boolean {
  return hasNotEnded(call) && !call.loop.isOver;
}

/** The same, had its thread not died. */
export function hasNotEnded({ end, stream, context }: CallTrace): boolean {
  return end === null && stream?.isClosed !== true && !(context as Attempt).isAborted;
}

/** It was told to stop, since another has answered. */
export function isOutraced({ context }: CallTrace): boolean {
  if (!(context as Attempt).isAborted) return false;
  const { reason } = context.signal;
  return reason instanceof DOMException && reason.message.includes('has answered first');
}

/** The last attempt, and the one that was out when it began; of two that answered in one turn the one that was heard. */
export function racersOf({ calls }: FlightTrace): CallTrace[] {
  const last = calls.at(-1);
  if (last === undefined) return [];
  return last.isHedge && last.rival !== null ? [last, last.rival].filter((call) => !isOutraced(call)) : [last];
}

/** It has answered, or begun to: whoever was out beside it is not wanted any more. */
export function hasWon({ end, stream }: CallTrace): boolean {
  return end === 'value' || end === 'answer' || end === 'refused' || (stream?.count ?? 0) > 0;
}

/** May it leave on its own by now? */
export function mayLeave({ signal, askedAt, timeoutMs = Infinity, reader }: RequestTrace, now: number): boolean {
  return (reader?.left ?? null) !== null || signal?.aborted === true || now >= askedAt + timeoutMs;
}

/** What this one is told at its flight's end. */
export function endFor({ isFresh }: RequestTrace, { failure, end }: FlightTrace): FlightTrace['end'] | FlightTrace['failure'] {
  return isFresh ? (failure ?? end) : end;
}

/** It is told so by its own leaving, and not by the end of its flight. `told`: with what error, if it is one. */
export function leaves(request: RequestTrace, flight: FlightTrace, told: { readonly error: unknown; readonly at: number } | null): boolean {
  if ((request.reader?.left ?? null) !== null) return true;
  if (isBeyond(request, flight) && (told?.error as { code?: string } | undefined)?.code === 'COALESCER_STREAM_BROKEN') return false;
  if (told === null || !mayLeave(request, told.at) || told.error === endFor(request, flight)?.result) return false;
  return flight.stream?.refusals.includes(told.error) !== true;
}

/** Does it read from a place that the stream never came to? */
export function isBeyond({ reader }: RequestTrace, { end, stream }: FlightTrace): boolean {
  return reader !== null && end?.isValue === true && reader.from > (stream?.ends.length ?? 0);
}

/** It waits no more, whether or not it has been told. */
export function isGoing(request: RequestTrace, now: number): boolean {
  return request.isRefused || mayLeave(request, now);
}
