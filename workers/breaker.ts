/**
 * The breaker of one target, as one thread sees it: a word of shared memory, stepped by compare-and-exchange with the table that XState filled in
 * from the breaker machine. No timer runs for it: whether it was open long enough is computed from its stamp when somebody asks.
 */
import * as table from '../machines/breaker.table.js';
import { IMPOSSIBLE } from '../machines/table.js';
import { BREAKER, CONSECUTIVE, FORCED, HEALTH_TICK_MS, SAMPLES, tickOf, type HealthMemory } from './health-memory.js';
import { SampleCounts } from './sample-counts.js';

const { breakerTable: TABLE } = table;
const EVENTS = TABLE.events.length;
/** Which table this build steps breakers by: threads that share memory must agree. */
export const BREAKER_TABLE_HASH = TABLE.hash;
const PHASES = TABLE.states.map(({ value }) => value as BreakerPhase);
const LEVELS = TABLE.states.map(({ context }) => (context as { level: number }).level);

/** The word: the machine's state (5 bits: phase and level), who holds the probe (5), and an instant in ticks (22). */
const STATE_MASK = 31;
const HOLDER_SHIFT = 5;
const HOLDER_MASK = 31;
const STAMP_SHIFT = 10;
const STAMP_MASK = 2 ** 22 - 1;

/** The machine's phases; open and closed may also be forced by hand. */
export type BreakerPhase = 'closed' | 'open' | 'half-open';
export type ForcedState = 'open' | 'closed' | 'auto';
const FORCES: readonly ForcedState[] = ['auto', 'open', 'closed'];

/** What an attempt says about its target; `none`: nothing, since nobody waited for its end. */
export type Sample = 'well' | 'ill' | 'none';

export interface BreakerSettings {
  /** Opens when this share of the attempts of the last 10 s failed, */
  readonly failureShare: number;
  /** and there were at least so many. */
  readonly attemptsMin: number;
  /** Opens after so many failures in a row. */
  readonly consecutive: number;
  /** Stays open for so long, twice as long after each failed probe, */
  readonly openMs: number;
  /** but no longer than this; all with 20 % jitter, so that processes do not come back at the same time. */
  readonly openMsMax: number;
}

export interface BreakerSetup {
  readonly memory: HealthMemory;
  readonly target: number;
  readonly settings: BreakerSettings;
  /** Whose probes these are: 0 to 31. */
  readonly holder: number;
  readonly random: () => number;
  /** Told after a successful exchange: only for people's information. */
  readonly announce: (from: BreakerPhase, to: BreakerPhase) => void;
}

const JITTER = 0.2;

/** No pass: the target must not be called. */
export const REFUSED = -1;
/** The pass of an attempt that is no probe. A probe's pass is the word that it wrote, which is never one of these two. */
export const ORDINARY = 0;

/** Plain reads: a healthy target is the common case, and a value that is a moment old does no harm. */
export const isClosed = (cells: Int32Array, at: number): boolean =>
  (((cells[at + BREAKER] as number) & STATE_MASK) | (cells[at + FORCED] as number)) === 0;

export class Breaker {
  readonly #setup: BreakerSetup;
  readonly #cells: Int32Array;
  readonly #at: number;
  readonly #samples: SampleCounts;
  readonly #openTicksMax: number;

  constructor(setup: BreakerSetup) {
    const { memory, target, settings } = setup;
    this.#setup = setup;
    this.#cells = memory.cells;
    this.#at = memory.baseOf(target);
    this.#samples = new SampleCounts(memory.cells, { window: this.#at + SAMPLES, consecutive: this.#at + CONSECUTIVE });
    this.#openTicksMax = Math.ceil((settings.openMsMax * (1 + JITTER)) / HEALTH_TICK_MS) + 1;
  }

