/**
 * Flights that go straight: launched, their first target called, its value given. Nearly all do, inline and over ports, and a shard holds nothing of such
 * a one but its order and what its target sees. To whatever else befalls it, a record is made first, and stands where it would have stood, had there been one from the launch.
 */
import * as flight from '../machines/flight.table.js';
import { Attempt, type AttemptTerms } from './attempt.js';
import { ORDINARY } from './breaker.js';
import { callTarget, listen } from './call-target.js';
import { inOwnContext } from './clean-context.js';
import { FlightRecord, type FlightStart, type StraightTerms } from './flight-record.js';
import { edgeOf, FreshStarts, isSettled, onlyAction, stateBehind } from './flight-steps.js';
import type { InAir, LaunchOrder } from './protocol.js';
import { closeStream, isStream } from './pump.js';
import { refusalOf } from './refusal.js';
import type { Shard } from './shard.js';
import type { ShardReceiver, ShardSetup } from './shard-setup.js';
import { ENDED } from './shared-memory.js';
import type { TargetHealth } from './target-health.js';
import type { FilledTarget } from './targets.js';
import type { WheelEntry } from './wheel.js';

/** Its attempt, while a flight goes straight; where it started, once it has its value so; what its shard holds of one that does not go straight. */
export type Course<Order extends LaunchOrder> = Attempt | FlightStart | FlightRecord<Order> | null;

/** What a shard writes to an order that is read where it is launched. */
export interface StraightOrder extends LaunchOrder {
  course: Course<this>;
}

/** Where flights that may go straight are reported to. */
export interface StraightReceiver<Order extends StraightOrder> extends ShardReceiver<Order> {
  /** Settled with a value, by the attempt that it was launched with. */
  wentStraight(order: Order, value: unknown, endedAt: number): void;
}

export interface StraightSetup<Order extends StraightOrder> extends ShardSetup<Order> {
  readonly receiver: StraightReceiver<Order>;
  /** What an order's attempt is timed by; `null`: they are timed where they are launched, in the order of their launch, by `attemptMs`. */
  readonly timerOf: ((order: Order) => WheelEntry) | null;
}

export class StraightFlights<Order extends StraightOrder> {
  readonly #setup: StraightSetup<Order>;
  readonly #shard: Shard<Order>;
  readonly #flightMs: number;
  /** Number of the flight whose target is being called; 0: none is. */
  #calling = 0;
  /** Of those in whose calls that one was launched, each in the call of the one before. */
  readonly #callingAround: number[] = [];
  /** What the first attempt may take of flights without a timer: the same for all, so that it is up for them in the order of their launch. */
  readonly attemptMs: number;

  /** `flightMs`: what each flight may take that has no timer. */
  constructor(shard: Shard<Order>, setup: StraightSetup<Order>, flightMs: number) {
    this.#setup = setup;
    this.#shard = shard;
    this.#flightMs = flightMs;
    const asWritten = new FreshStarts(setup.settings).of(setup.targets.map((_, target) => target));
    this.attemptMs = shard.firstAttemptMs(asWritten, flightMs);
  }

