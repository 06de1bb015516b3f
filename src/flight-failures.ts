/** What waiters reject with when there is no value: the one place where a flight's end becomes an error. */
import { copyOf } from '../workers/own-copy.js';
import type { AttemptRecord, Failure } from '../workers/protocol.js';
import { Refused } from '../workers/refused.js';
import { nameFor } from '../workers/text.js';
import { CoalescerError, isOf, rememberFlight, type CoalescerErrorCode, type ErrorDetails } from './errors.js';
import type { Flight } from './flight.js';
import type { Limits } from './options.js';
import type { AttemptReport } from './reports.js';
import { attemptReports } from './story.js';
import type { LeaveReason, Seat } from './waiter.js';

/** How a flight may end without a value; the last three are the links' own. */
export type FlightFailure = Failure | 'poisoned' | 'worn-out' | 'not-loaded';

/** Makes the errors of one coalescer. */
export class FlightFailures {
  readonly #name: string;
  readonly #targetCount: () => number;

  constructor(name: string, targetCount: () => number) {
    this.#name = name;
    this.#targetCount = targetCount;
  }

  /** What all waiters of a flight reject with: one object, the target's own error where that is the answer. */
  of(flight: Flight, failure: FlightFailure, error: unknown): unknown {
    switch (failure) {
      case 'answered':
        return error;
      case 'exhausted':
        return this.#exhausted(flight, error);
      case 'worn-out':
        return this.#make(
          'COALESCER_TARGETS_FAILED',
          flight.key,
          `flight ${flight.id} lost its thread ${flight.passage.lossesBegun} times${lastOf(flight)}`,
          {
            attempts: reports(flight),
            cause: error,
          },
        );
      case 'broken':
        return this.#broken(flight, error);
      case 'timed-out':
        return this.timeout(flight, flight.deadline);
      case 'abandoned':
        return this.cancelled(flight, error);
      case 'poisoned':
        return this.#make(
          'COALESCER_POISONED',
          flight.key,
          `flight ${flight.id} was stopped: this request killed ${flight.passage.deathsBlamed} threads${lastOf(flight)}`,
          {
            attempts: reports(flight),
            cause: error,
          },
        );
      case 'not-loaded':
        return isOf(error, CoalescerError) ? error : this.notLoaded(error);
      default:
        return this.#refused(flight.key, error as Refused, reports(flight));
    }
  }

  #exhausted(flight: Flight, error: unknown): unknown {
    const { attempts } = flight;
    // With one target there is nothing to sum up: the caller gets its error as thrown.
    if (this.#targetCount() === 1 && attempts.at(-1)?.end === 'failed') return error;
    const told = attempts.map((attempt) => `${attempt.target} ${endOf(attempt)}`);
    return this.#make(
      'COALESCER_TARGETS_FAILED',
      flight.key,
      `${attempts.length === 1 ? 'the one attempt' : `all ${attempts.length} attempts`} of flight ${flight.id} failed: ${told.join('; ')}`,
      {
        attempts: reports(flight),
        cause: error,
      },
    );
  }

  #broken(flight: Flight, cause: unknown): CoalescerError {
    const { chunksGiven: chunks } = flight;
    const message = `the stream of flight ${flight.id} broke off after ${counted(chunks)}${lastOf(flight)}`;
    return this.#make('COALESCER_STREAM_BROKEN', flight.key, message, { attempts: reports(flight), cause, chunks });
  }

  /** The next target did not repeat what was delivered. */
  diverged(flight: Flight): CoalescerError {
    const { chunksGiven: chunks, stream } = flight;
    const message = `${stream?.target} gave other chunks to flight ${flight.id} than the ${chunks} that were delivered before${lastOf(flight)}`;
    return this.#make('COALESCER_STREAM_DIVERGED', flight.key, message, { attempts: reports(flight), chunks });
  }

  /** For one reader. */
  lagged(flight: Flight): CoalescerError {
    const message = `this reader of flight ${flight.id} is cut off: it lagged more than streams.lagBytes behind the others`;
    return this.#make('COALESCER_SLOW_CONSUMER', flight.key, message, { chunks: flight.chunksGiven });
  }

  /** What a leaving waiter is told: its signal's own reason, or an error that knows its flight. */
  ofLeaving({ flight, signal }: Pick<Seat, 'flight' | 'signal'>, why: LeaveReason, now: number): unknown {
    if (why === 'signal') return reasonOf(signal);
    if (why === 'enough') return undefined;
    const error = why === 'timeout' ? this.timeout(flight, now, "this request's timeoutMs") : this.lagged(flight);
    rememberFlight(error, flight);
    return error;
  }

  /** There is no flight in which a reader could go on from that chunk. */
  gone(key: string | null, from: number, flight?: string): CoalescerError {
    const what = flight === undefined ? 'there is no stream' : `flight ${nameFor(flight)} is not`;
    const message = `${what} in the air to go on with from chunk ${from}: it has ended, or is too old to join. Ask for it from the beginning`;
    return this.#make('COALESCER_STREAM_BROKEN', key, message, { chunks: from });
  }

  /** The stream has ended before the chunk that a reader wanted first. */
  beyond(flight: Flight, from: number): CoalescerError {
    const { chunksGiven: chunks } = flight;
    const message = `flight ${flight.id} has ended with ${counted(chunks)}, and was to be read from chunk ${from} on. Ask for it from the beginning`;
    return this.#make('COALESCER_STREAM_BROKEN', flight.key, message, { chunks });
  }

  /** @param whose whose time was up */
  timeout(flight: Flight, now: number, whose = 'its flightTimeoutMs'): CoalescerError {
    const waited = Math.round(now - flight.launchedAt);
    const message = `no answer in time: flight ${flight.id} was ${waited} ms old when ${whose} was up${lastOf(flight)}`;
    return this.#make('COALESCER_TIMEOUT', flight.key, message, {
      attempts: reports(flight),
      ...(flight.chunksGiven === 0 ? {} : { chunks: flight.chunksGiven }),
    });
  }

  cancelled(flight: Flight, reason: unknown): CoalescerError {
    return this.#make('COALESCER_FLIGHT_CANCELLED', flight.key, `flight ${flight.id} was cancelled`, {
      cause: reason,
      attempts: reports(flight),
    });
  }

  forOne(flight: Flight): CoalescerError {
    const message = `the target says that the value of flight ${flight.id} is for one alone, and it was asked for as a stream: ask for it with request`;
    return this.#make('COALESCER_NOT_SHAREABLE', flight.key, message, { attempts: reports(flight) });
  }

  reentrant(flight: Flight): CoalescerError {
    return this.#make(
      'COALESCER_REENTRANT',
      flight.key,
      `a target asked for flight ${flight.id}, which waits for that target: it would wait for itself`,
    );
  }

  closed(flight?: Flight): CoalescerError {
    const what =
      flight === undefined
        ? 'close() was called: no new flights'
        : `close() was called, and flight ${flight.id} did not settle within drainMs`;
    return this.#make('COALESCER_CLOSED', flight?.key ?? null, what);
  }

  notLoaded(error: unknown): CoalescerError {
    const why = error instanceof Error ? error.message : String(error);
    return this.#make('COALESCER_TARGETS_NOT_LOADED', null, `the targets module did not load: ${why}`, { cause: error });
  }

  /** @param came how many there would be with this one; by default one more than `most` */
  limit(limit: keyof Limits, most: number, key: string | null, came = most + 1): CoalescerError {
    return this.#make('COALESCER_LIMIT', key, `limits.${limit} is reached: at most ${most}, and this one would make it ${came}`, { limit });
  }

  /** A guard's refusal gets the coalescer's name and the key; other errors stay as they are. */
  named(key: string | null, error: unknown): unknown {
    return isOf(error, Refused) ? this.#refused(key, error, undefined) : error;
  }

  /** A structured clone for one waiter. @throws CoalescerError COALESCER_NOT_SHAREABLE */
  copy(flight: Flight, value: unknown): unknown {
    try {
      return copyOf(value);
    } catch (cause) {
      const message = `the value cannot be copied for each waiter (share: 'copy'): ${String(cause)}`;
      const error = this.#make('COALESCER_NOT_SHAREABLE', flight.key, message, { cause, attempts: reports(flight) });
      rememberFlight(error, flight);
      throw error;
    }
  }

  #refused(key: string | null, refused: Refused, attempts: readonly AttemptReport[] | undefined): CoalescerError {
    const { code, message, path, limit } = refused;
    return this.#make(code, key, message, {
      ...(path === undefined ? {} : { path }),
      ...(limit === undefined ? {} : { limit: limit as keyof Limits }),
      ...(attempts === undefined ? {} : { attempts }),
    });
  }

  #make(code: CoalescerErrorCode, key: string | null, message: string, details: ErrorDetails = {}): CoalescerError {
    return new CoalescerError(code, this.#name, message, { key: key ?? undefined, ...details });
  }
}

const counted = (chunks: number): string => `${chunks} ${chunks === 1 ? 'chunk' : 'chunks'}`;

/** The reason; if reading it throws (a polyfill, say), that error. */
function reasonOf(signal: AbortSignal | null): unknown {
  try {
    return signal?.reason;
  } catch (error) {
    return error;
  }
}

/** Frozen like the error that holds them. */
const reports = (flight: Flight): readonly AttemptReport[] => Object.freeze(attemptReports(flight).map((report) => Object.freeze(report)));

function lastOf(flight: Flight): string {
  const last: AttemptRecord | undefined = flight.attempts.at(-1);
  return last === undefined ? '' : `; the last attempt, on ${last.target}, ended ${endOf(last)}`;
}

/** With the code, since only that says what is behind a `fetch failed`. */
function endOf({ end, status, code, message }: AttemptRecord): string {
  const known = [status, code].filter((part) => part !== undefined).join(' ');
  return `${end}${known === '' ? '' : ` (${known})`}${message === undefined ? '' : `: ${message}`}`;
}