  get phase(): BreakerPhase {
    return PHASES[this.#word & STATE_MASK] as BreakerPhase;
  }
  get level(): number {
    return LEVELS[this.#word & STATE_MASK] as number;
  }
  get forced(): ForcedState {
    return FORCES[Atomics.load(this.#cells, this.#at + FORCED)] as ForcedState;
  }
  get #word(): number {
    return Atomics.load(this.#cells, this.#at + BREAKER);
  }

  /** Time until the next probe may be made; 0 if calls are allowed, or will be once the probe out now has ended. */
  reopensInMs(now: number): number {
    const word = this.#word;
    if (PHASES[word & STATE_MASK] !== 'open') return 0;
    return Math.max(0, this.#ticksLeft(word, now) * HEALTH_TICK_MS - (now % HEALTH_TICK_MS));
  }

  /** By hand: open or closed whatever happens, until `auto`, which resets it. */
  force(state: ForcedState, now: number): void {
    Atomics.store(this.#cells, this.#at + FORCED, FORCES.indexOf(state));
    if (state !== 'auto') return;
    while (!this.#step(table.BREAKER_RESET, this.#word, now));
  }

  /** May an attempt begin now? Returns its pass, to be given back to `ended`. At most one pass in the process is a probe's. */
  admit(now: number): number {
    if (isClosed(this.#cells, this.#at)) return ORDINARY;
    const { forced } = this;
    if (forced !== 'auto') return forced === 'closed' ? ORDINARY : REFUSED;
    const word = this.#word;
    const phase = PHASES[word & STATE_MASK];
    if (phase === 'closed') return ORDINARY;
    if (phase === 'half-open' || this.#ticksLeft(word, now) > 0) return REFUSED;
    // A thread that loses the exchange goes elsewhere: the probe is out.
    return this.#exchange(table.PROBE_TAKEN, word, now) ?? REFUSED;
  }

  /** An attempt is over: one sample. A probe's end counts only while its own word still stands. */
  ended(pass: number, sample: Sample, now: number): void {
    if (pass !== ORDINARY) {
      this.#step(sample === 'well' ? table.PROBE_SUCCEEDED : sample === 'ill' ? table.PROBE_FAILED : table.PROBE_GIVEN_BACK, pass, now);
      return;
    }
    if (sample === 'well') return this.endedWell(1, now);
    if (sample === 'none') return;
    this.#samples.countFailure(now);
    if (!this.#samples.exceed(this.#setup.settings, now)) return;
    const word = this.#word;
    if (PHASES[word & STATE_MASK] === 'closed') this.#step(table.FAILURES_EXCEEDED, word, now);
  }

  /** So many attempts that were no probes ended well. */
  endedWell(attempts: number, now: number): void {
    this.#samples.countWell(attempts, now);
  }

  /** A thread is gone: if it held the probe, the next attempt may be the probe at once. */
  giveBack(holder: number, now: number): void {
    const word = this.#word;
    if (PHASES[word & STATE_MASK] === 'half-open' && ((word >>> HOLDER_SHIFT) & HOLDER_MASK) === holder)
      this.#step(table.PROBE_GIVEN_BACK, word, now);
  }

  /** Stamps are ambiguous beyond half a day: one that seems further ahead than any breaker stays open is in the past. */
  #ticksLeft(word: number, now: number): number {
    const left = ((word >>> STAMP_SHIFT) - tickOf(now)) & STAMP_MASK;
    return left > this.#openTicksMax ? 0 : left;
  }

  #step(event: number, from: number, now: number): boolean {
    return this.#exchange(event, from, now) !== null;
  }

  /** One event on the word that was read: the whole word changes in one exchange, or nothing does. Returns the word written. */
  #exchange(event: number, from: number, now: number): number | null {
    const state = from & STATE_MASK;
    const edge = state * EVENTS + event;
    const next = TABLE.next[edge] as number;
    if (next === IMPOSSIBLE) return null;
    const actions = TABLE.lists[TABLE.listOf[edge] as number] as readonly number[];
    const word = actions.reduce((written, action) => written | this.#fieldOf(action, next, now), next);
    if (Atomics.compareExchange(this.#cells, this.#at + BREAKER, from, word) !== from) return null;
    if (actions.includes(table.CLEAR_COUNTS)) this.#samples.clear();
    if (actions.includes(table.ANNOUNCE)) this.#setup.announce(PHASES[state] as BreakerPhase, PHASES[next] as BreakerPhase);
    return word;
  }

  /** The bits that an action adds to the state. */
  #fieldOf(action: number, next: number, now: number): number {
    const { settings, random, holder } = this.#setup;
    switch (action) {
      case table.STAMP_NOW:
        return (tickOf(now) & STAMP_MASK) << STAMP_SHIFT;
      case table.STAMP_REOPENING: {
        const openMs = Math.min(settings.openMsMax, settings.openMs * 2 ** (LEVELS[next] as number));
        return (tickOf(now + openMs * (1 - JITTER + 2 * JITTER * random())) & STAMP_MASK) << STAMP_SHIFT;
      }
      case table.ENTER_HOLDER:
        return holder << HOLDER_SHIFT;
      default:
        return 0;
    }
  }
}
