/**
 * One flight's stream, as its front holds it: the log, who reads it and how far, what the shard may still send, and the seams where another target
 * went on. It decides about chunks; who waits, leaves and is told is `Waiters`' and `Front`'s.
 */
import { CREDIT_BYTES } from '../workers/protocol.js';
import { ChunkLog } from './chunk-log.js';
import type { Flight } from './flight.js';
import type { Reader } from './reader.js';
import { ReplayCheck, Transcript } from './replay-check.js';
import type { SeamReport } from './reports.js';
import type { StreamSettings } from './stream-options.js';
import type { Seat } from './waiter.js';

/** Who lags, and what all have read, is looked for each time that an eighth of `lagBytes` has come, at most this. */
const LOOKS_PER_LAG = 8;
const LOOK_BYTES_MAX = 131_072;

/** Told what a stream asks for. */
export interface StreamOwner {
  /** So much more may come. */
  grant(flight: Flight, credit: number): void;
  /** It holds so many bytes more, or fewer. */
  held(flight: Flight, change: number): void;
  /** Too much to be kept for those who come late: nobody can join any more. */
  outgrown(flight: Flight): void;
  /** Has read too little for too long, while others went on. */
  lagged(reader: Reader): void;
  seamed(flight: Flight, seam: SeamReport): void;
  /** The values of `request` are larger than one value may be. */
  overfilled(flight: Flight): void;
}

export class Stream {
  readonly log = new ChunkLog();
  readonly readers = new Set<Reader>();
  /** Its one chunk is the value of a target that does not stream: its size was judged with it, and is the same whoever reads. */
  isValue = false;
  readonly #flight: Flight;
  readonly #settings: StreamSettings;
  readonly #resultBytes: number;
  readonly #owner: StreamOwner;
  /** What was said, where the next target is compared with it. */
  readonly #transcript: Transcript | null;
  #check: ReplayCheck | null = null;
  /** All chunks, for those who asked with `request`. */
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
  /** Somebody has left who may have waited for the next chunk. */
  #hasLeaver = false;

  constructor(flight: Flight, settings: StreamSettings, resultBytes: number, owner: StreamOwner) {
    this.#flight = flight;
    this.#settings = settings;
    this.#resultBytes = resultBytes;
    this.#owner = owner;
    this.#transcript = settings.midStream === 'verify' ? new Transcript() : null;
  }

  /** Which target gives chunks now. */
  get target(): string {
    return this.#target;
  }
  /** Does anybody want the whole of it? */
  get isCollected(): boolean {
    return this.#flight.waiting > this.readers.size;
  }
  /** What was delivered, as long as all of it is kept and small enough to be handed on. */
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
    // What is thrown away is nobody's backlog.
    const rest = compared.is === 'through' ? compared.rest : undefined;
    if (rest === undefined) this.#owe(bytes);
    else this.#append(rest, bytes);
    return true;
  }

  /** Has all that was delivered been said again, or gone on from, by the attempt that says it is complete? */
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
    // Before those who collect, who may be too many bytes to stay.
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

  /** Does anybody wait for the next chunk who is still here? */
  get #isAwaited(): boolean {
    if (!this.log.isAwaited || !this.#hasLeaver) return this.log.isAwaited;
    this.#hasLeaver = false;
    for (const reader of this.readers) if (reader.isWaiting) return true;
    return false;
  }

  #passSeam(from: string): void {
    this.#owner.seamed(this.#flight, { from, to: this.#target, chunk: this.log.length });
  }

  /** One more of those who want the whole of it. */
  wanted(): void {
    if (this.isCollected && this.#collected === null && this.log.length > 0) this.#fill();
  }

  #collect(chunk: unknown): void {
    if (this.#collected === null) return this.#fill();
    this.#collected.push(chunk);
    this.#judge();
  }

  /** From the log, which holds all of it as long as anybody can join. */
  #fill(): void {
    this.#collected = this.log.slice(0);
    this.taken(this.log.length);
    this.#judge();
  }

  #judge(): void {
    if (!this.isValue && this.log.bytes > this.#resultBytes) this.#owner.overfilled(this.#flight);
  }

  /** All chunks, for those who asked with `request`. */
  get collected(): unknown[] {
    return this.#collected ?? [];
  }

  /** A reader has taken all chunks before `index`. The shard may send as much again; not for each chunk, but well before it runs out. */
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

  /** A new shard flies it, with all its credit. */
  relaunched(): void {
    this.#credited = this.log.bytes;
    this.#owed = 0;
  }

  /** One more that reads. The first one sets the pace: without any, the stream has run on by itself. */
  joined(reader: Reader): void {
    this.readers.add(reader);
    if (this.readers.size === 1) this.paceAnew();
    else this.taken(Math.min(reader.cursor, this.log.length));
  }

  /** Somebody is gone. The next fastest sets the pace; with none left, nobody does. */
  left(seat: Seat): void {
    const isReader = this.readers.delete(seat as Reader);
    this.#hasLeaver = true;
    // One that was behind another has set no pace; and ten thousand may leave at once.
    if (isReader && this.readers.size > 0 && (seat as Reader).cursor < this.#front) return;
    this.paceAnew();
  }

  /** Also where those who wanted the value, and took all there was, wait no more: else the fastest who is left would be cut off for being behind them. */
  paceAnew(): void {
    const { log } = this;
    let front = this.readers.size === 0 || this.isCollected ? log.length : 0;
    // One that waits for a place further on takes all that comes before it.
    for (const { cursor } of this.readers) {
      // Nobody is further than the fastest was.
      if (front >= this.#front) break;
      front = Math.max(front, Math.min(cursor, log.length));
    }
    this.#front = 0;
    // Never ahead of the credit: what others then take would count as taken already, and upstream be asked for no more.
    this.taken(front);
  }

  /** Who lags too far behind the others is cut off, and what all have read is let go, once nobody can join any more. */
  look(): void {
    const { log, readers } = this;
    this.#lookedAt = log.bytes;
    let least = log.length;
    for (const reader of readers) {
      const isFastest = reader.cursor >= this.#front;
      // A late joiner's way to where the stream was when it came is no lag.
      const lag = log.bytes - Math.max(reader.joinedAtBytes, log.bytesBefore(reader.cursor));
      if (!isFastest && lag > this.#settings.lagBytes) this.#owner.lagged(reader);
      else least = Math.min(least, reader.cursor);
    }
    // What is kept for those who want the whole is still held.
    if (this.#hasOutgrown && this.#collected === null) this.#owner.held(this.#flight, -log.trim(least));
  }
}
