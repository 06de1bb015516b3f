/**
 * Straight flights: launch, call the first target, give its value. Nearly all flights are, inline and over ports, and for them a shard holds nothing but
 * the order and what the target sees. Before anything else happens to one, its record is made as it would be by then, had there been one since the launch.
 */
import { Attempt } from './attempt.js';
import { AttemptTerms } from './attempt-terms.js';
import { ORDINARY } from './breaker.js';
import { callTarget, listen } from './call-target.js';
import { apart, isApart, wasCalled } from './clean-context.js';
import { FlightRecord, FlightStart, type StraightTerms } from './flight-record.js';
import type { InAir } from './protocol.js';
import { closeUnread, isStream } from './pump.js';
import { refusalOf } from './refusal.js';
import type { Shard } from './shard.js';
import { ENDED } from './shared-memory.js';
import { StraightFailover, type StraightRecords } from './straight-failover.js';
import type { Course, StraightOrder, StraightSetup } from './straight-setup.js';
import { StraightStarts } from './straight-starts.js';
import type { TargetHealth } from './target-health.js';
import type { FilledTarget } from './targets.js';
import type { WheelEntry } from './wheel.js';

export class StraightFlights<Order extends StraightOrder> implements StraightRecords<Order> {
  readonly #setup: StraightSetup<Order>;
  readonly #shard: Shard<Order>;
  readonly #starts: StraightStarts<Order>;
  readonly #failover: StraightFailover<Order>;
  /** Number of the flight whose target is being called; 0: none. */
  #calling = 0;
  /** Flights whose target calls enclose that call, outermost first. */
  readonly #callingAround: number[] = [];

  /** `flightMs`: how long a flight without a timer may take. */
  constructor(shard: Shard<Order>, setup: StraightSetup<Order>, flightMs: number) {
    this.#setup = setup;
    this.#shard = shard;
    this.#starts = new StraightStarts(shard, setup, flightMs);
    this.#failover = new StraightFailover(shard, setup, this.#starts, this);
  }

  /** How long the first attempt of flights without a timer may take. */
  get attemptMs(): number {
    return this.#starts.attemptMs;
  }

  /**
   * Begins the flight: straight, if it may. Not split up, like `#returned`: V8 inlines no function of more than 460 bytes of bytecode, and no more than 920
   * bytes into any one. If this were smaller, it would at times be inlined into its caller and leave no room for others: each flight of such a process took 15 to 30 % longer.
   */
  launch(order: Order): void {
    const start = order.route === null ? this.#shard.freshStart() : null;
    const straight = start === null ? null : start.straight === undefined ? this.#starts.look(start) : start.straight;
    if (start === null || straight === null) return this.#shard.launch(this.#take(order, start));
    const { terms, health, budget } = straight;
    const pass = health.admit(order.launchedAt);
    if (pass !== ORDINARY) {
      // Not known to be well: it goes on with a record, and with the pass if it has one.
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
    if (timerOf === null) this.#callApart(order);
    else this.#callOnPort(order, timerOf(order), straight);
    this.#calling = around === 0 ? 0 : (this.#callingAround.pop() as number);
    if (order.course === attempt) return;
    // It was diverted while its target was being called.
    const record = recordOf<Order>(order);
    if (record !== null) this.#shard.resume(record);
  }

  /** Calls its target: events that arise meanwhile wait until that returns. A copy of code in `launch`, for the reason given there. */
  call(order: Order, attempt: Attempt): void {
    const around = this.#calling;
    if (around !== 0) this.#callingAround.push(around);
    this.#calling = order.number;
    this.#callApart(order);
    this.#calling = around === 0 ? 0 : (this.#callingAround.pop() as number);
    if (order.course === attempt) return;
    // It was diverted while its target was being called.
    const record = recordOf<Order>(order);
    if (record !== null) this.#shard.resume(record);
  }

  /** Begins a flight that may not go straight, wherever it starts: it has been flown before, or its time is over. */
  launchAside(order: Order): void {
    this.#shard.launch(this.#take(order, null));
  }

  /** The attempts that are out. */
  inAir(order: Order): readonly InAir[] {
    const { course } = order;
    if (!(course instanceof Attempt)) return recordOf<Order>(order)?.inAir ?? [];
    return [{ target: course.target, startedAt: Attempt.startedAtOf(course, order), isHedge: false }];
  }

  /** The time of its first attempt is up, unless it has gone another way since. */
  due(order: Order, now: number): void {
    const { course } = order;
    if (!(course instanceof Attempt)) return;
    const due = Attempt.dueOf(course);
    const record = this.divert(order, course);
    // It has gone straight on: from here its record times the attempt.
    if (now < due) this.#setup.wheel.arm(record, due - now, now);
    else this.#shard.recordDue(record, now);
  }

  /** Nobody waits any more. */
  abandon(order: Order): void {
    const { course } = order;
    // Between two attempts: `course` tells it to go no further.
    if (course instanceof FlightStart) order.course = null;
    const record = course instanceof Attempt ? this.divert(order, course) : recordOf<Order>(order);
    if (record !== null) this.#shard.abandon(record);
  }

  divert(order: Order, attempt: Attempt): FlightRecord<Order> {
    const { timerOf, wheel } = this.#setup;
    if (timerOf !== null) wheel.disarm(timerOf(order));
    const record = this.flown(order, Attempt.startOf(attempt) as FlightStart);
    record.attempt = attempt;
    record.attemptStartedAt = Attempt.startedAtOf(attempt, order);
    record.pass = ORDINARY;
    const { failed, error } = Attempt.afterOf(attempt);
    if (failed !== null) {
      record.result = error;
      record.ownDetour().lastStatus = failed.status ?? 0;
    }
    // Its target is being called, which is an action: events that arise now wait until that returns.
    record.stepping = order.number === this.#calling || this.#callingAround.includes(order.number);
    return record;
  }

  flown(order: Order, start: FlightStart): FlightRecord<Order> {
    const record = this.#take(order, start);
    record.state = (start.straight as StraightTerms).state;
    record.attemptsMade++;
    record.targetsTried |= 1 << start.target;
    return record;
  }

  #take(order: Order, start: FlightStart | null): FlightRecord<Order> {
    // From here on its record times it.
    this.#setup.seam.catchUp();
    return (order.course = this.#shard.take(order, start));
  }

  #callOnPort(order: Order, timer: WheelEntry, { terms, shares, msMax }: StraightTerms): void {
    const { wheel, memory } = this.#setup;
    const { slot, number, launchedAt, deadline } = order;
    wheel.arm(timer, Math.min((deadline - launchedAt) / shares, msMax), launchedAt);
    // Before the call: if this thread dies in it, the front must know that it was made.
    memory.enterFirst(slot, number, (terms.start as FlightStart).target);
    this.#callApart(order);
    memory.exit();
  }

