/** What happened to a flight, in order: as data, and as text for people. */
import { reasonOf } from '../workers/passed-over.js';
import type { AttemptRecord, InAir, Unhedged } from '../workers/protocol.js';
import type { FlightStart } from '../workers/flight-record.js';
import type { Flight } from './flight.js';
import { inFull } from './boarding.js';
import { Incidents } from './incidents.js';
import type { Links } from './links.js';
import { NO_PASSAGE } from './passage.js';
import { isGoneOnFrom, LOST, Told } from './told.js';
import type { AttemptReport, Explanation, FlightReport } from './reports.js';

/** Whose flight it is: its front. */
export interface FlightOwner {
  /** The coalescer's name. */
  readonly name: string;
  readonly flightTimeoutMs: number;
  readonly waitersMax: number;
  readonly links: Pick<Links, 'mayBeForOne' | 'targetNames'>;
  readonly airborne: { readonly oldest: number };
}

type Event = Explanation['events'][number];

/** Waiters that did not launch it; a refresh was launched by none of them. */
export const joinsOf = ({ joined, incidents }: Pick<Flight, 'joined' | 'incidents'>): number =>
  Math.max(0, incidents.isRefresh ? joined : joined - 1);

export function attemptReport(record: AttemptRecord): AttemptReport {
  const { target, attempt, startedAt, endedAt, end, isHedge, code, status, message } = record;
  return {
    target,
    attempt,
    durationMs: endedAt - startedAt,
    end,
    ...(isHedge === true ? { isHedge } : {}),
    ...(code === undefined ? {} : { code }),
    ...(status === undefined ? {} : { status }),
    ...(message === undefined ? {} : { message }),
  };
}

/** A flight's name: its coalescer's, and its number. */
export const flightId = ({ owner, number }: Pick<Flight, 'owner' | 'number'>): string => `${owner.name}#${number}`;

/** What a report is made of. */
export type Reported = Pick<Flight, 'id' | 'attempts' | 'joined' | 'status' | 'launchedAt' | 'settledAt' | 'incidents'>;

/** The last attempt of a flight that has gone straight to its value. */
export function straightAttempt(
  { owner, start, launchedAt, told }: Pick<Flight, 'owner' | 'start' | 'launchedAt' | 'told'>,
  endedAt: number,
): AttemptRecord {
  const target = owner.links.targetNames?.[start?.target ?? 0] ?? '';
  const last = told?.last ?? null;
  return { target, attempt: (last?.attempt ?? 0) + 1, startedAt: last?.endedAt ?? launchedAt, endedAt, end: 'value' };
}

/** All attempts of a flight that are over, in the order of their ends. The last one of a straight flight was not reported, and is added. */
export function attemptsOf(
  flight: Pick<Flight, 'told' | 'wentStraight' | 'owner' | 'start' | 'launchedAt' | 'settledAt'>,
): readonly AttemptRecord[] {
  const told = flight.told?.all ?? [];
  return flight.wentStraight ? [...told, straightAttempt(flight, flight.settledAt)] : told;
}

/** What a report needs of a settled flight, as it was then: a third of the flight's memory, and nothing of its key, for whoever keeps it long. */
export class SettledStory implements Reported {
  readonly owner: FlightOwner;
  readonly number: number;
  readonly status: Flight['status'];
  readonly start: FlightStart | null;
  readonly wentStraight: boolean;
  readonly joined: number;
  readonly launchedAt: number;
  readonly settledAt: number;
  readonly told: Told | null;
  readonly incidents: Readonly<Incidents>;

  constructor({ owner, number, status, start, wentStraight, joined, launchedAt, settledAt, told, incidents }: Flight) {
    this.owner = owner;
    this.number = number;
    this.status = status;
    this.start = start;
    this.wentStraight = wentStraight;
    this.joined = joined;
    this.launchedAt = launchedAt;
    this.settledAt = settledAt;
    // A copy: a late thread may still report an attempt's end.
    this.told = told?.copy() ?? null;
    this.incidents = incidents;
  }

  get id(): string {
    return flightId(this);
  }
  get attempts(): readonly AttemptRecord[] {
    return attemptsOf(this);
  }

  report(): FlightReport {
    return flightReport(this, this.settledAt);
  }
}

/** What stories and errors hold of a flight: no keys of megabytes. The flight keeps its own key for a target that still reads it. */
export function forStory(flight: Flight): Flight {
  return flight.hasLongKey ? withoutLongKey(flight) : flight;
}

function withoutLongKey(flight: Flight): Flight {
  // One list for both: what is reported after the end belongs to the story too.
  if (!flight.wentStraight) flight.told ??= new Told(null);
  const own = {
    boarded: { ...inFull(flight.boarded), key: flight.index },
    passage: NO_PASSAGE,
    incidents: Object.assign(new Incidents(), flight.incidents),
  };
  const story = Object.assign(Object.create(Object.getPrototypeOf(flight) as Flight) as Flight, flight, own);
  story.dropWork();
  return story;
}

/** All attempts of a flight that are over, in the order in which they began. */
export function attemptReports({ attempts }: Pick<Reported, 'attempts'>): AttemptReport[] {
  return attempts.map(attemptReport).sort((one, other) => one.attempt - other.attempt);
}

