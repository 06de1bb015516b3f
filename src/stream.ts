/**
 * One flight's stream, as its front holds it: the log, who reads it and how far, what the shard may still send, and the seams where another target
 * went on. It decides about chunks; `Waiters` and `Front` decide who waits, leaves and is told.
 */
import { CREDIT_BYTES } from '../workers/protocol.js';
import { ChunkLog } from './chunk-log.js';
import type { Flight } from './flight.js';
import type { Reader } from './reader.js';
import { ReplayCheck, Transcript } from './replay-check.js';
import type { SeamReport } from './reports.js';
import type { StreamSettings } from './stream-options.js';
import type { Seat } from './waiter.js';

/** Laggards, and chunks that all have read, are looked for after each eighth of `lagBytes`, at most this many bytes. */
const LOOKS_PER_LAG = 8;
const LOOK_BYTES_MAX = 131_072;

/** Told what a stream asks for. */
export interface StreamOwner {
  /** So many bytes more may come. */
  grant(flight: Flight, credit: number): void;
  /** The bytes that it holds have changed by `change`. */
  held(flight: Flight, change: number): void;
  /** It is too long to be kept for late joiners: nobody can join any more. */
  outgrown(flight: Flight): void;
  /** This reader lags too far behind the others. */
  lagged(reader: Reader): void;
  seamed(flight: Flight, seam: SeamReport): void;
  /** The value that `request` would give is larger than a value may be. */
  overfilled(flight: Flight): void;
}

export class Stream {
  readonly log = new ChunkLog();
  readonly readers = new Set<Reader>();
  /** Its one chunk is the value of a target that does not stream: its size was checked as a value, and does not depend on who reads. */
  isValue = false;
  readonly #flight: Flight;
  readonly #settings: StreamSettings;
  readonly #resultBytes: number;
  readonly #owner: StreamOwner;
  /** What was said, if the next target is compared with it. */
  readonly #transcript: Transcript | null;
  #check: ReplayCheck | null = null;
  /** All chunks, for callers of `request`. */
  #collected: unknown[] | null = null;
  #hasOutgrown = false;
  /** The attempt that gives chunks now, its target, and the target that gave the last one. */
  #attempt = 0;
  #target = '';
  #lastTarget: string | null = null;
  /** Chunks that the fastest reader has taken, and bytes that the shard got credit for again. */
  #front = 0;
  #credited = 0;
  #owed = 0;
  #lookedAt = 0;
  /** Somebody has left who may have been waiting for the next chunk. */
  #hasLeaver = false;

  constructor(flight: Flight, settings: StreamSettings, resultBytes: number, owner: StreamOwner) {
    this.#flight = flight;
    this.#settings = settings;
    this.#resultBytes = resultBytes;
    this.#owner = owner;
    this.#transcript = settings.midStream === 'verify' ? new Transcript() : null;
  }

  /** The target that gives chunks now. */
  get target(): string {
    return this.#target;
  }
  /** Does anybody want all chunks as one value? */
  get isCollected(): boolean {
    return this.#flight.waiting > this.readers.size;
  }
  /** What was delivered, as long as all of it is kept and small enough to hand on. */
  get delivered(): readonly unknown[] | null {
    return this.log.start > 0 || this.log.bytes > this.#settings.replayBytes ? null : this.log.slice(0);
  }

  /** An attempt's first chunk comes next. */
  opened(attempt: number, target: string): void {
    this.#attempt = attempt;
    this.#target = target;
    this.#check = this.#transcript === null || this.log.length === 0 ? null : new ReplayCheck(this.#transcript);
  }

  /** One more chunk from the shard. Returns false when it is not what was delivered before. */
  take(chunk: unknown, bytes: number): boolean {
    if (this.#check === null) {
      this.#append(chunk, bytes);
      return true;
    }
    const compared = this.#check.compare(chunk);
    if (compared.is === 'different') return false;
    if (compared.is === 'through') this.#check = null;
    // A chunk that is dropped is nobody's backlog.
    const rest = compared.is === 'through' ? compared.rest : undefined;
    if (rest === undefined) this.#owe(bytes);
    else this.#append(rest, bytes);
    return true;
  }

