/**
 * One that reads a flight's stream: a waiter with a place in the log. It gives chunks as they are asked for, at its own pace, and waits for nobody but
 * the stream.
 */
import { keepShape } from '../workers/lasting-shape.js';
import type { Flight } from './flight.js';
import { type ReaderEnd, ReaderEnding } from './reader-end.js';
import type { ReaderSetup } from './reader-setup.js';
import type { StreamSettings } from './stream-options.js';
import { type StreamOwner, Stream } from './stream.js';
import { Turns } from './turns.js';
import { type LeaveReason, Seat } from './waiter.js';

type Result<Given> = Promise<IteratorResult<Given, undefined>>;
const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

export class Reader extends Seat {
  readonly wantsValue = false;
  readonly stream: Stream;
  readonly ending: ReaderEnding;
  /** Where the stream was when it came. */
  readonly joinedAtBytes: number;
  readonly #isApart: boolean;
  readonly #isCopied: boolean;
  readonly #failures: ReaderSetup['failures'];
  /** Index of the next chunk to give. */
  #at: number;
  /** The chunk at `#at` was promised by the log to all who wait for it. */
  #isPromised = false;
  /** Its own promise, where it waits by one. */
  #pending: { readonly resolve: (result: IteratorResult<unknown, undefined>) => void; readonly reject: (error: unknown) => void } | null =
    null;
  readonly #turns = new Turns();
  /** Why it can be given no more: there is no copy of a chunk. */
  #unable: ReaderEnd | null = null;
  #hasLeft = false;
  #hasThrown = false;

  constructor({ flight, stream, signal, isLeader, isApart, isCopied, failures, from, receiver, clock }: ReaderSetup) {
    super(flight, signal, receiver);
    this.isLeader = isLeader;
    this.stream = stream;
    this.ending = new ReaderEnding(stream.log, clock);
    this.joinedAtBytes = stream.log.bytes;
    this.#isApart = isApart || isCopied;
    this.#isCopied = isCopied;
    this.#failures = failures;
    this.#at = from;
    stream.joined(this);
  }

  /** Index of the next chunk. */
  get cursor(): number {
    return this.#isPromised && this.stream.log.length > this.#at ? this.#at + 1 : this.#at;
  }

  /** Has it asked for a chunk that is still to come? */
  get isWaiting(): boolean {
    return this.#pending !== null || (this.#isPromised && this.stream.log.length === this.#at);
  }

  get opened(): Promise<void> {
    return this.ending.opened;
  }
  get flightId(): string {
    return this.flight.id;
  }

  /** One chunk. The way of almost every call comes first: 20 to 40 ns of the 75 that a `for await` costs by itself. */
  take(): Result<unknown> {
    const { log } = this.stream;
    if (!this.#isApart && !this.#hasLeft && this.#pending === null && !this.#turns.isBusy && log.state === 'open') {
      if (this.#isPromised && log.length > this.#at) {
        this.#isPromised = false;
        this.#at++;
      }
      if (!this.#isPromised && log.length === this.#at) {
        this.#isPromised = true;
        return log.arrival();
      }
    }
    return this.#inTurn(() => this.#take());
  }