  /**
   * Begins the flight: straight, if it may. Written out, as is `#returned`: V8 inlines no function of more than 460 bytes of bytecode, and 920 into any.
   * Smaller, this is at times inlined where it is called, and nothing else is then: each flight of such a process took 15 to 30 % longer.
   */
  launch(order: Order): void {
    const start = order.route === null ? this.#shard.freshStart() : null;
    const straight = start === null ? null : start.straight === undefined ? this.#look(start) : start.straight;
    if (start === null || straight === null) return this.#shard.launch(this.#take(order, start));
    const { terms, health, budget } = straight;
    const pass = health.admit(order.launchedAt);
    if (pass !== ORDINARY) {
      // Not well, or not known to be: it goes on as it would have, with the pass if it has one.
      const record = this.#take(order, start);
      record.pass = pass;
      return this.#shard.launch(record);
    }
    const { memory, timerOf } = this.#setup;
    memory.began(start.target);
    if (budget !== null) budget.first(order.launchedAt);
    const attempt = new Attempt(order, order.carried === undefined ? terms : carrying(terms, order.carried));
    order.course = attempt;
    const around = this.#calling;
    if (around !== 0) this.#callingAround.push(around);
    this.#calling = order.number;
    if (timerOf === null) inOwnContext(this.#call, order);
    else this.#callOnPort(order, timerOf(order), straight);
    this.#calling = around === 0 ? 0 : (this.#callingAround.pop() as number);
    if (order.course === attempt) return;
    // It left its course while its target was being called.
    const record = recordOf<Order>(order);
    if (record !== null) this.#shard.resume(record);
  }

  /** Begins one that may not go straight, whatever there is to know of where it starts: it has been flown before, or is over. */
  launchAside(order: Order): void {
    this.#shard.launch(this.#take(order, null));
  }

  /** Its attempts that are out. */
  inAir(order: Order): readonly InAir[] {
    const { course, launchedAt: startedAt } = order;
    return course instanceof Attempt ? [{ target: course.target, startedAt, isHedge: false }] : (recordOf<Order>(order)?.inAir ?? []);
  }

  /** The time of its first attempt is up, unless it has long gone another way. */
  due(order: Order, now: number): void {
    if (order.course instanceof Attempt) this.#shard.recordDue(this.divert(order, order.course), now);
  }

  /** Nobody waits any more. */
  abandon(order: Order): void {
    const { course } = order;
    const record = course instanceof Attempt ? this.divert(order, course) : recordOf<Order>(order);
    if (record !== null) this.#shard.abandon(record);
  }

  /** It goes straight no more: its record, as it would stand. */
  divert(order: Order, attempt: Attempt): FlightRecord<Order> {
    const { timerOf, wheel } = this.#setup;
    if (timerOf !== null) wheel.disarm(timerOf(order));
    const start = Attempt.startOf(attempt) as FlightStart;
    const record = this.#take(order, start);
    record.state = stateBehind(edgeOf(start.state, flight.FLIGHT_LAUNCHED));
    record.attemptsMade = 1;
    record.targetsTried = 1 << start.target;
    record.attempt = attempt;
    record.attemptStartedAt = order.launchedAt;
    record.pass = ORDINARY;
    // Its target is being called, which is an action: what arises now waits until that returns.
    record.stepping = order.number === this.#calling || this.#callingAround.includes(order.number);
    return record;
  }

  #take(order: Order, start: FlightStart | null): FlightRecord<Order> {
    // From here on it is timed by its record.
    this.#setup.seam.catchUp();
    return (order.course = this.#shard.take(order, start));
  }

  /** May flights go straight from there? Nothing may be due before the attempt's time is up, a value must be for all, and the machine must go this way. */
  #look(start: FlightStart): StraightTerms | null {
    const { settings, targets, seam, timerOf, health } = this.#setup;
    const { name, isShareable } = targets[start.target] as FilledTarget;
    const isTimed = timerOf !== null || this.#shard.firstAttemptMs(start, this.#flightMs) === this.attemptMs;
    const mayGo = isTimed && settings.hedge === null && isShareable === null && leadsStraight(start);
    const terms = { attempt: 1, target: name, carried: undefined, ms: timerOf === null ? this.attemptMs : null, start, seam };
    // No time is shorter than a millisecond: what may be taken of one is a share of it. Of endless time it is what a target may take at all.
    const shares = Math.round(1 / this.#shard.firstAttemptMs(start, 1));
    const msMax = this.#shard.firstAttemptMs(start, Number.POSITIVE_INFINITY);
    const own = health.of(start.target);
    return (start.straight = mayGo ? { terms, health: own, budget: own.budget, shares, msMax } : null);
  }

  #callOnPort(order: Order, timer: WheelEntry, { terms, shares, msMax }: StraightTerms): void {
    const { wheel, memory } = this.#setup;
    const { slot, number, launchedAt, deadline } = order;
    wheel.arm(timer, Math.min((deadline - launchedAt) / shares, msMax), launchedAt);
    // Before the call: should this thread die in it, the front must know that it was made.
    memory.enterFirst(slot, number, (terms.start as FlightStart).target);
    inOwnContext(this.#call, order);
    memory.exit();
  }

  readonly #call = (order: Order): Promise<unknown> => {
    const { targets, flying } = this.#setup;
    const attempt = order.course as Attempt;
    const target = targets[(Attempt.startOf(attempt) as FlightStart).target] as FilledTarget;
    const called = flying === null ? callTarget(target, order, attempt, null) : flying.run(order, callTarget, target, order, attempt, null);
    return listen(
      called,
      (value) => this.#returned(order, attempt, value),
      (error) => this.#rejected(order, attempt, error),
    );
  };