  /** Has the attempt that says it is complete repeated all that was delivered, or gone on from it? */
  isWhole(attempt: number): boolean {
    if (this.#transcript === null || this.#transcript.isEmpty) return true;
    return attempt === this.#attempt && this.#check === null;
  }

  #append(chunk: unknown, bytes: number): void {
    const { log } = this;
    if (this.#lastTarget !== null && this.#lastTarget !== this.#target) this.#passSeam(this.#lastTarget);
    this.#lastTarget = this.#target;
    this.#transcript?.add(chunk);
    const isTaken = this.#isAwaited || this.readers.size === 0 || this.isCollected;
    log.append(chunk, bytes);
    this.#owner.held(this.#flight, bytes);
    // Before `#collect`, which may end the flight because it is too large.
    if (isTaken) this.taken(log.length);
    if (this.isCollected) this.#collect(chunk);
    else this.#collected = null;
    log.giveNewest();
    if (log.length === 1) for (const reader of this.readers) reader.ending.opens();
    if (!this.#hasOutgrown && log.bytes > this.#settings.replayBytes) {
      this.#hasOutgrown = true;
      this.#owner.outgrown(this.#flight);
    }
    if (log.bytes - this.#lookedAt > Math.min(this.#settings.lagBytes / LOOKS_PER_LAG, LOOK_BYTES_MAX)) this.look();
  }

  /** Does anybody who is still here wait for the next chunk? */
  get #isAwaited(): boolean {
    if (!this.log.isAwaited || !this.#hasLeaver) return this.log.isAwaited;
    this.#hasLeaver = false;
    for (const reader of this.readers) if (reader.isWaiting) return true;
    return false;
  }

  #passSeam(from: string): void {
    this.#owner.seamed(this.#flight, { from, to: this.#target, chunk: this.log.length });
  }

  /** One more waiter wants all chunks. */
  wanted(): void {
    if (this.isCollected && this.#collected === null && this.log.length > 0) this.#fill();
  }

  #collect(chunk: unknown): void {
    if (this.#collected === null) return this.#fill();
    this.#collected.push(chunk);
    this.#judge();
  }

  /** From the log, which holds all chunks as long as anybody can join. */
  #fill(): void {
    this.#collected = this.log.slice(0);
    this.taken(this.log.length);
    this.#judge();
  }

  #judge(): void {
    if (!this.isValue && this.log.bytes > this.#resultBytes) this.#owner.overfilled(this.#flight);
  }

  /** All chunks, for callers of `request`. */
  get collected(): unknown[] {
    return this.#collected ?? [];
  }

  /** A reader has taken all chunks before `index`. The shard may send as much again: granted not for each chunk, but well before it runs out. */
  taken(index: number): void {
    if (index <= this.#front) return;
    this.#front = index;
    const bytes = this.log.bytesBefore(index);
    if (bytes <= this.#credited) return;
    const more = bytes - this.#credited;
    this.#credited = bytes;
    this.#owe(more);
  }

  #owe(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < CREDIT_BYTES / 2) return;
    const credit = this.#owed;
    this.#owed = 0;
    this.#owner.grant(this.#flight, credit);
  }

  /** A new shard flies it, with full credit. */
  relaunched(): void {
    this.#credited = this.log.bytes;
    this.#owed = 0;
  }

  /** A reader has joined. The first one sets the pace: without any, the stream ran on by itself. */
  joined(reader: Reader): void {
    this.readers.add(reader);
    if (this.readers.size === 1) this.paceAnew();
    else this.taken(Math.min(reader.cursor, this.log.length));
  }

  /** A waiter has left. The next fastest reader sets the pace; with none left, nobody does. */
  left(seat: Seat): void {
    const isReader = this.readers.delete(seat as Reader);
    this.#hasLeaver = true;
    // A reader behind another one did not set the pace; and ten thousand may leave at once.
    if (isReader && this.readers.size > 0 && (seat as Reader).cursor < this.#front) return;
    this.paceAnew();
  }

  /** Finds the fastest reader again, also when those who took everything for the value have gone: else the fastest reader left would be cut off for lagging behind them. */
  paceAnew(): void {
    const { log } = this;
    let front = this.readers.size === 0 || this.isCollected ? log.length : 0;
    // A reader that waits for a later place takes all that comes before it.
    for (const { cursor } of this.readers) {
      // Nobody is ahead of the former fastest.
      if (front >= this.#front) break;
      front = Math.max(front, Math.min(cursor, log.length));
    }
    this.#front = 0;
    // By `taken`, so that it is never ahead of the credit: else chunks that others then take would count as taken already, and upstream would get no more credit.
    this.taken(front);
  }

  /** Cuts off readers that lag too far behind the others and, once nobody can join any more, drops what all have read. */
  look(): void {
    const { log, readers } = this;
    this.#lookedAt = log.bytes;
    let least = log.length;
    for (const reader of readers) {
      const isFastest = reader.cursor >= this.#front;
      // What was there when a reader joined does not count as its lag.
      const lag = log.bytes - Math.max(reader.joinedAtBytes, log.bytesBefore(reader.cursor));
      if (!isFastest && lag > this.#settings.lagBytes) this.#owner.lagged(reader);
      else least = Math.min(least, reader.cursor);
    }
    // Chunks that are collected for a value are still held.
    if (this.#hasOutgrown && this.#collected === null) this.#owner.held(this.#flight, -log.trim(least));
  }
}
