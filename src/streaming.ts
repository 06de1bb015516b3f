/**
 * Streams at the front: what happens to chunks, and to a flight that ends with a stream. `Stream` holds the stream itself; the front decides that a
 * flight ends, and in which order.
 */
import { isPromise } from 'node:util/types';
import { chunkSize } from '../workers/chunk-size.js';
import type { Seam } from '../workers/environment.js';
import { type AttemptRecord, STREAM_ENDED } from '../workers/protocol.js';
import type { Flight } from './flight.js';
import type { FlightFailures } from './flight-failures.js';
import { endsFor } from './incidents.js';
import type { ChunkReceiver, Links } from './links.js';
import type { FilledOptions } from './options.js';
import type { Reader } from './reader.js';
import type { SeamReport } from './reports.js';
import { freezeDeep } from './share.js';
import { Stream, type StreamOwner } from './stream.js';
import type { Waiters } from './waiters.js';
import * as watching from './watching.js';

/** What streams need of their front. */
export interface StreamingOwner {
  /** Frees its key; its waiters stay. Without any it ends: it was only kept for others to join. */
  tooOldToJoin(flight: Flight): void;
  end(flight: Flight, status: 'rejected' | 'abandoned', error: unknown): void;
  settle(flight: Flight, status: 'fulfilled', value: unknown, now: number): void;
  held(flight: Flight, change: number): void;
  readonly links: Pick<Links, 'grant'>;
}

export interface StreamingSetup {
  readonly seam: Seam;
  readonly options: FilledOptions;
  readonly failures: FlightFailures;
  readonly waiters: Waiters;
  readonly owner: StreamingOwner;
}

export class Streaming implements StreamOwner, ChunkReceiver {
  readonly #setup: StreamingSetup;

  constructor(setup: StreamingSetup) {
    this.#setup = setup;
  }

  /** The stream of a flight. Made for the first reader, or at its first chunk. */
  of(flight: Flight): Stream {
    const { streams, limits } = this.#setup.options;
    if (flight.stream !== null) return flight.stream;
    const stream = (flight.stream = new Stream(flight, streams, limits.resultBytes, this));
    // A stream must know who wants all of it, so nobody may join by the fast path any more.
    flight.updatePlain();
    return stream;
  }

  /** The same, for a new reader. @throws CoalescerError if its value has just turned out to be for one alone */
  openTo(flight: Flight): Stream {
    if (flight.incidents.isForOne) throw this.#setup.failures.forOne(flight);
    return this.of(flight);
  }

  /** An attempt's first chunk comes next. */
  opened(flight: Flight, attempt: number, target: string): void {
    if (flight.status !== 'flying') return;
    // Streams are not kept, so nobody needs one that a refresh brings.
    if (flight.incidents.isRefresh && flight.waiting === 0) return this.#setup.owner.end(flight, 'abandoned', undefined);
    this.of(flight).opened(attempt, target);
  }

  chunk(flight: Flight, chunk: unknown, cost: number): void {
    if (flight.status !== 'flying') return;
    const { options, failures } = this.#setup;
    if (options.share === 'frozen') freezeDeep(chunk);
    if (!this.of(flight).take(chunk, cost)) this.#end(flight, 'diverged', failures.diverged(flight));
  }

  /** Settles a flight whose stream is complete. For readers, a plain value is a stream of one chunk. */
  ended(flight: Flight, { attempt, target, endedAt }: AttemptRecord, value: unknown): void {
    const { owner, failures } = this.#setup;
    const stream = this.of(flight);
    const isOnlyValue = value !== STREAM_ENDED && stream.log.length === 0;
    if (value !== STREAM_ENDED) {
      stream.opened(attempt, target);
      stream.isValue = isOnlyValue;
      this.chunk(flight, value, chunkSize(value));
    }
    if (flight.status !== 'flying') return; // it differed from what had been delivered
    if (!stream.isWhole(attempt)) return this.#end(flight, 'diverged', failures.diverged(flight));
    const result = isOnlyValue ? value : this.#collected(flight, stream);
    // If `collect` threw, that may have ended the flight.
    if (flight.status === 'flying') owner.settle(flight, 'fulfilled', result, endedAt);
  }

  /** What callers of `request` get: also what the user's `collect` throws. */
  #collected(flight: Flight, stream: Stream): unknown {
    const { collect } = this.#setup.options;
    if (!stream.isCollected || collect === null) return stream.collected;
    try {
      const value = collect(stream.collected);
      // Waiters get it, and its rejection; if none can (`share: 'copy'`), that must not end the process.
      if (isPromise(value)) value.catch(() => undefined);
      return value;
    } catch (error) {
      this.#refuseValue(flight, error);
      return undefined;
    }
  }

  grant(flight: Flight, credit: number): void {
    if (flight.status === 'flying') this.#setup.owner.links.grant(flight, credit);
  }
  held(flight: Flight, change: number): void {
    // A flight that ended in the middle of a chunk has released all its bytes already.
    if (flight.status === 'flying') this.#setup.owner.held(flight, change);
  }
  outgrown(flight: Flight): void {
    this.#setup.owner.tooOldToJoin(flight);
  }
  lagged(reader: Reader): void {
    reader.leave('lagging');
  }

  seamed(flight: Flight, seam: SeamReport): void {
    const { seam: clock, options } = this.#setup;
    (flight.ownIncidents().seams ??= []).push({ at: clock.now(), ...seam });
    watching.seamed(options.name, flight, seam);
  }

  overfilled(flight: Flight): void {
    const { failures, options } = this.#setup;
    this.#refuseValue(flight, failures.limit('resultBytes', options.limits.resultBytes, flight.key, flight.stream?.log.bytes));
  }

  /** Those who want the value do not get it; if nobody reads, that ends the flight. */
  #refuseValue(flight: Flight, error: unknown): void {
    if (flight.stream?.readers.size === 0) this.#end(flight, 'refused', error);
    else this.#setup.waiters.refuseValue(flight, error);
  }

  #end(flight: Flight, why: string, error: unknown): void {
    endsFor(why, flight);
    this.#setup.owner.end(flight, 'rejected', error);
  }
}
