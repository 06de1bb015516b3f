/** What holds for threads: whose fault a death is, who may be ended by force, and how many there may be. */
import type { Flight } from '../../src/flight.js';
import type { CallTrace, LifeTrace } from './traces.js';
import type { Witness } from './witness.js';

/** Ten looks without a beat, of timers that may be a little early. */
const HANG_SHARE = 0.8;
/** A request never kills more. */
const KILLS_MAX = 3;
/** Beside those on duty and those that replace them: the spares, quarantine, and what is dying. */
const LIVES_BESIDE = 6;

export class ThreadWatch {
  readonly #witness: Witness;

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  opened(life: LifeTrace, living: number): void {
    const { threads } = this.#witness.swarm;
    this.#witness.note('thread', life.thread, 'opens');
    const most = 2 * threads + LIVES_BESIDE;
    this.#witness.require(living <= most, 'threads', () => `${living} threads at once: at most ${most} can be had`);
  }

  /** It is dead, or will never do anything again. `killer`: the flight whose payload did it. */
  stopped(life: LifeTrace, how: 'dies' | 'hangs', why: string, killer: number | null): void {
    this.#witness.note('thread', life.thread, how, why, killer);
    if (killer === null) return;
    const flight = this.#witness.flight(killer);
    this.#witness.require(++flight.kills <= KILLS_MAX, 'I16', () => `flight ${killer} killed ${flight.kills} threads`);
  }

  /** Its front hears of its death now. `residents`: flights it was thought to fly. */
  heard(life: LifeTrace, residents: readonly Flight[]): void {
    const callsOf = ({ number }: Flight): CallTrace[] => this.#witness.flight(number).calls.filter((call) => call.life === life);
    const inAir = residents.filter((flight) => callsOf(flight).some(isUntold));
    // In quarantine, whoever was called there may have left behind what has killed it.
    const isByLeftovers = inAir.length === 0 && life.role === 'quarantine';
    const suspects = isByLeftovers ? residents.filter((flight) => callsOf(flight).length > 0) : inAir;
    life.isLost = true;
    this.#witness.note('thread', life.thread, 'is lost', residents.length, inAir.length);
    const named = life.evidence ?? (suspects.length === 1 ? (suspects[0] as Flight).number : null);
    for (const { number } of inAir) this.#witness.flight(number).losses++;
    if (named === null || !residents.some(({ number }) => number === named)) return;
    const flight = this.#witness.flight(named);
    flight.named++;
    // What an earlier attempt left behind has killed it: a death that it had part in, though none was in the air.
    if (!inAir.some(({ number }) => number === named)) flight.losses++;
    if (life.role === 'quarantine' && residents.length === 1) flight.aloneNamed++;
  }

  /** The front ends it by force: only what hangs, failed in its set-up, or is not needed any more. */
  terminated(life: LifeTrace, why: string): void {
    this.#witness.note('thread', life.thread, 'is ended', why);
    const { loop } = life;
    const mayEnd =
      loop.isStopped || loop.longestPauseMs > HANG_SHARE * this.#witness.swarm.heartbeatMs || why !== 'healthy' || this.#witness.isClosing;
    this.#witness.require(mayEnd, 'threads', () => `thread ${life.thread} is well, and was ended`);
  }
}

/** Of an attempt that its front was not told the end of, somebody may still have to pay. */
const isUntold = ({ isTold }: CallTrace): boolean => !isTold;
