/** Upstream that streams: it says its text chunk by chunk, or breaks off, stops short, stalls, or says something else than the attempt before it. */
import type { SimLife } from './sim-life.js';
import type { StreamSwarm } from './stream-swarm.js';
import { fullText, newCallStream, type CallStream } from './stream-traces.js';
import { chunkOf, isEndOfText, otherFrom, piecesOf, splitText, textOf } from './stream-text.js';
import type { CallTrace } from './traces.js';
import { TargetError } from './verdict-on-errors.js';
import type { World } from './world.js';

/** What may become of a stream at one of its chunks. */
type Manner = 'whole' | 'fail' | 'answer' | 'retry' | 'cut' | 'stall' | 'differ' | 'slow' | 'refused' | 'throw';

const RETRY_MS_MAX = 30;
const never = (): Promise<never> => new Promise(() => undefined);
const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Where a stream is given. */
export interface Opening {
  readonly call: CallTrace;
  /** `null`: inline. */
  readonly life: SimLife | null;
  /** The library gets it in any case, and has to close it. */
  readonly isOwed: boolean;
}

/** A value among streams: to those who read, a stream of one chunk. */
export function spokenValue<Value>(call: CallTrace, value: Value): Value {
  const script = textOf(value);
  // Too late, nobody hears it.
  const isHeard = call.end === 'value';
  call.stream = { ...newCallStream(), script, said: isHeard ? script.length : 0, count: isHeard ? 1 : 0, isDone: true };
  return value;
}

/** The stream that a call returns. */
export function openStream(world: World, { call, life, isOwed }: Opening): AsyncIterable<unknown> {
  const streams = world.swarm.streams as StreamSwarm;
  const manner = mannerOf(world, call, streams);
  const { pieces, base } = scriptOf(world, call, manner);
  const text = pieces.join('');
  const plan = streams.kind === 'objects' ? pieces : cut(world, pieces, text);
  const stream: CallStream = { ...newCallStream(), base, script: base + text, isTaken: isOwed };
  call.stream = stream;
  const stopAt = manner === 'whole' || manner === 'differ' || manner === 'slow' ? Infinity : world.random.whole(0, plan.length);
  return new SpokenStream(world, { call, life, stream, plan, manner, stopAt });
}

function mannerOf({ random, witness, swarm }: World, { flight, life }: CallTrace, { breakRate, isProving, options }: StreamSwarm): Manner {
  const { faults } = swarm;
  // What a stray rejection leaves behind belongs to an answer: of an attempt that is known to be over nobody could tell.
  const isStray = swarm.poisons.get(flight.leader.payload) === 'stray';
  if (witness.isCalm || isStray || !random.chance(breakRate)) return 'whole';
  return random.weighted<Manner>({
    whole: 1,
    fail: 5,
    answer: faults.answers ? 1 : 0,
    retry: faults.retries ? 2 : 0,
    cut: isProving ? 4 : 0.5,
    stall: faults.silence ? 3 : 0,
    differ: options.midStream === 'verify' ? 1.5 : 0.5,
    slow: faults.slowness ? 2 : 0,
    refused: faults.refusals && (flight.leader.key !== null || life !== null) ? 0.5 : 0,
    throw: faults.throws ? 1 : 0,
  });
}

/** What is left to say after what was delivered. */
function scriptOf(
  { random, swarm, witness }: World,
  { flight, attempt, delivered }: CallTrace,
  manner: Manner,
): { pieces: string[]; base: string } {
  const whole = piecesOf(flight, swarm.streams as StreamSwarm);
  const told = (pieces: string[]): string[] => (manner === 'differ' ? otherFrom(pieces, random.whole(0, pieces.length), attempt) : pieces);
  if (delivered === null) return { base: '', pieces: told(whole) };
  const base = delivered;
  // What was delivered may be of an attempt that told it another way.
  const scripts = [whole.join(''), ...flight.calls.map(({ stream }) => stream?.script ?? '')];
  const script = scripts.find((each) => each.startsWith(base));
  witness.require(script !== undefined, 'I19', () => `flight ${flight.number} goes on from '${base}', which nobody has said`);
  return { base, pieces: told(splitText((script ?? base).slice(base.length))) };
}

/** Its chunks end where its pieces do, or anywhere. */
function cut({ random }: World, pieces: string[], text: string): string[] {
  if (random.chance(0.4)) return pieces;
  const most = Math.ceil((2 * text.length) / Math.max(1, pieces.length));
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = random.whole(1, most);
    chunks.push(text.slice(at, at + length));
    at += length;
  }
  return chunks;
}

interface Speech {
  readonly call: CallTrace;
  readonly life: SimLife | null;
  readonly stream: CallStream;
  readonly plan: readonly string[];
  readonly manner: Manner;
  /** Chunks after which it goes wrong. */
  readonly stopAt: number;
}

class SpokenStream implements AsyncIterable<unknown>, AsyncIterator<unknown> {
  readonly #world: World;
  readonly #speech: Speech;
  #at = 0;
  #last: unknown = undefined;

