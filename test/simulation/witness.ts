/** Sees everything, and says when an invariant is broken. The watches beside it know which; this holds what they share. */
import { rememberFlight } from '../../src/errors.js';
import type { Flight } from '../../src/flight.js';
import { TICK_MS } from '../../workers/wheel.js';
import { EventLog } from './event-log.js';
import type { ForOneWatch } from './for-one-watch.js';
import type { HealthWatch } from './health-watch.js';
import type { Scheduler } from './scheduler.js';
import type { SteerWatch } from './steer-watch.js';
import type { Swarm } from './swarm.js';
import type { FlightTrace, RequestTrace } from './traces.js';

/** Something that must never happen did. */
export interface Violation {
  /** I1 to I28 of the reliability page, or what else it is. */
  readonly invariant: string;
  readonly what: string;
  readonly at: number;
}

const NOWHERE = {
  hasLongKey: false,
  report: (): never => {
    throw new Error('simulation: this schedule is over');
  },
} as unknown as Flight; // all that is asked of one by its error
/** The turn that the wheel waits after a stall. */
const STALL_TURN_MS = 1;

export class Witness {
  readonly log = new EventLog();
  readonly violations: Violation[] = [];
  readonly requests: RequestTrace[] = [];
  readonly flights = new Map<number, FlightTrace>();
  readonly swarm: Swarm;
  readonly #scheduler: Scheduler;
  /** What flights and requests failed with. */
  readonly #errors: unknown[] = [];
  /** Loading or set-up failed somewhere. */
  hasLoadFailed = false;
  /** The front knows its targets. */
  isLoaded: boolean;
  /** Closed, until then what is in the air has time; it may be told so a little early. */
  drainsUntil = Infinity;
  get isClosing(): boolean {
    return this.drainsUntil < Infinity;
  }
  /** Promises of `ready` that have not settled. */
  waitingForReady = 0;
  /** Set when the process is put together. */
  health: HealthWatch | null = null;
  /** `null`: no value is for one alone. */
  forOne: ForOneWatch | null = null;
  /** `null`: nobody steers. */
  steer: SteerWatch | null = null;
  /** Faults have stopped. */
  isCalm = false;

  constructor(swarm: Swarm, scheduler: Scheduler) {
    this.swarm = swarm;
    this.#scheduler = scheduler;
    this.isLoaded = swarm.threads === 0;
  }

  get now(): number {
    return this.#scheduler.now;
  }

  /** What a timer of the library may be late by: a tick, and what the schedule's own timers are late by. */
  get slackMs(): number {
    return TICK_MS + STALL_TURN_MS + 3 * this.swarm.lateMsMax + 0.01;
  }

  note(what: string, ...details: (string | number | boolean | null)[]): void {
    this.log.add(this.now, what, details);
  }

  violate(invariant: string, what: string): void {
    this.violations.push({ invariant, what, at: this.now });
    this.note('VIOLATION', invariant, what);
  }

  require(holds: boolean, invariant: string, what: () => string): void {
    if (!holds) this.violate(invariant, what());
  }

  sawError(error: unknown): void {
    this.#errors.push(error);
  }

  /**
   * The schedule is over: its errors lead nowhere any more. The library knows flights by their errors in a WeakMap, and minor collections keep all
   * values of one: each world would live until the next major one.
   */
  forgetErrors(): void {
    for (const error of this.#errors) rememberFlight(error, NOWHERE);
  }

  /** Is this so of the targets that a flight tries, in their order? Where that is changed meanwhile there may be several such lists: of one of them. */
  mayHave(flight: FlightTrace, holds: (route: readonly string[]) => boolean): boolean {
    return this.steer === null ? holds(flight.leader.route) : this.steer.mayHave(flight, holds);
  }

  flight(number: number): FlightTrace {
    const flight = this.flights.get(number);
    if (flight === undefined) throw new Error(`simulation: nobody launched flight ${number}`);
    return flight;
  }
}
