/** How one reader ends, where in the stream and when; and who is told of that and of the first chunk. */
import type { Seam } from '../workers/environment.js';
import type { ChunkLog } from './chunk-log.js';

/** `fulfilled`: its flight settled with success, or it had read enough. */
export type ReaderEnd = { readonly status: 'fulfilled' } | { readonly status: 'rejected'; readonly reason: unknown };

export type Clock = Pick<Seam, 'now'>;

export class ReaderEnding {
  readonly #log: ChunkLog;
  readonly #clock: Clock;
  /** `null`: it still reads. */
  end: ReaderEnd | null = null;
  /** How many chunks there were then, and when that was. */
  chunks = 0;
  at = Number.NaN;
  #whenEnded: ((end: ReaderEnd) => void)[] = [];
  #whenOpened: (() => void)[] = [];

  constructor(log: ChunkLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Settles at the first chunk or the end; rejects with the reason why there will be none. */
  get opened(): Promise<void> {
    const { end } = this;
    if (this.#log.length > 0 || end?.status === 'fulfilled') return Promise.resolve();
    if (end !== null) return Promise.reject(end.reason);
    return new Promise((resolve, reject) => {
      this.#whenOpened.push(resolve);
      this.#whenEnded.push((its) => (its.status === 'fulfilled' ? resolve() : reject(its.reason)));
    });
  }

  /** Settles with its flight, or when it leaves. */
  get ended(): Promise<ReaderEnd> {
    if (this.end !== null) return Promise.resolve(this.end);
    return new Promise((resolve) => {
      this.#whenEnded.push(resolve);
    });
  }

  /** The stream's first chunk is here. */
  opens(): void {
    const told = this.#whenOpened;
    this.#whenOpened = [];
    for (const resolve of told) resolve();
  }

  ends(end: ReaderEnd): void {
    this.end = end;
    this.chunks = this.#log.length;
    this.at = this.#clock.now();
    const told = this.#whenEnded;
    this.#whenEnded = [];
    for (const settle of told) settle(end);
  }
}