  constructor(world: World, speech: Speech) {
    this.#world = world;
    this.#speech = speech;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    this.#speech.stream.isTaken = true;
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    const { streamWatch, scheduler, random } = this.#world;
    const { call, stream, manner, stopAt } = this.#speech;
    // JavaScript runs on to the end of a turn in which its thread died; nothing of it is real.
    if (call.loop.isStopped || this.#mayDie()) return never();
    streamWatch.pulled(call, stream);
    // Upstream fills its buffer again as soon as it is asked for more.
    const { isProving, options, gapMsMax } = this.#streams;
    if (!isProving && this.#last instanceof Uint8Array) this.#last.fill(0);
    if (manner === 'stall' || manner === 'slow') this.#expectProgress();
    if (manner === 'throw' && this.#at === stopAt) return this.#fail('failover');
    const isSlow = manner === 'slow' && random.chance(0.4);
    const waitMs = isSlow ? random.between(0.3, 1.6) * options.idleTimeoutMs : random.chance(0.5) ? 0 : random.between(0, gapMsMax);
    if (waitMs === 0) return this.#settled();
    return new Promise((resolve, reject) => {
      scheduler.at(scheduler.now + waitMs, call.loop, () => void this.#settled().then(resolve, reject));
    });
  }

  return(): Promise<IteratorResult<unknown>> {
    const { streamWatch } = this.#world;
    const { call, stream } = this.#speech;
    if (!call.loop.isStopped) streamWatch.closed(call, stream);
    return Promise.resolve(END);
  }

  get #streams(): StreamSwarm {
    return this.#world.swarm.streams as StreamSwarm;
  }

  /** Where it may fall silent: its shard must notice. */
  #expectProgress(): void {
    const { scheduler, witness, machine, streamWatch } = this.#world;
    const { call, stream } = this.#speech;
    const { count } = stream;
    const { pausedMs } = call.loop;
    const dueMs = this.#streams.options.idleTimeoutMs + 3 * witness.slackMs;
    if (count > 0) scheduler.at(scheduler.now + dueMs, machine, () => streamWatch.silent(call, count, pausedMs));
  }

  /** Where credit may run out: nobody may be left waiting. */
  #expectPull(): void {
    const { scheduler, machine, streamWatch, swarm, front } = this.#world;
    const { call, stream } = this.#speech;
    const { count } = stream;
    const pausedMs = front.pausedMs + call.loop.pausedMs;
    const waitMs = 2 * (swarm.delayMsMax + swarm.deferMsMax) + 1;
    const isStill = (): boolean =>
      stream.count === count &&
      front.pausedMs + call.loop.pausedMs === pausedMs &&
      front.pausedUntil < scheduler.now &&
      streamWatch.isStarving(call);
    scheduler.at(scheduler.now + waitMs, machine, () => {
      if (!isStill()) return;
      scheduler.at(scheduler.now + waitMs, machine, () => {
        if (isStill()) streamWatch.starved(call);
      });
    });
  }

  #mayDie(): boolean {
    return this.#speech.life?.mayDie('chunk') === true;
  }

  #settled(): Promise<IteratorResult<unknown>> {
    const { call, stream } = this.#speech;
    if (this.#mayDie()) return never();
    // It was told to stop: what it still says is heard by nobody.
    if (stream.isClosed || call.loop.isStopped) return Promise.resolve(END);
    try {
      return this.#step();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #step(): Promise<IteratorResult<unknown>> {
    const { streamWatch, flightWatch } = this.#world;
    const { call, stream, plan, manner, stopAt } = this.#speech;
    if (this.#at === stopAt) {
      if (manner === 'stall') return never();
      if (manner === 'cut') return Promise.resolve(this.#end());
      if (manner !== 'refused') return this.#fail(manner === 'answer' || manner === 'retry' ? manner : 'failover');
      flightWatch.ended(call, 'refused');
      stream.isPulled = false;
      return Promise.resolve({ done: false, value: Object.assign(Object.create({}) as object, { next: () => undefined }) });
    }
    const text = plan[this.#at++];
    if (text === undefined) return Promise.resolve(this.#end());
    streamWatch.said(call, stream, text);
    if (this.#streams.paddingBytes > 0) this.#expectPull();
    this.#last = chunkOf(this.#streams.kind, text);
    return Promise.resolve({ done: false, value: this.#last });
  }

  #fail(verdict: 'failover' | 'answer' | 'retry'): never {
    const { flightWatch, random } = this.#world;
    const { call, stream } = this.#speech;
    const retryAfterMs = verdict === 'retry' && random.chance(0.3) ? random.between(1, RETRY_MS_MAX) : 0;
    stream.isDone = true;
    flightWatch.ended(call, verdict, retryAfterMs);
    throw new TargetError(call, verdict, retryAfterMs);
  }

  /** Whole, or cut: its target knows, if it looks. */
  #end(): IteratorResult<unknown> {
    const { flightWatch } = this.#world;
    const { call, stream } = this.#speech;
    const isWhole = !this.#streams.isProving || isEndOfText(fullText(stream));
    stream.isDone = true;
    stream.isPulled = false;
    flightWatch.ended(call, isWhole ? 'value' : 'failover');
    return END;
  }
}