  #callApart(order: Order): void {
    if (isApart()) apart(this.#called, order);
    else wasCalled(this.#call(order));
  }

  readonly #called = (order: Order): Promise<unknown> => this.#call(order);

  #call(order: Order): Promise<unknown> {
    const { targets, flying } = this.#setup;
    const attempt = order.course as Attempt;
    const target = targets[(Attempt.startOf(attempt) as FlightStart).target] as FilledTarget;
    const called = flying === null ? callTarget(target, order, attempt, null) : flying.call(target, order, attempt, null);
    return listen(
      called,
      (value) => this.#returned(order, attempt, value),
      (error) => this.#rejected(order, attempt, error),
    );
  }

  #returned(order: Order, attempt: Attempt, value: unknown): void {
    if (order.course !== attempt) return this.#late(order, attempt, value);
    // Each check reads the value once, since reading it may run the user's code.
    const stream = typeof value === 'object' && isStream(value) ? value : null;
    const refusal = stream !== null ? null : refusalOf(this.#setup, value, order);
    if (stream !== null) return this.#streams(order, attempt, stream);
    // Reading it may have ended its own flight.
    if (order.course !== attempt) return;
    if (refusal !== null) return this.#shard.refuse(this.divert(order, attempt), refusal);
    const { seam, receiver, memory, timerOf } = this.#setup;
    const start = Attempt.startOf(attempt) as FlightStart;
    const { health } = start.straight as StraightTerms;
    const endedAt = seam.stamp();
    order.course = start;
    memory.count(start.target, ENDED, 1);
    if (timerOf === null) health.endedWell(Attempt.startedAtOf(attempt, order), endedAt);
    else this.#endedOnPort(order, timerOf(order), health, endedAt);
    if (this.#shard.isAwaited) this.#shard.freed('well');
    receiver.wentStraight(order, value, endedAt);
  }

  /** Counted at once, not with others later: other threads must know of it. */
  #endedOnPort({ launchedAt }: Order, timer: WheelEntry, health: TargetHealth, endedAt: number): void {
    this.#setup.wheel.disarm(timer);
    health.ended(ORDINARY, 'well', launchedAt, endedAt);
  }

  #streams(order: Order, attempt: Attempt, stream: AsyncIterable<unknown>): void {
    if (order.course !== attempt) return closeUnread(stream);
    const due = Attempt.dueOf(attempt);
    // From now on its record times it.
    const record = this.divert(order, attempt);
    this.#setup.wheel.arm(record, due - order.launchedAt, order.launchedAt);
    this.#shard.streams.begin(record, attempt, stream);
  }

  /** It has been diverted meanwhile; if nothing is left of it, only a stream has to be closed. */
  #late(order: Order, attempt: Attempt, value: unknown): void {
    const record = recordOf<Order>(order);
    if (record !== null) this.#shard.streams.returned(record, attempt, value);
    else if (isStream(value)) closeUnread(value);
  }

  #rejected(order: Order, attempt: Attempt, error: unknown): void {
    if (order.course !== attempt) return this.#failedLate(order, attempt, error);
    const next = this.#failover.onward(order, attempt, error);
    if (next !== null) this.call(order, next);
  }

  #failedLate(order: Order, attempt: Attempt, error: unknown): void {
    const record = recordOf<Order>(order);
    if (record !== null) this.#shard.rejected(record, attempt, error);
  }
}

function carrying(terms: AttemptTerms, carried: unknown): AttemptTerms {
  const own = new AttemptTerms(terms);
  own.carried = carried;
  return own;
}

/** The record of a diverted flight; `null`: it has none, or not any more. */
export function recordOf<Order extends StraightOrder>({ course }: { readonly course: Course<Order> }): FlightRecord<Order> | null {
  return course instanceof FlightRecord ? course : null;
}