/** The report of a whole flight. */
export function flightReport(flight: Reported, now: number): FlightReport {
  // Attempts are in the order of their ends: the last one settled it.
  const last = flight.attempts.at(-1);
  const attempts = attemptReports(flight);
  const [first] = attempts;
  const hasFailed = first !== undefined && LOST.has(first.end);
  // The attempt where it goes on may still be out, or be aborted after the flight's end.
  const goesOn = flight.attempts.some(({ target, next }) => next !== undefined && next !== target);
  return {
    flight: flight.id,
    target: last !== undefined && (last.end === 'value' || last.end === 'answer') ? last.target : null,
    attempts,
    waiters: flight.joined,
    // For a flight that flies, asked for by its error: there is no clock here, and it is not over.
    durationMs: Math.max(0, (flight.status === 'flying' ? now : flight.settledAt) - flight.launchedAt),
    failedOver: goesOn || attempts.some(({ target, isHedge }) => target !== first?.target && (isHedge !== true || hasFailed)),
    relaunches: flight.incidents.relaunches?.length ?? 0,
    ...(flight.incidents.seams === null ? {} : { seams: flight.incidents.seams.map(({ from, to, chunk }) => ({ from, to, chunk })) }),
  };
}

/** For a request that never had a flight. */
export const NO_FLIGHT = {
  flight: '',
  target: null,
  attempts: Object.freeze([]),
  waiters: 0,
  durationMs: 0,
  failedOver: false,
  relaunches: 0,
};

/** The story so far. `flying`: the attempts in the air, as far as known. */
export function storyOf(flight: Flight, flying: readonly InAir[]): Explanation {
  const events: Event[] = [{ atMs: 0, what: 'launched', flight: flight.id, scope: flight.scope, key: flight.key?.slice(0, 200) ?? null }];
  const at = (instant: number): number => Math.max(0, instant - flight.launchedAt);
  const { attempts } = flight;
  const relaunches = (flight.incidents.relaunches ?? []).map(({ at: instant, why }) => ({ atMs: at(instant), what: 'relaunched', why }));
  for (const [index, record] of attempts.entries()) {
    const before = attempts[index - 1];
    // At the same instant, in this order: the thread was lost, the flight relaunched, the target called.
    while (relaunches[0] !== undefined && relaunches[0].atMs <= at(record.startedAt)) events.push(relaunches.shift() as Event);
    if (before !== undefined && isGoneOnFrom(before, record))
      events.push({ atMs: at(record.startedAt), what: 'failover', from: before.target, to: record.target });
    events.push(...attemptEvents(record, at));
  }
  events.push(...relaunches);
  for (const { at: instant, from, to, chunk } of flight.incidents.seams ?? [])
    events.push({ atMs: at(instant), what: 'seam', from, to, chunk });
  for (const { startedAt, target, isHedge } of flying) events.push({ atMs: at(startedAt), what: isHedge ? 'hedge' : 'attempt', target });
  if (joinsOf(flight) > 0) events.push({ atMs: 0, what: 'joined', waiters: flight.joined });
  if (flight.status !== 'flying') {
    events.push({
      atMs: at(flight.settledAt),
      what: 'settled',
      as: flight.status,
      ...(flight.incidents.failure === null ? {} : { why: flight.incidents.failure }),
      ...(flight.incidents.isStale ? { given: 'a kept value' } : {}),
    });
  }
  // A stable sort: events of one instant keep their order. Joins have no times of their own, since reading the clock costs more than a join.
  const ordered = events.toSorted((one, other) => one.atMs - other.atMs);
  return { events: ordered, toString: () => ordered.map(eventText).join('\n') };
}

function attemptEvents(record: AttemptRecord, at: (instant: number) => number): Event[] {
  const {
    target,
    attempt,
    startedAt,
    endedAt,
    end,
    code,
    status,
    message,
    verdict,
    next,
    waitMs,
    passedOver = [],
    isHedge,
    unhedged,
  } = record;
  const known = Object.fromEntries(Object.entries({ code, status, message, verdict }).filter(([, value]) => value !== undefined));
  const events: Event[] = [
    ...passedOver.map((told) => ({ atMs: at(startedAt), what: 'passed over', target: told.target, why: reasonOf(told) })),
    { atMs: at(startedAt), what: isHedge ? 'hedge' : 'attempt', attempt, target },
    { atMs: at(endedAt), what: end, attempt, target, ...known },
  ];
  for (const told of unhedged?.passedOver ?? [])
    events.push({ atMs: at((unhedged as Unhedged).at), what: 'not hedged', target: told.target, why: reasonOf(told) });
  if (next !== undefined) {
    events.push({
      atMs: at(endedAt),
      what: next === target ? 'backoff' : 'failover',
      from: target,
      to: next,
      ...(waitMs === 0 ? {} : { waitMs }),
    });
  }
  return events;
}

function eventText({ atMs, what, ...details }: Event): string {
  const told = Object.entries(details)
    .filter(([, value]) => value !== null)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === 'number' ? Math.round(value * 10) / 10 : typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  return `${`+${atMs.toFixed(1)} ms`.padStart(12)}  ${what}${told.length === 0 ? '' : `: ${told.join(', ')}`}`;
}
