/**
 * What a front can still read when a thread is gone: the ledger, the heartbeat, whose code was running, and the counts per target. One block
 * of shared memory for each life of a shard; the shard writes, the front reads (and clears a ledger entry when it hands out its slot).
 *
 * What is written for each flight is written without atomics: ledger and names are read after the thread's end, which comes after all its writes, a slot is
 * handed out by a message, and a beat only has to be seen eventually. Atomic writes are calls in V8, and stall the processor: they took a shard 50 ns of a flight's 1,450.
 */
import { TARGETS_MAX } from './targets.js';

const HEARTBEAT = 0;
const RUNNING = 1;
const CULPRIT = 2;
const HOLDER = 3;
const HEADER = 16;

/** Counts per target: attempts made, and among them failures, attempts on a target that the flight had called before, ended ones, hedges, and those aborted since another answered first. */
const ATTEMPTS = 0;
export const FAILURES = 1;
export const RETRIES = 2;
export const ENDED = 3;
export const HEDGES = 4;
export const OUTRACED = 5;
const COUNTS = 6;
const COUNT_BYTES = TARGETS_MAX * COUNTS * Float64Array.BYTES_PER_ELEMENT;

/** Reads until the count of ended attempts stands still: a shard takes a microsecond for an attempt, a read some nanoseconds. */
const LOOKS_MAX = 16;

/** What one shard has done on one target. */
export interface TargetCounts {
  attempts: number;
  failures: number;
  retries: number;
  hedges: number;
  outraced: number;
  airborne: number;
}

/** A ledger entry: attempts made (5 bits), targets tried (a bit each), and in a second cell the targets being called (8 bits each); written before each call. */
export interface LedgerEntry {
  readonly attemptsMade: number;
  readonly targetsTried: number;
  /** The target of the last attempt, and that of the attempt that was out when it began (-1: none). */
  readonly lastTarget: number;
  readonly otherTarget: number;
}

/** What the ledger takes from a flight's record when its next attempt begins. */
export interface Tried {
  readonly attemptsMade: number;
  readonly targetsTried: number;
  readonly target: number;
  /** If it is a hedge, another attempt is out. */
  readonly hedge: { readonly rival: { readonly target: number } | null } | null;
}

const MADE_BITS = 5;
const TARGET_BITS = 8;

/** One life's memory. Slots are numbered from 0. */
export class SharedMemory {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #counts: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#counts = new Float64Array(buffer, 0, TARGETS_MAX * COUNTS);
    this.#cells = new Int32Array(buffer, COUNT_BYTES);
  }

  static ofSlots(slots: number): SharedMemory {
    return new SharedMemory(new SharedArrayBuffer(COUNT_BYTES + (HEADER + slots * 2) * Int32Array.BYTES_PER_ELEMENT));
  }

  /** The shard's sign of life: a count, of which only changes matter. */
  beat(): void {
    this.#cells[HEARTBEAT] = (this.#cells[HEARTBEAT] as number) + 1;
  }
  get heartbeat(): number {
    return Atomics.load(this.#cells, HEARTBEAT);
  }

  /** Names the flight whose synchronous code runs now, so that a hang or an exit in it can be traced to it. */
  enter(number: number): void {
    this.#cells[RUNNING] = number | 0;
  }
  exit(): void {
    this.#cells[RUNNING] = 0;
  }
  /** Names the flight that an uncaught error or rejection belongs to: only a quarantine shard knows. */
  accuse(number: number): void {
    Atomics.store(this.#cells, CULPRIT, number | 0);
  }
  /** Number of the flight that evidence names for this thread's death (its lower 32 bits); 0: none. That flight may have settled before. */
  get culprit(): number {
    return Atomics.load(this.#cells, CULPRIT) || Atomics.load(this.#cells, RUNNING);
  }

  /** The number by which this life holds probes and places of targets. Given by the front before it is set up. */
  get holder(): number {
    return Atomics.load(this.#cells, HOLDER);
  }
  set holder(number: number) {
    Atomics.store(this.#cells, HOLDER, number);
  }

  /** Written before each call, so that the front knows what a dead thread had begun. */
  enterLedger(slot: number, { attemptsMade, targetsTried, target, hedge }: Tried): void {
    const at = HEADER + slot * 2;
    const otherTarget = hedge?.rival?.target ?? -1;
    this.#cells[at + 1] = (target + 1) | ((otherTarget + 1) << TARGET_BITS);
    this.#cells[at] = attemptsMade | (targetsTried << MADE_BITS);
  }
  /** The same for the first call of a straight flight, which runs now. */
  enterFirst(slot: number, number: number, target: number): void {
    this.enterLedger(slot, { attemptsMade: 1, targetsTried: 1 << target, target, hedge: null });
    this.enter(number);
  }
  ledger(slot: number): LedgerEntry {
    const at = HEADER + slot * 2;
    const entry = Atomics.load(this.#cells, at);
    const called = Atomics.load(this.#cells, at + 1);
    return {
      attemptsMade: entry & ((1 << MADE_BITS) - 1),
      targetsTried: entry >>> MADE_BITS,
      lastTarget: (called & ((1 << TARGET_BITS) - 1)) - 1,
      otherTarget: (called >>> TARGET_BITS) - 1,
    };
  }
  /** Called when the front hands a slot out again. */
  clearLedger(slot: number): void {
    const at = HEADER + slot * 2;
    this.#cells[at] = this.#cells[at + 1] = 0;
  }

  /** Doubles with one writer (the shard), read for statistics only. `what` is one of `ATTEMPTS` and its neighbours. */
  count(target: number, what: number, change: number): void {
    const at = target * COUNTS + what;
    this.#counts[at] = (this.#counts[at] as number) + change;
  }
  /** An attempt has begun: in the air until it counts among `ENDED`. */
  began(target: number): void {
    this.count(target, ATTEMPTS, 1);
  }
  /** An attempt in the air has failed. */
  failed(target: number): void {
    const at = target * COUNTS;
    this.#counts[at + ENDED] = (this.#counts[at + ENDED] as number) + 1;
    this.#counts[at + FAILURES] = (this.#counts[at + FAILURES] as number) + 1;
  }
  /** Adds the counts of a life that is over. Nothing of it is in the air any more. */
  inherit(gone: SharedMemory): void {
    for (let target = 0; target < TARGETS_MAX; target++) {
      const { attempts, failures, retries, hedges, outraced } = gone.counts(target);
      this.count(target, ATTEMPTS, attempts);
      this.count(target, ENDED, attempts);
      this.count(target, FAILURES, failures);
      this.count(target, RETRIES, retries);
      this.count(target, HEDGES, hedges);
      this.count(target, OUTRACED, outraced);
    }
  }
  counts(target: number): TargetCounts {
    const at = target * COUNTS;
    const of = (what: number): number => this.#counts[at + what] as number;
    return {
      attempts: of(ATTEMPTS),
      failures: of(FAILURES),
      retries: of(RETRIES),
      hedges: of(HEDGES),
      outraced: of(OUTRACED),
      airborne: this.#airborne(at),
    };
  }

  /** The shard may count between two reads. Ended ones are read first, so that the difference is never negative. */
  #airborne(at: number): number {
    for (let looks = LOOKS_MAX; ; looks--) {
      const ended = this.#counts[at + ENDED] as number;
      const airborne = (this.#counts[at + ATTEMPTS] as number) - ended;
      if (looks === 0 || this.#counts[at + ENDED] === ended) return airborne;
    }
  }
}
