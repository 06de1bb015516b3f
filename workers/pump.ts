/**
 * Reads the stream of one attempt: pulls while there is credit (backpressure), one chunk at a time, and reports what comes. It knows neither readers
 * nor flights, and never waits for a reader: without credit it simply does not pull.
 */
import { asPromise, listen } from './call-target.js';
import { inOwnContext, thisContext } from './clean-context.js';
import { keepShape } from './lasting-shape.js';
import { closeStream, iteratorSource, type StreamSource } from './stream-source.js';

/** Told what a stream gives, always later than `start` and `grant` return. Nothing more after `ended`, `broke` or `stop`. */
export interface PumpReceiver {
  /** Returns what the chunk takes of the credit. */
  chunk(value: unknown): number;
  ended(): void;
  broke(error: unknown): void;
  /** Around every call into the user's iterator; see `SharedMemory.enter`. */
  entered(): void;
  left(): void;
  /** Calls back in another turn of the loop. */
  rest(goOn: () => void): void;
}

/**
 * After so many chunks the loop gets its turn: a stream whose next chunk is always there already would hold it for ever, and nobody's time would be up.
 * It adds some 2 ns to each chunk.
 */
const CHUNKS_A_TURN = 1_024;

/** Is this a stream? A value that throws when it is read is none: it throws again later, with a better error. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function';
  } catch {
    return false;
  }
}

/** Ends a stream that nobody will read. */
export function closeUnread(stream: AsyncIterable<unknown>): void {
  inOwnContext(closeStream, stream);
}

const letGo = (source: StreamSource): Promise<unknown> | null => source.letGo();

export class Pump {
  /** Chunks it has given. */
  count = 0;
  readonly #receiver: PumpReceiver;
  readonly #source: StreamSource;
  /** Credit is given from readers' contexts, and the stream's code must not see them. */
  readonly #inContext = thisContext();
  #credit: number;
  #isPulling = false;
  #isResting = false;
  #isOver = false;

  constructor(source: StreamSource, credit: number, receiver: PumpReceiver) {
    this.#receiver = receiver;
    this.#source = source;
    this.#credit = credit;
  }

  /** Bytes that may still be given. */
  get credit(): number {
    return this.#credit;
  }
  /** Does it wait for the stream, and not for credit? */
  get isPulling(): boolean {
    return this.#isPulling;
  }

  grant(credit: number): void {
    this.#credit += credit;
    if (!this.#isPulling) this.#inContext(() => this.pull());
  }

  /** Nobody wants more: closes the stream, and drops what still comes. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    inOwnContext(letGo, this.#source);
  }

  /** Asks for the next chunk, if there is credit for it. */
  pull(): void {
    if (this.#isPulling || this.#isResting || this.#isOver || this.#credit <= 0) return;
    this.#isPulling = true;
    let result: Promise<unknown>;
    this.#receiver.entered();
    try {
      result = asPromise(this.#source.next());
    } catch (error) {
      result = Promise.reject(error);
    }
    this.#receiver.left();
    void listen(result, this.#took, this.#threw);
  }

  readonly #took = (result: unknown): void => {
    this.#isPulling = false;
    if (this.#isOver) return;
    let isDone: unknown;
    let value: unknown;
    try {
      // As `for await` does: a number has no `done`, so it would give chunks for ever.
      if (typeof result !== 'object' || result === null) throw new TypeError(`a stream gave ${String(result)} instead of a result`);
      ({ done: isDone, value } = result as IteratorResult<unknown>);
    } catch (error) {
      return this.#threw(error);
    }
    if (isDone === true) {
      this.#isOver = true;
      this.#source.over();
      return this.#receiver.ended();
    }
    this.count++;
    this.#isResting = this.count % CHUNKS_A_TURN === 0;
    // Readers that take the chunk at once grant credit during this call: the rest is read afterwards.
    const cost = this.#receiver.chunk(value);
    this.#credit -= cost;
    if (this.#isResting) this.#receiver.rest(this.#goOn);
    else this.pull();
  };

  readonly #goOn = (): void => {
    this.#isResting = false;
    this.#inContext(() => this.pull());
  };

  readonly #threw = (error: unknown): void => {
    this.#isPulling = false;
    if (this.#isOver) return;
    this.#isOver = true;
    this.#source.over();
    this.#receiver.broke(error);
  };
}

// With no stream: to check its kind loads all of Node's streams, 3 ms of everybody's start-up.
keepShape(() => new Pump(iteratorSource({} as AsyncIterator<unknown>, null), 0, {} as PumpReceiver));
