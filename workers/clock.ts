/**
 * A clock that is read less often than it is asked. A reading takes 50 ns, a tenth of a flight. While so much happens in one turn of the event loop that
 * the last reading is microseconds old, instants that are only reported reuse that reading; so may timed ones, if they are corrected once time has gone on.
 */

/** Told when stamps that were given out turn out to be past, to correct what is timed by them. */
export interface StampReceiver {
  /** `stamp` was given out for things that happened no later than `now`. No reading ever equals it. */
  caughtUp(stamp: number, now: number): void;
}

/** Stamps closer together than this are a burst. Requests from sockets are not (20 µs and more, each in a turn of its own). */
const BURST_GAP_MS = 0.01;
/** Of so many stamps in a burst, one reads the clock. With one for 16 a flight takes 430 ns, with one for 32 415, and with more no less. */
const BURST_STAMPS = 32;
/**
 * To be called after a turn costs as much as so many readings. If fewer stamps shared one in a turn, the next `BURSTS_PASSED` bursts read the clock
 * each time: with one message per turn, and turns in close succession, a hit took 1,000 ns, and takes 580.
 */
const SHARED_LEAST = 8;
const BURSTS_PASSED = 32;
/** The difference between a stamp and its reading: a nanosecond, or the smallest that a number of that size can show. */
const STAMP_MS = 1e-6;
const stampOf = (reading: number): number => reading + Math.max(STAMP_MS, reading * Number.EPSILON);

/** Readings are fields, which V8 writes in place: as variables of a closure each would be a heap number (3 % of a flight). */
export class Clock {
  readonly #read: () => number;
  readonly #afterTurn: (run: () => void) => void;
  #receiver: StampReceiver | null = null;
  /** Made at a reading: all who share it share one number in memory, too (453 to 438 bytes for a key in the air). */
  #stamp: number | null = null;
  #lastStamp = Number.NaN;
  #stampsLeft = 0;
  /** Was a stamp given out since the last reading? */
  #isBehind = false;
  #isTurnAwaited = false;
  /** Is the awaited turn worth its cost without counting? Yes, if a reading in it was shared to the full, or bursts were passed before. */
  #isTurnWorthIt = false;
  #burstsToPass = 0;
  /** Were bursts passed since a turn was last awaited? Perhaps in this turn, too: its count then says nothing about the next ones. */
  #havePassed = false;

  /** `afterTurn`: runs a function after the current operation, before the event loop goes on. */
  constructor(read: () => number, afterTurn: (run: () => void) => void) {
    this.#read = read;
    this.#afterTurn = afterTurn;
  }

  reportTo(receiver: StampReceiver): void {
    this.#receiver = receiver;
  }

  now(): number {
    const now = this.#read();
    if (this.#isBehind) this.#tell(now);
    this.#stamp = stampOf(now);
    return now;
  }

  /** The current instant, or one shortly before. */
  stamp(): number {
    if (this.#stampsLeft === 0) return this.#stampAnew();
    this.#stampsLeft--;
    this.#isBehind = true;
    return this.#stamp as number;
  }

  /** After this every outdated stamp has been reported. */
  catchUp(): void {
    if (this.#isBehind) this.now();
  }

  #stampAnew(): number {
    const now = this.now();
    const gapMs = now - this.#lastStamp;
    this.#lastStamp = now;
    // A clock that stands still is a test's, and may be advanced in the middle of a turn.
    if (!(gapMs > 0 && gapMs < BURST_GAP_MS * (this.#isTurnAwaited ? BURST_STAMPS : 1))) return now;
    if (this.#burstsToPass > 0) {
      this.#burstsToPass--;
      this.#havePassed = true;
      return now;
    }
    this.#stampsLeft = BURST_STAMPS - 1;
    if (this.#isTurnAwaited) this.#isTurnWorthIt = true;
    else this.#awaitTurn();
    return now;
  }

  #tell(now: number): void {
    this.#isBehind = false;
    this.#receiver?.caughtUp(this.#stamp as number, now);
  }

  #awaitTurn(): void {
    this.#isTurnAwaited = true;
    this.#isTurnWorthIt = this.#havePassed;
    this.#havePassed = false;
    this.#afterTurn(this.#turned);
  }

  readonly #turned = (): void => {
    this.#isTurnAwaited = false;
    if (!this.#isTurnWorthIt && BURST_STAMPS - 1 - this.#stampsLeft < SHARED_LEAST) this.#burstsToPass = BURSTS_PASSED;
    this.#stampsLeft = 0;
    this.catchUp();
  };
}
