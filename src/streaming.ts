/**
 * Streams at the front: what becomes of chunks, and of a flight that ends with a stream. The stream itself is `Stream`'s; that a flight ends, and in
 * which order, is the front's.
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

/** What streams ask of their front. */
export interface StreamingOwner {
  /** Its key is free, its waiters stay. Without any it ends: it was kept for others, and none can come. */
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

  /** The stream of a flight: from the first who reads, or from its first chunk. */
  of(flight: Flight): Stream {
    const { streams, limits } = this.#setup.options;
    if (flight.stream !== null) return flight.stream;
    const stream = (flight.stream = new Stream(flight, streams, limits.resultBytes, this));
    // A stream must know who wants all of it: nobody joins at one look.
    flight.updatePlain();
    return stream;
  }

  /** The same for one more who reads. @throws CoalescerError where its value has just turned out to be for one alone */
  openTo(flight: Flight): Stream {
    if (flight.incidents.isForOne) throw this.#setup.failures.forOne(flight);
    return this.of(flight);
  }

  /** An attempt's first chunk comes next. */
  opened(flight: Flight, attempt: number, target: string): void {
    if (flight.status !== 'flying') return;
    // What streams is not kept: for what a refresh brings so nobody is there.
    if (flight.incidents.isRefresh && flight.waiting === 0) return this.#setup.owner.end(flight, 'abandoned', undefined);
    this.of(flight).opened(attempt, target);
  }

  chunk(flight: Flight, chunk: unknown, cost: number): void {
    if (flight.status !== 'flying') return;
    const { options, failures } = this.#setup;
    if (options.share === 'frozen') freezeDeep(chunk);
    if (!this.of(flight).take(chunk, cost)) this.#end(flight, 'diverged', failures.diverged(flight));
  }

  /** Settles a flight whose stream is complete. A plain value is a stream of a single chunk, for those who read. */
  ended(flight: Flight, { attempt, target, endedAt }: AttemptRecord, value: unknown): void {
    const { owner, failures } = this.#setup;
    const stream = this.of(flight);
    const isOnlyValue = value !== STREAM_ENDED && stream.log.length === 0;
    if (value !== STREAM_ENDED) {
      stream.opened(attempt, target);
      stream.isValue = isOnlyValue;
      this.chunk(flight, value, chunkSize(value));
    }
    if (flight.status !== 'flying') return; // it was not what had been delivered
    if (!stream.isWhole(attempt)) return this.#end(flight, 'diverged', failures.diverged(flight));
    const result = isOnlyValue ? value : this.#collected(flight, stream);
    // What `collect` threw may have been the end for all.
    if (flight.status === 'flying') owner.settle(flight, 'fulfilled', result, endedAt);
  }

  /** What those get who asked with `request`. What the user's own function throws is theirs too. */
  #collected(flight: Flight, stream: Stream): unknown {
    const { collect } = this.#setup.options;
    if (!stream.isCollected || collect === null) return stream.collected;
    try {
      const value = collect(stream.collected);
      // Whoever waits is given it, and told when it rejects; where nobody can be (`share: 'copy'`), that must not end the process.
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
    // One that has ended in the middle of a chunk has given back all it held.
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

  /** Those who want the value do not get it; with nobody left who reads, that is the flight's end. */
  #refuseValue(flight: Flight, error: unknown): void {
    if (flight.stream?.readers.size === 0) this.#end(flight, 'refused', error);
    else this.#setup.waiters.refuseValue(flight, error);
  }

  #end(flight: Flight, why: string, error: unknown): void {
    endsFor(why, flight);
    this.#setup.owner.end(flight, 'rejected', error);
  }
}
