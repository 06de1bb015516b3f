// What stream tests begin with: targets whose streams the test feeds chunk by chunk, under virtual time.
import { createCoalescer, type CoalescerOptions, type StreamsOption, type TargetSpec } from '../../src/index.js';
import { countedEnvironment, type CountedEnvironment } from '../inline/stage.js';

/** One call of a target that streams: the test gives what it gives. */
export interface Feed {
  readonly payload: string;
  readonly signal: AbortSignal;
  /** What `resume` was asked to go on from; `null`: it was `run`. */
  readonly delivered: readonly unknown[] | null;
  /** Times that the next chunk was asked for. */
  pulls: number;
  /** Chunks that were given. */
  given: number;
  isClosed: boolean;
  give(...chunks: readonly unknown[]): void;
  end(): void;
  fail(error: unknown): void;
}

class Fed implements Feed, AsyncIterableIterator<unknown> {
  readonly payload: string;
  readonly signal: AbortSignal;
  readonly delivered: readonly unknown[] | null;
  pulls = 0;
  given = 0;
  isClosed = false;
  readonly #untaken: (() => IteratorResult<unknown>)[] = [];
  #waiting: ((take: () => IteratorResult<unknown>) => void) | null = null;

  constructor(payload: string, signal: AbortSignal, delivered: readonly unknown[] | null) {
    this.payload = payload;
    this.signal = signal;
    this.delivered = delivered;
  }

  #tell(take: () => IteratorResult<unknown>): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#untaken.push(take);
    else waiting(take);
  }
  give(...chunks: readonly unknown[]): void {
    this.given += chunks.length;
    for (const value of chunks) this.#tell(() => ({ done: false, value }));
  }
  end(): void {
    this.#tell(() => ({ done: true, value: undefined }));
  }
  fail(error: unknown): void {
    this.#tell(() => {
      throw error;
    });
  }

  async next(): Promise<IteratorResult<unknown>> {
    this.pulls++;
    const untaken = this.#untaken.shift();
    if (untaken !== undefined) return untaken();
    const take = await new Promise<() => IteratorResult<unknown>>((resolve) => {
      this.#waiting = resolve;
    });
    return take();
  }
  return(): Promise<IteratorResult<unknown>> {
    this.isClosed = true;
    return Promise.resolve({ done: true, value: undefined });
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
}

export interface FedTarget {
  readonly spec: TargetSpec<string, AsyncIterable<unknown>>;
  readonly calls: Feed[];
}

/** A target that streams what the test feeds. `habits`: further settings of it. */
export function fedTarget(habits: Partial<TargetSpec<string, AsyncIterable<unknown>>> = {}): FedTarget {
  const calls: Feed[] = [];
  const feed = (payload: string, signal: AbortSignal, delivered: readonly unknown[] | null): Fed => {
    const fed = new Fed(payload, signal, delivered);
    calls.push(fed);
    return fed;
  };
  const spec = { run: (payload: string, { signal }: { readonly signal: AbortSignal }) => feed(payload, signal, null), ...habits };
  return { spec, calls };
}

/** One that can go on from what was delivered. */
export function resumableTarget(habits: Partial<TargetSpec<string, AsyncIterable<unknown>>> = {}): FedTarget {
  const target = fedTarget();
  const { calls } = target;
  const resume: NonNullable<TargetSpec<string, AsyncIterable<unknown>>['resume']> = (payload, delivered, { signal }) => {
    const fed = new Fed(payload, signal, delivered);
    calls.push(fed);
    return fed;
  };
  return { calls, spec: { ...target.spec, resume, ...habits } };
}

export interface StreamStage {
  readonly environment: CountedEnvironment;
  readonly coalescer: ReturnType<typeof make>;
  readonly calls: () => number;
  readonly settled: () => Promise<void>;
}

type StreamStageOptions = Partial<CoalescerOptions<string, unknown, 'public', 'readonly' | 'copy' | 'frozen' | 'same'>>;

function make(targets: Record<string, FedTarget['spec']>, options: StreamStageOptions, environment: CountedEnvironment) {
  return createCoalescer({ scope: 'public', environment, breaker: false, streams: {}, ...options, targets });
}

export function openStreams(targets: Readonly<Record<string, FedTarget>>, options: StreamStageOptions = {}): StreamStage {
  const environment = countedEnvironment();
  const specs = Object.fromEntries(Object.entries(targets).map(([name, { spec }]) => [name, spec]));
  return {
    environment,
    coalescer: make(specs, options, environment),
    calls: () => Object.values(targets).reduce((sum, { calls }) => sum + calls.length, 0),
    settled: () => environment.advance(0),
  };
}

/** What one reader has got so far, and how it ended. */
export interface Reading {
  readonly chunks: unknown[];
  state: 'reading' | 'ended' | 'failed';
  error: unknown;
}

export function readAll(stream: AsyncIterable<unknown>): Reading {
  const reading: Reading = { chunks: [], state: 'reading', error: undefined };
  void (async () => {
    try {
      for await (const chunk of stream) reading.chunks.push(chunk);
      reading.state = 'ended';
    } catch (error) {
      reading.error = error;
      reading.state = 'failed';
    }
  })();
  return reading;
}

/** Turns of the event loop, for what takes several promises to arrive. */
export async function turns(settled: () => Promise<void>, count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await settled();
}

export const KB = 'x'.repeat(1_000);

/** Gives a kilobyte as often as it is asked for, at most `most` times. Returns how often. */
export async function feedWhileAsked(feed: Feed, most: number, settled: () => Promise<void>): Promise<number> {
  const before = feed.given;
  while (feed.given - before < most && feed.pulls > feed.given) {
    feed.give(KB);
    await settled();
  }
  return feed.given - before;
}

export const codeOfReading = ({ state, error }: Reading): unknown => (state === 'failed' ? (error as { code?: unknown }).code : state);
export const streamOptions = (streams: StreamsOption): { readonly streams: StreamsOption } => ({ streams });
