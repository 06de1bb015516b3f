/**
 * One target's health as one thread sees it: may it be called now, and what does the end of a call mean. All threads of the process share its breaker,
 * hold, places, budget and latencies; nothing here knows a flight.
 */
import { Breaker, isClosed, ORDINARY, REFUSED, type BreakerPhase, type BreakerSettings, type Sample } from './breaker.js';
import { Budget, type BudgetSettings } from './budget.js';
import { HedgeAllowance } from './hedge-allowance.js';
import { HEALTH_TICK_MS, HELD_UNTIL, LATENCY, tickOf, type HealthMemory } from './health-memory.js';
import { Latency } from './latency.js';
import { Places } from './places.js';

/** The time in which a peak latency decays to a third (Finagle's peak EWMA). */
const PEAK_MS = 10_000;

/** How many attempts that ended well are counted together. */
const UNCOUNTED_MAX = 32;

/** `null`: switched off. */
export interface HealthSettings {
  readonly breaker: BreakerSettings | null;
  readonly budget: BudgetSettings | null;
  readonly hedge: { readonly maxExtraShare: number } | null;
  /** Only `latency` needs the cost of attempts. */
  readonly steering: 'priority' | 'latency';
}

/** What health needs to know of a target. */
export interface HealthTarget {
  readonly name: string;
  readonly maxConcurrency: number;
  /** Targets with the same credential are held together; `null`: it is held alone. */
  readonly credential: string | null;
}

export interface TargetHealthSetup {
  readonly memory: HealthMemory;
  readonly index: number;
  readonly target: HealthTarget;
  readonly settings: HealthSettings;
  /** 0: the caller's own thread. */
  readonly holder: number;
  readonly random: () => number;
  readonly announce: (from: BreakerPhase, to: BreakerPhase) => void;
}

/** Why a target is not called: it asked to be left alone, its breaker is open (or its probe is out), its breaker was opened by hand, or all its places are taken. */
export type Refusal = 'held' | 'open' | 'forced' | 'full';

/** Neither held nor open. A breaker that is switched off has never opened. */
const isWell = (cells: Int32Array, base: number): boolean => cells[base + HELD_UNTIL] === 0 && isClosed(cells, base);

export class TargetHealth {
  readonly breaker: Breaker | null;
  readonly budget: Budget | null;
  /** How many hedges its slowness may cause. */
  readonly hedges: HedgeAllowance | null;
  readonly places: Places;
  readonly #latency: Latency;
  readonly #cells: Int32Array;
  readonly #base: number;
  readonly #heldUntil: number;
  /** Peak EWMA of this thread's latencies: rises at once, falls slowly. 0: no attempt was answered yet. */
  #peakMs = 0;
  #peakAt = 0;
  readonly #isSteered: boolean;
  /** Attempts of this thread in the air. */
  #airborne = 0;
  /** Start and end of attempts that are not counted yet, in pairs: see `endedWell`. */
  readonly #uncounted = new Float64Array(2 * UNCOUNTED_MAX);
  #uncountedCells = 0;

  constructor(setup: TargetHealthSetup) {
    const { memory, index, target, settings, holder, random, announce } = setup;
    const { breaker, budget, hedge } = settings;
    this.#cells = memory.cells;
    this.#isSteered = settings.steering === 'latency';
    this.#base = memory.baseOf(index);
    this.#heldUntil = this.#base + HELD_UNTIL;
    this.breaker = breaker === null ? null : new Breaker({ memory, target: index, settings: breaker, holder, random, announce });
    this.budget = budget === null ? null : new Budget(memory, index, { ...budget, isShared: holder !== 0 });
    this.hedges = hedge === null ? null : new HedgeAllowance(memory, index, hedge.maxExtraShare);
    this.places = new Places(memory, index, { holder, max: target.maxConcurrency });
    this.#latency = new Latency(memory.cells, memory.baseOf(index) + LATENCY);
  }

  /** May an attempt begin now? Returns its pass, with which it must be ended, or `REFUSED`. The breaker comes last, so that its probe is not taken in vain. */
  admit(now: number): number {
    return this.admitWell() ? ORDINARY : this.#admitDoubtful(now);
  }

