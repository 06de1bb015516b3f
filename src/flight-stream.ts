/** One waiter's view of a shared stream: an async iterable with its own place in the flight's one stream. */
import { keepShape } from '../workers/lasting-shape.js';
import type { Outcome } from './reports.js';

/** One waiter's view of a shared stream. It has joined when it is returned: read it to the end or dispose of it, else it counts as lagging. */
export interface FlightStream<C> extends AsyncIterable<C>, AsyncDisposable {
  /** Name of the flight that it reads (`chats#12`), to be given with `from`. Unique within its coalescer: other coalescers of that name, and other processes, have flights of the same names. Empty if the request was refused. */
  readonly flight: string;
  /** Settles at the first chunk (or at the end, if there is none), or rejects with the failure: decide the HTTP status here. Made when first read. */
  readonly opened: Promise<void>;
  /** Index of the next chunk. */
  readonly cursor: number;
  /** All chunks that are there, at once: one write for a backlog instead of hundreds. Shares its position with the stream itself. */
  batches(): AsyncIterable<readonly C[]>;
  /** How it ended: settles when the flight has settled or this waiter has left, and never rejects. The value is how many chunks the stream had by then. */
  readonly outcome: Promise<Outcome<number>>;
}

/** What a `SharedStream` reads from. */
export interface ChunkSource {
  readonly flightId: string;
  readonly cursor: number;
  readonly opened: Promise<void>;
  take(): Promise<IteratorResult<unknown, undefined>>;
  takeAll(): Promise<IteratorResult<readonly unknown[], undefined>>;
  quit(): void;
}

export class SharedStream implements FlightStream<unknown> {
  readonly #source: ChunkSource;
  readonly #makeOutcome: () => Promise<Outcome<number>>;
  /** Made when first read. */
  #opened: Promise<void> | null = null;
  #outcome: Promise<Outcome<number>> | null = null;

  constructor(source: ChunkSource, outcome: () => Promise<Outcome<number>>) {
    this.#source = source;
    this.#makeOutcome = outcome;
  }

  get flight(): string {
    return this.#source.flightId;
  }
  get opened(): Promise<void> {
    return (this.#opened ??= this.#source.opened);
  }
  get cursor(): number {
    return this.#source.cursor;
  }
  get outcome(): Promise<Outcome<number>> {
    return (this.#outcome ??= this.#makeOutcome());
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined> {
    const source = this.#source;
    return new ChunkIterator(() => source.take(), source);
  }

  batches(): AsyncIterable<readonly unknown[]> {
    const source = this.#source;
    return { [Symbol.asyncIterator]: () => new ChunkIterator(() => source.takeAll(), source) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#source.quit();
    return Promise.resolve();
  }
}

/** Our own object: an async generator would cost three times as much per chunk. */
class ChunkIterator<Given> implements AsyncIterator<Given, undefined> {
  readonly next: () => Promise<IteratorResult<Given, undefined>>;
  readonly #source: ChunkSource;

  constructor(next: () => Promise<IteratorResult<Given, undefined>>, source: ChunkSource) {
    this.next = next;
    this.#source = source;
  }

  /** The reader broke out of its loop: it leaves like any waiter. */
  return(): Promise<IteratorResult<Given, undefined>> {
    this.#source.quit();
    return Promise.resolve({ done: true, value: undefined });
  }
}

/** For a refused request: there is no stream, and reading rejects with the reason. */
export function refusedSource(reason: unknown): ChunkSource {
  let hasThrown = false;
  const refuse = (): Promise<IteratorResult<never, undefined>> => {
    if (hasThrown) return Promise.resolve({ done: true, value: undefined });
    hasThrown = true;
    return Promise.reject(reason);
  };
  return {
    flightId: '',
    cursor: 0,
    get opened() {
      return Promise.reject(reason);
    },
    take: refuse,
    takeAll: refuse,
    quit() {
      hasThrown = true;
    },
  };
}

const model = new SharedStream(refusedSource(null), () => Promise.reject());
keepShape(() => model);
keepShape(() => model[Symbol.asyncIterator]());