  /** All chunks there are, at least one. */
  takeAll(): Result<readonly unknown[]> {
    const takeAll = async (): Result<readonly unknown[]> => {
      const first = await this.#take();
      return first.done === true ? first : { done: false, value: [first.value, ...this.#rest()] };
    };
    return this.#mustQueue ? this.#afterOthers(takeAll) : this.#turns.ask(takeAll());
  }

  /** It has read enough. */
  quit(): void {
    this.#hasThrown = true;
    if (this.ending.end === null) return this.leave('enough');
    this.#hasLeft = true;
    this.stream.readers.delete(this);
  }

  resolve(): void {
    this.ending.ends(this.#endOfLog() ?? { status: 'fulfilled' });
  }
  reject(reason: unknown): void {
    this.ending.ends({ status: 'rejected', reason });
  }
  /** What it has not read by now it does not get. */
  left(reason: unknown, why: LeaveReason): void {
    this.#hasLeft = true;
    this.ending.ends(this.#unable ?? (why === 'enough' ? { status: 'fulfilled' } : { status: 'rejected', reason }));
    this.arrived();
    this.stream.log.forget(this);
  }

  /** Is an earlier question still open? Then this one waits for it: chunks come in their order. */
  get #mustQueue(): boolean {
    const { log } = this.stream;
    return this.#turns.isBusy || this.#pending !== null || (this.#isPromised && log.length === this.#at && log.state === 'open');
  }

  #inTurn<Given>(take: () => Result<Given>): Result<Given> {
    if (this.#mustQueue) return this.#afterOthers(take);
    const result = take();
    // Here, and not in `#take`: one that had to wait for others is not the last that was asked for.
    if (this.#pending !== null) this.#turns.isLast(result);
    return result;
  }

  #afterOthers<Given>(take: () => Result<Given>): Result<Given> {
    // What the log has promised to all is what it still promises.
    return this.#turns.after(this.#isPromised ? () => this.stream.log.arrival() : null, take);
  }

  #take(): Result<unknown> {
    const { stream } = this;
    const { log } = stream;
    if (this.#isPromised) {
      this.#isPromised = false;
      if (log.length > this.#at) this.#at++;
      else this.#hasThrown ||= log.state === 'failed';
    }
    if (!this.#hasLeft && log.length > this.#at) {
      try {
        return Promise.resolve({ done: false, value: this.#give() });
      } catch {
        return this.#finish();
      }
    }
    if (this.#hasLeft || log.state !== 'open') return this.#finish();
    // One that takes up further on has taken what comes before its place: whoever stands still there does not keep upstream from being asked for more.
    stream.taken(log.length);
    if (!this.#isApart && log.length === this.#at) {
      this.#isPromised = true;
      return log.arrival();
    }
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      log.await(this);
    });
  }

  /** Of those that wait by a promise of their own: something has come, or it has left. */
  arrived(): void {
    const { log } = this.stream;
    const pending = this.#pending;
    if (pending === null) return;
    // From a place that the stream has not come to yet.
    if (!this.#hasLeft && log.length <= this.#at && log.state === 'open') return log.await(this);
    this.#pending = null;
    if (this.#hasLeft || log.length <= this.#at) return void this.#finish().then(pending.resolve, pending.reject);
    try {
      pending.resolve({ done: false, value: this.#give() });
    } catch {
      this.#finish().then(pending.resolve, pending.reject);
    }
  }

  /** @throws where there is no copy for it: then it is gone, with that as its end */
  #give(): unknown {
    const { stream } = this;
    const chunk = stream.log.at(this.#at);
    const given = this.#isCopied ? this.#copyOf(chunk) : chunk;
    this.#at++;
    stream.taken(this.#at);
    return given;
  }

  #copyOf(chunk: unknown): unknown {
    try {
      return this.#failures.copy(this.flight, chunk);
    } catch (reason) {
      // A loop that is thrown at does not say that it leaves, and nobody else would read on for it.
      this.#unable = { status: 'rejected', reason };
      if (this.ending.end === null) this.leave('enough');
      this.#hasLeft = true;
      this.ending.end = this.#unable;
      throw reason;
    }
  }

  #rest(): unknown[] {
    const { log } = this.stream;
    if (this.#isPromised && log.length > this.#at) {
      this.#isPromised = false;
      this.#at++;
    }
    const rest: unknown[] = [];
    try {
      while (!this.#hasLeft && log.length > this.#at) rest.push(this.#give());
    } catch {
      // What there is comes first; who asks next is told.
    }
    return rest;
  }

  /** What the log's end is for it, where it is no good one. Nothing is complete for who waits for a chunk that never came. */
  #endOfLog(): ReaderEnd | null {
    const { log } = this.stream;
    if (log.state === 'failed') return { status: 'rejected', reason: log.error };
    if (log.state === 'ended' && this.#at > log.length)
      this.#unable ??= { status: 'rejected', reason: this.#failures.beyond(this.flight, this.#at) };
    return this.#unable;
  }

  /** It has read all that there is for it: its end, told once. */
  #finish(): Result<never> {
    // The log is told of a flight's end before its waiters are.
    const end = this.ending.end ?? this.#endOfLog();
    if (end?.status !== 'rejected' || this.#hasThrown) return Promise.resolve(END);
    this.#hasThrown = true;
    return Promise.reject(end.reason);
  }
}

// With it the shapes of its stream, the stream's log, and how it ends.
keepShape(() => {
  const flight = { firstWaiter: null } as Flight;
  const stream = new Stream(flight, { midStream: 'fail' } as StreamSettings, 0, {} as StreamOwner);
  const plain = { signal: null, isLeader: false, isApart: false, isCopied: false, from: 0, clock: { now: () => 0 } };
  return new Reader({ flight, stream, ...plain } as unknown as ReaderSetup);
});