  /** The same, only if the target is known to be well. */
  admitWell(): boolean {
    if (!isWell(this.#cells, this.#base) || !this.places.take()) return false;
    this.#airborne++;
    return true;
  }

  #admitDoubtful(now: number): number {
    if (this.heldMs(now) > 0 || !this.places.take()) return REFUSED;
    const pass = this.breaker === null ? ORDINARY : this.breaker.admit(now);
    if (pass === REFUSED) this.places.leave();
    else this.#airborne++;
    return pass;
  }

  get latency(): Latency {
    this.#count();
    return this.#latency;
  }

  /** What an attempt is likely to cost, in milliseconds, with those that are in the air now. */
  get cost(): number {
    this.#count();
    if (this.#peakAt > 0) return this.#peakMs * (this.#airborne + 1);
    // A target that has never answered is tried once, and gets no more before it has.
    return this.#airborne === 0 ? 0 : Infinity;
  }

  /** When all targets are open, one is called anyway: as the probe if that is due. Not if it was opened by hand. */
  admitAnyway(now: number): number {
    const pass = this.admit(now);
    if (pass !== REFUSED || this.refusal(now) !== 'open') return pass;
    if (!this.places.take()) return REFUSED;
    this.#airborne++;
    return ORDINARY;
  }

  /** Why `admit` would refuse; `null`: it would not. */
  refusal(now: number): Refusal | null {
    const { breaker } = this;
    // Checked first: a hold ends by itself, and no flight may wait for that in vain.
    if (breaker?.forced === 'open') return 'forced';
    if (this.heldMs(now) > 0) return 'held';
    if (breaker !== null && breaker.forced !== 'closed') {
      if (breaker.phase === 'half-open' || breaker.reopensInMs(now) > 0) return 'open';
    }
    return this.places.isFull ? 'full' : null;
  }

  /** A flight calls it for the first time, not as a hedge. */
  first(now: number): void {
    this.budget?.first(now);
    this.hedges?.first();
  }

  /** The hedge answered first: the time so far counts as a latency. It would have taken longer: without it, slow attempts would make the target look fast. */
  outraced(startedAt: number, now: number): void {
    this.#took(now - startedAt, now, 1);
  }

  /** A stream has begun: the probe's verdict is known, while the place stays taken. */
  answered(pass: number, startedAt: number, now: number): void {
    this.#count();
    this.#took(now - startedAt, now, 1);
    this.breaker?.ended(pass, 'well', now);
  }

  /** An attempt is over: one sample, however many waited for it. */
  ended(pass: number, sample: Sample, startedAt: number, now: number): void {
    if (this.#uncountedCells > 0) this.#count();
    this.places.leave();
    this.#airborne--;
    // A failure does not count as a latency: a target that fails at once must not look fast.
    if (sample === 'well') this.#took(now - startedAt, now, 1);
    else if (sample === 'ill') this.budget?.failed(now);
    this.breaker?.ended(pass, sample, now);
  }

  /**
   * The same for an ordinary attempt that went well, as nearly all do. It is counted in a batch, at the latest before anything that depends on the count:
   * one by one, calls that V8 does not inline there took a tenth of a flight (54 ns; half of that in batches).
   */
  endedWell(startedAt: number, now: number): void {
    this.places.leave();
    this.#airborne--;
    const times = this.#uncounted;
    const at = this.#uncountedCells;
    times[at] = startedAt;
    times[at + 1] = now;
    this.#uncountedCells = at + 2;
    if (at + 2 === times.length) this.#count();
  }

  /** Counts what has ended well until now. */
  #count(): void {
    const cells = this.#uncountedCells;
    this.#uncountedCells = 0;
    const times = this.#uncounted;
    for (let at = 0; at < cells; ) {
      const startedAt = times[at] as number;
      const endedAt = times[at + 1] as number;
      // In a burst many share both instants: those are counted at once.
      const first = at;
      do at += 2;
      while (at < cells && times[at] === startedAt && times[at + 1] === endedAt);
      const attempts = (at - first) / 2;
      this.#took(endedAt - startedAt, endedAt, attempts);
      this.breaker?.endedWell(attempts, endedAt);
    }
  }

  /** Records one latency for `attempts` attempts. */
  #took(ms: number, now: number, attempts: number): void {
    this.#latency.add(ms, attempts);
    if (!this.#isSteered) return;
    // At one instant, repeating an equal latency changes nothing.
    const kept = Math.exp((this.#peakAt - now) / PEAK_MS);
    this.#peakMs = ms > this.#peakMs ? ms : this.#peakMs * kept + ms * (1 - kept);
    this.#peakAt = now;
  }

  /** Holds the target for `ms`, as it asked. A hold is never shortened. */
  hold(ms: number, now: number): void {
    if (ms <= 0) return;
    // 0 is "not held".
    const until = Math.ceil((now + ms) / HEALTH_TICK_MS) | 0 || 1;
    for (;;) {
      const held = Atomics.load(this.#cells, this.#heldUntil);
      if (held !== 0 && ((until - held) | 0) <= 0) return;
      if (Atomics.compareExchange(this.#cells, this.#heldUntil, held, until) === held) return;
    }
  }

  /** How much longer it wants to be left alone. */
  heldMs(now: number): number {
    // A plain read: a healthy target is the common case.
    const held = this.#cells[this.#heldUntil] as number;
    return held === 0 ? 0 : this.#leftOf(held, now);
  }

  #leftOf(held: number, now: number): number {
    const ticks = (held - tickOf(now)) | 0;
    // It is over: cleared, so that nobody has to read the clock for it again.
    if (ticks <= 0) Atomics.compareExchange(this.#cells, this.#heldUntil, held, 0);
    return Math.max(0, ticks * HEALTH_TICK_MS - (now % HEALTH_TICK_MS));
  }

  /** How long until it may be worth asking again, as far as that is known; 0: any moment. */
  freeInMs(now: number): number {
    return Math.max(this.heldMs(now), this.breaker?.reopensInMs(now) ?? 0);
  }

  giveBack(holder: number, now: number): void {
    this.places.giveBack(holder);
    this.breaker?.giveBack(holder, now);
  }
}
