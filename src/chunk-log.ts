/**
 * The chunks of one stream, append-only: late joiners read from the first, everybody at their own pace. It knows no readers, only who waits for the
 * next chunk, and is trimmed from its start.
 */

type Arrival = IteratorResult<unknown, undefined>;
const END: Arrival = Object.freeze({ done: true, value: undefined });

/** Told when what it waited for has come. */
export interface ArrivalReceiver {
  arrived(): void;
}

export class ChunkLog {
  readonly #chunks: unknown[] = [];
  /** Bytes of the whole stream up to the end of each kept chunk. */
  readonly #ends: number[] = [];
  /** How many chunks there have been. Written here only; a field, since every reader reads it at every chunk. */
  length = 0;
  #start = 0;
  #startBytes = 0;
  #bytes = 0;
  #state: 'open' | 'ended' | 'failed' = 'open';
  #error: unknown = undefined;
  /** One promise for all who wait for the next chunk and cannot leave meanwhile: one each would cost twice as much (150 ns instead of 75). */
  #arrival: Promise<Arrival> | null = null;
  #resolve: ((arrival: Arrival) => void) | null = null;
  #reject: ((error: unknown) => void) | null = null;
  #receivers = new Set<ArrivalReceiver>();

  /** Index of the first chunk that is kept. */
  get start(): number {
    return this.#start;
  }
  /** How many bytes there have been. */
  get bytes(): number {
    return this.#bytes;
  }
  get heldBytes(): number {
    return this.#bytes - this.#startBytes;
  }
  get state(): 'open' | 'ended' | 'failed' {
    return this.#state;
  }
  get error(): unknown {
    return this.#error;
  }
  /** Does anybody wait for the next chunk? */
  get isAwaited(): boolean {
    return this.#arrival !== null || this.#receivers.size > 0;
  }

  at(index: number): unknown {
    return this.#chunks[index - this.#start];
  }

  /** A new list of the chunks from `index` on. */
  slice(index: number): unknown[] {
    return this.#chunks.slice(index - this.#start);
  }

  /** Bytes before the chunk with this index. */
  bytesBefore(index: number): number {
    return index <= this.#start ? this.#startBytes : (this.#ends[Math.min(index, this.length) - this.#start - 1] as number);
  }

  /** Appends a chunk; `giveNewest` follows once the caller has counted it. */
  append(chunk: unknown, bytes: number): void {
    this.#chunks.push(chunk);
    this.length++;
    this.#ends.push((this.#bytes += bytes));
  }

  /** Gives the newest chunk to those who wait for it. */
  giveNewest(): void {
    const resolve = this.#resolve;
    if (resolve !== null) {
      this.#arrival = this.#resolve = this.#reject = null;
      resolve({ done: false, value: this.#chunks.at(-1) });
    }
    this.#wake();
  }

  end(): void {
    this.#state = 'ended';
    this.#resolve?.(END);
    this.#arrival = this.#resolve = this.#reject = null;
    this.#wake();
  }

  /** Nobody reads any more. A reader that left may have asked before: it gets the end, no error. */
  leave(): void {
    this.#state = 'ended';
    this.#resolve?.(END);
    this.#arrival = this.#resolve = this.#reject = null;
    this.#receivers.clear();
  }

  fail(error: unknown): void {
    this.#state = 'failed';
    this.#error = error;
    this.#reject?.(error);
    this.#arrival = this.#resolve = this.#reject = null;
    this.#wake();
  }

  /** The next chunk, or the end, or the failure: the same promise for all that ask before it comes. */
  arrival(): Promise<Arrival> {
    this.#arrival ??= new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    return this.#arrival;
  }

  /** Tells `receiver` once, at the next chunk or at the end. */
  await(receiver: ArrivalReceiver): void {
    this.#receivers.add(receiver);
  }

  /** The receiver has left, and waits for nothing. */
  forget(receiver: ArrivalReceiver): void {
    this.#receivers.delete(receiver);
  }

  #wake(): void {
    if (this.#receivers.size === 0) return;
    const receivers = this.#receivers;
    this.#receivers = new Set();
    for (const receiver of receivers) receiver.arrived();
  }

  /** Drops the chunks before `index`. Returns how many bytes that frees. */
  trim(index: number): number {
    const count = Math.min(index, this.length) - this.#start;
    if (count <= 0) return 0;
    const before = this.#startBytes;
    this.#startBytes = this.bytesBefore(index);
    this.#chunks.splice(0, count);
    this.#ends.splice(0, count);
    this.#start += count;
    return this.#startBytes - before;
  }
}