  #returned(order: Order, attempt: Attempt, value: unknown): void {
    if (order.course !== attempt) return this.#late(order, attempt, value);
    // Each looked at once: what a value does when it is looked at, it does once.
    const stream = typeof value === 'object' && isStream(value) ? value : null;
    const refusal = stream !== null ? null : refusalOf(this.#setup, value, order);
    if (stream !== null) return this.#streams(order, attempt, stream);
    // Looked at, it may have ended its own flight.
    if (order.course !== attempt) return;
    if (refusal !== null) return this.#shard.refuse(this.divert(order, attempt), refusal);
    const { seam, receiver, memory, timerOf } = this.#setup;
    const start = Attempt.startOf(attempt) as FlightStart;
    const { health } = start.straight as StraightTerms;
    const endedAt = seam.stamp();
    order.course = start;
    memory.count(start.target, ENDED, 1);
    if (timerOf === null) health.endedWell(order.launchedAt, endedAt);
    else this.#endedOnPort(order, timerOf(order), health, endedAt);
    if (this.#shard.isAwaited) this.#shard.freed('well');
    receiver.wentStraight(order, value, endedAt);
  }

  /** Not counted with others later: other threads must know of it, too. */
  #endedOnPort({ launchedAt }: Order, timer: WheelEntry, health: TargetHealth, endedAt: number): void {
    this.#setup.wheel.disarm(timer);
    health.ended(ORDINARY, 'well', launchedAt, endedAt);
  }

  #streams(order: Order, attempt: Attempt, stream: AsyncIterable<unknown>): void {
    if (order.course !== attempt) return closeStream(stream);
    const { timerOf, wheel } = this.#setup;
    const ms = timerOf === null ? this.attemptMs : timerOf(order).due - order.launchedAt;
    // From now on its time is its record's.
    const record = this.divert(order, attempt);
    wheel.arm(record, ms, order.launchedAt);
    this.#shard.streams.begin(record, attempt, stream);
  }

  /** It has been diverted meanwhile; where nothing is left of it, only a stream has to be closed. */
  #late(order: Order, attempt: Attempt, value: unknown): void {
    const record = recordOf<Order>(order);
    if (record !== null) this.#shard.streams.returned(record, attempt, value);
    else if (isStream(value)) closeStream(value);
  }

  #rejected(order: Order, attempt: Attempt, error: unknown): void {
    const record = order.course === attempt ? this.divert(order, attempt) : recordOf<Order>(order);
    if (record !== null) this.#shard.rejected(record, attempt, error);
  }
}

const carrying = (terms: AttemptTerms, carried: unknown): AttemptTerms => ({ ...terms, carried });

/** What its shard holds of a flight that goes straight no more; `null`: nothing is left, or it never left its course. */
export function recordOf<Order extends StraightOrder>({ course }: { readonly course: Course<Order> }): FlightRecord<Order> | null {
  return course instanceof FlightRecord ? course : null;
}

/** One action at its launch, a call, and one when its value is there, which settles it. */
function leadsStraight({ state }: FlightStart): boolean {
  const launch = edgeOf(state, flight.FLIGHT_LAUNCHED);
  const end = edgeOf(stateBehind(launch), flight.ATTEMPT_RESOLVED);
  return onlyAction(launch) === flight.START_ATTEMPT && onlyAction(end) === flight.SETTLE_FULFILLED && isSettled(stateBehind(end));
}
