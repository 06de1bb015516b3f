/** Those who read, each in a way of its own: at once or slowly, one chunk or all there are, several questions at a time, not to the end. */
import type { FlightStream as SharedStream } from '../../src/flight-stream.js';
import type { ReaderTrace } from './stream-traces.js';
import { textOf } from './stream-text.js';
import type { RequestTrace } from './traces.js';
import type { World } from './world.js';

interface Habits {
  /** All chunks there are at a time. */
  readonly isBatched: boolean;
  readonly delayMs: number;
  /** Questions in the air at once. */
  readonly questions: number;
  /** Chunks after which it has read enough, or stands still. */
  readonly enoughAt: number;
  readonly stallAt: number;
  /** Does one that stands still read the rest when its flight is over? */
  readonly readsRest: boolean;
}

export class ReaderDriver {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Reads, from now on or a little later. */
  read(request: RequestTrace, reader: ReaderTrace, stream: SharedStream<unknown>): void {
    const { random } = this.#world;
    const habits = this.#habits();
    const reading = new Reading(this.#world, { request, reader, stream, habits });
    reader.takesAll = habits.isBatched;
    if (random.chance(0.3)) this.#watchOpening(request, stream);
    if (random.chance(0.75)) reading.go();
    else reading.goIn(random.between(0, 40));
  }

  #habits(): Habits {
    const { random } = this.#world;
    const isOf = (share: number, most: number): number => (random.chance(share) ? random.whole(0, most) : Infinity);
    return {
      isBatched: random.chance(0.2),
      delayMs: random.pick([0, 0, 0, random.between(0, 4), random.between(0, 25)]),
      questions: random.chance(0.15) ? random.whole(2, 4) : 1,
      enoughAt: isOf(0.12, 10),
      stallAt: isOf(0.12, 6),
      readsRest: random.chance(0.5),
    };
  }

  #watchOpening(request: RequestTrace, stream: SharedStream<unknown>): void {
    const { witness } = this.#world;
    const must = (holds: boolean, what: string): void =>
      witness.require(holds, 'opened', () => `reader ${request.number} was told that its stream ${what}`);
    stream.opened.then(
      () =>
        must(
          (request.flight?.stream?.ends.length ?? 0) > 0 || request.flight?.end?.isValue === true || request.reader?.left === 'enough',
          'opened',
        ),
      // One that left before it came is told when it may be there already: the value of a flight that others, or nobody, still waited for.
      () => must(request.reader?.chunksWhenLeft === 0 || (request.flight?.stream?.ends.length ?? 0) === 0, 'has no first chunk'),
    );
  }
}

interface ReadingSetup {
  readonly request: RequestTrace;
  readonly reader: ReaderTrace;
  readonly stream: SharedStream<unknown>;
  readonly habits: Habits;
}

/** One reader's way through its stream. */
class Reading {
  readonly #world: World;
  readonly #setup: ReadingSetup;
  readonly #iterator: AsyncIterator<unknown>;
  /** Questions in the air. */
  #asked = 0;
  #next: number;

  constructor(world: World, setup: ReadingSetup) {
    const { stream, habits, reader } = setup;
    this.#world = world;
    this.#setup = setup;
    this.#next = reader.from;
    this.#iterator = (habits.isBatched ? stream.batches() : stream)[Symbol.asyncIterator]();
  }

  goIn(ms: number): void {
    const { scheduler, front } = this.#world;
    scheduler.at(scheduler.now + ms, front, () => this.go());
  }

  /** Asks for as much as it asks for at once. */
  go(): void {
    const { reader, habits } = this.#setup;
    const { questions, isBatched, stallAt, enoughAt } = habits;
    if (reader.end !== null || reader.hasStopped) return;
    if (reader.chunks.length >= enoughAt) return this.#quit();
    if (reader.chunks.length >= stallAt) return this.#stall();
    while (this.#asked < (isBatched ? 1 : questions) && reader.end === null) this.#ask();
  }

  #ask(): void {
    const { readerWatch } = this.#world;
    const { request, reader, habits } = this.#setup;
    const index = this.#next;
    this.#asked++;
    if (!habits.isBatched) this.#next++;
    readerWatch.asking(request, reader, index + 1);
    this.#iterator.next().then(
      ({ done = false, value }) => this.#answered(index, done, value),
      (error: unknown) => this.#failed(error),
    );
  }

  #answered(index: number, isDone: boolean, value: unknown): void {
    const { readerWatch } = this.#world;
    const { request, reader, habits } = this.#setup;
    this.#asked--;
    if (isDone) {
      // Of several questions each is told.
      if (reader.end === null) readerWatch.done(request, reader);
      return;
    }
    const given = habits.isBatched ? (value as readonly unknown[]) : [value];
    if (habits.isBatched) {
      this.#next += given.length;
      readerWatch.asking(request, reader, this.#next);
    }
    for (const [at, chunk] of given.entries()) this.#got(index + at, chunk);
    if (habits.delayMs === 0) this.go();
    else this.goIn(habits.delayMs);
  }

  #got(index: number, chunk: unknown): void {
    const { readerWatch, witness } = this.#world;
    const { request, reader } = this.#setup;
    const { share } = witness.swarm.options;
    readerWatch.got(request, reader, index, textOf(chunk));
    if (typeof chunk !== 'object' || chunk === null) return;
    if (share === 'frozen' && !ArrayBuffer.isView(chunk))
      witness.require(Object.isFrozen(chunk), 'I10', () => `reader ${request.number} could write to chunk ${index}`);
    // Its own copy: nobody else may see what becomes of it.
    if (share !== 'copy') return;
    if (chunk instanceof Uint8Array) chunk.fill(63);
    else Object.assign(chunk, { piece: 'spoilt' });
  }

  #failed(error: unknown): void {
    const { readerWatch } = this.#world;
    const { request, reader } = this.#setup;
    this.#asked--;
    readerWatch.threw(request, reader, error);
  }

  #quit(): void {
    const { witness } = this.#world;
    const { request, reader } = this.#setup;
    witness.note('quits', request.number);
    reader.hasStopped = true;
    if (request.settles === 0 && reader.left === null && request.flight?.end === null) reader.left = 'enough';
    void this.#iterator.return?.();
    void this.#iterator.next().then(
      ({ done = false }) => witness.require(done, 'I6', () => `reader ${request.number} has read enough, and was given more`),
      () => witness.violate('I6', `reader ${request.number} has read enough, and was told of an error`),
    );
  }

  #stall(): void {
    const { reader, habits, stream } = this.#setup;
    reader.hasStopped = true;
    if (!habits.readsRest) return;
    void stream.outcome.then(() => {
      reader.hasStopped = false;
      Object.assign(habits, { stallAt: Infinity });
      this.go();
    });
  }
}
