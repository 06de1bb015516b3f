/**
 * A clock that is read less often than it is asked. A reading is 50 ns, a tenth of a flight. While so much happens in one turn of the event loop that
 * the last reading is microseconds old, what is only told takes that for its instant; so may what is timed, if it is told when time has gone on.
 */

/** Told when instants that were given out turn out to be past, for whoever times something by them. */
export interface StampReceiver {
  /** `stamp` was given out, and for nothing that is later than `now`. No reading is ever equal to it. */
  caughtUp(stamp: number, now: number): void;
}

/** Stamps that come closer than this are a burst. Requests that come from sockets do not (20 µs and more, each in a turn of its own). */
const BURST_GAP_MS = 0.01;
/** Of so many in a burst, one reads the clock. With one for 16 a flight takes 430 ns, with one for 32 415, and for more no less. */
const BURST_STAMPS = 32;
/**
 * To hear that a turn is over takes as long as so many readings. Where fewer shared one in a turn, the next bursts are let pass: one message in each
 * turn, and turns that follow at once (a hit that a message asks for: 1,000 to 580 ns).
 */
const SHARED_LEAST = 8;
const BURSTS_PASSED = 32;
/** What tells a stamp from the reading it is made of: a nanosecond, or what a number can tell that large. */
const STAMP_MS = 1e-6;
const stampOf = (reading: number): number => reading + Math.max(STAMP_MS, reading * Number.EPSILON);

/** Readings are fields, which V8 writes in place: as variables of a closure each is an object (3 % of a flight). */
export class Clock {
  readonly #read: () => number;
  readonly #afterTurn: (run: () => void) => void;
  #receiver: StampReceiver | null = null;
  /** Made at a reading: all that share it share one number in memory, too (453 to 438 bytes for a key in the air). */
  #stamp: number | null = null;
  #lastStamp = Number.NaN;
  #stampsLeft = 0;
  /** Was a stamp given out since the last reading? */
  #isBehind = false;
  #isTurnAwaited = false;
  /** Need the turn that is awaited not be judged by what it shared? It had a reading that was shared by as many as may, or bursts had passed before. */
  #isTurnWorthIt = false;
  #burstsToPass = 0;
  /** Were some let pass since a turn was awaited last? Perhaps in this one, too: what it shares then says nothing of those that come. */
  #havePassed = false;

  /** `afterTurn`: runs what it is given after what runs now, and before the loop goes on. */
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

  /** The instant, or one shortly before. */
  stamp(): number {
    if (this.#stampsLeft === 0) return this.#stampAnew();
    this.#stampsLeft--;
    this.#isBehind = true;
    return this.#stamp as number;
  }

  /** No stamp is past after this that was not told of. */
  catchUp(): void {
    if (this.#isBehind) this.now();
  }

  #stampAnew(): number {
    const now = this.now();
    const gapMs = now - this.#lastStamp;
    this.#lastStamp = now;
    // One that stands still is a test's, and moved on in the middle of a turn.
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
