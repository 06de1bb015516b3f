/** Is an error the right one? Each must have a reason that the simulation knows of by itself. */
import { isCoalescerError } from '../../src/errors.js';
import { brokenReason, canGoOn, chunksGiven, divergedReason, isCutShort, isTooLarge } from './stream-verdicts.js';
import { isLive, racersOf, type CallTrace, type FlightTrace, type RequestTrace } from './traces.js';
import type { Witness } from './witness.js';

/** What targets throw. */
export class TargetError extends Error {
  readonly flight: number;
  readonly attempt: number;
  readonly verdict: 'answer' | 'failover' | 'retry';
  /** Its Retry-After; not under a name that the library may know. */
  readonly holdMs: number;

  constructor({ flight, attempt }: CallTrace, verdict: TargetError['verdict'], holdMs: number) {
    super('upstream failed');
    this.flight = flight.number;
    this.attempt = attempt;
    this.verdict = verdict;
    this.holdMs = holdMs;
  }
}

export function codeOf(error: unknown): string {
  if (isCoalescerError(error)) return error.code;
  return error instanceof Error ? `${error.name} ${error.message}` : String(error);
}

/** Why a request that never got on board was refused; `null`: there is none. */
export function refusalReason({ isClosing, swarm }: Witness, request: RequestTrace, error: unknown): string | null {
  const { limits } = swarm.options;
  if (request.signal?.aborted === true && error === request.signal.reason) return 'aborted before';
  if (!isCoalescerError(error)) return null;
  if (error.code === 'COALESCER_CLOSED') return isClosing ? 'closed' : null;
  if (error.code === 'COALESCER_STREAM_BROKEN') return (request.reader?.from ?? 0) > 0 && !request.couldJoin ? 'nothing to take up' : null;
  if (error.code !== 'COALESCER_LIMIT') return null;
  if (error.limit === 'flights') return request.airborne >= limits.flights ? 'flights' : null;
  if (error.limit === 'waitersPerFlight') return limits.waitersPerFlight < 1_000 ? 'waitersPerFlight' : null;
  const isHeavy = limits.airborneBytes < 1_000 || (swarm.streams?.paddingBytes ?? 0) > 0;
  return error.limit === 'airborneBytes' && isHeavy ? 'airborneBytes' : null;
}

/** Why a flight ended with this error; `null`: it must not have. */
export function failureReason(witness: Witness, flight: FlightTrace, error: unknown): string | null {
  const { now, isClosing, hasLoadFailed, swarm } = witness;
  const racers = racersOf(flight);
  if (!isCoalescerError(error)) return targetErrorReason(witness, flight, error as Partial<TargetError> | undefined);
  switch (error.code) {
    case 'COALESCER_TIMEOUT':
      return now >= flight.deadline && (error.chunks ?? 0) === chunksGiven(flight) ? 'its deadline passed' : null;
    case 'COALESCER_FLIGHT_CANCELLED':
      return flight.isCancelled ? 'cancelled' : null;
    case 'COALESCER_CLOSED':
      return isClosing ? 'closed' : null;
    case 'COALESCER_TARGETS_NOT_LOADED':
      return hasLoadFailed ? 'loading failed' : null;
    case 'COALESCER_TARGETS_FAILED':
      // In mid-air the stream is said to have broken, unless it is threads that wear it out.
      return chunksGiven(flight) === 0 || flight.losses > swarm.options.relaunchesMax ? nothingLeft(witness, flight) : null;
    case 'COALESCER_STREAM_BROKEN':
      return brokenReason(swarm, flight, error, nothingLeft(witness, flight));
    case 'COALESCER_STREAM_DIVERGED':
      return divergedReason(swarm, flight, error);
    case 'COALESCER_POISONED':
      // PROTOCOL.md 10: attributed twice, or died alone where only suspects fly.
      return flight.named >= 2 || flight.aloneNamed >= 1 ? 'poisoned' : null;
    case 'COALESCER_NOT_SHAREABLE':
    case 'COALESCER_NOT_CLONEABLE':
      if (witness.forOne?.mayRefuse(flight) === true) return 'for one alone, and read';
      return racers.some(({ end }) => end === 'refused') ? 'the value was refused' : null;
    case 'COALESCER_LIMIT':
      if (error.limit === 'resultBytes' && isTooLarge(swarm, flight)) return 'all of it is too large';
      return error.limit === 'resultBytes' && racers.some(({ end }) => end === 'value') && swarm.options.limits.resultBytes < 1_000
        ? 'too large'
        : null;
    default:
      return null;
  }
}

/** The target's own error, as thrown: the answer, or all there is to say where there is but one target. */
function targetErrorReason(
  { swarm }: Witness,
  flight: FlightTrace,
  error: (Partial<TargetError> & { readonly code?: unknown }) | undefined,
): string | null {
  const racers = racersOf(flight);
  const call = racers.find((racer) => racer.attempt === error?.attempt) ?? racers[0];
  if (chunksGiven(flight) > 0) return null;
  if (call !== undefined && error !== undefined && isCutShort(call, error))
    return swarm.targetNames.length === 1 || !isReplayable(swarm, call) ? 'it stopped short' : null;
  if (call === undefined || error?.flight !== flight.number || error.attempt !== call.attempt) return null;
  if (call.end === 'answer' || !isReplayable(swarm, call)) return 'the answer';
  return swarm.targetNames.length === 1 && (call.end === 'failover' || call.end === 'retry') ? 'the only target failed' : null;
}

/** At most: where targets are left out it may be fewer. */
export function allowedAttempts(swarm: Witness['swarm'], { leader }: FlightTrace): number {
  return attemptsOn(swarm, leader.route);
}

export function attemptsOn({ options }: Witness['swarm'], route: readonly string[]): number {
  return options.maxAttempts ?? Math.min(3, route.length);
}

export const isReplayable = ({ targetNames, unreplayable }: Witness['swarm'], { target }: CallTrace): boolean =>
  unreplayable[targetNames.indexOf(target)] !== true;

function exhaustedReason(witness: Witness, flight: FlightTrace): string | null {
  const { swarm } = witness;
  const { options } = swarm;
  const racers = racersOf(flight);
  // One that has failed ends nothing while another is out.
  if (racers.some(isLive)) return null;
  if (witness.mayHave(flight, (route) => flight.begun >= attemptsOn(swarm, route))) return 'all attempts were made';
  if (flight.losses > options.relaunchesMax) return 'worn out';
  if (racers.some((racer) => !isReplayable(swarm, racer))) return 'must not be called twice';
  // Attempts are left, but none that could begin before the deadline: only where a wait was due.
  const isWaitDue =
    racers.some(({ end }) => end === 'retry') ||
    witness.mayHave(flight, (route) => route.every((target) => flight.tried.has(target) || !canGoOn(swarm, flight, target)));
  return isWaitDue ? 'no time for the wait' : null;
}

function nothingLeft(witness: Witness, flight: FlightTrace): string | null {
  return exhaustedReason(witness, flight) ?? (witness.health?.isShutOut(flight) === true ? 'no target may be called' : null);
}
