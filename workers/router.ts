/**
 * Where flights go: which target is called first and which next, and which flights have to wait for one. It admits before it sends, and gives back what
 * a flight did not use. It knows nothing of attempts.
 */
import * as flight from '../machines/flight.table.js';
import { onward } from './attempt-record.js';
import { REFUSED, type Sample } from './breaker.js';
import type { FlightRecord } from './flight-record.js';
import { afterRest, nextTarget, type Choice, type ChoiceSetup } from './next-target.js';
import { reasonOf } from './passed-over.js';
import type { AttemptRecord, LaunchOrder } from './protocol.js';
import { Refused } from './refused.js';
import type { ShardReceiver, ShardSetup } from './shard-setup.js';
import { WaitingRoom, type WaitingReceiver } from './waiting-room.js';
import type { Wheel } from './wheel.js';

/** Steps a flight when something has happened to it: the shard. */
export interface Stepper<Order extends LaunchOrder> {
  step(record: FlightRecord<Order>, event: number): void;
}

export class Router<Order extends LaunchOrder> implements WaitingReceiver {
  readonly #setup: ChoiceSetup & { readonly wheel: Wheel };
  readonly #receiver: ShardReceiver<Order>;
  readonly #stepper: Stepper<Order>;
  readonly #waiting: WaitingRoom;

  constructor({ seam, wheel, targets, health, settings, receiver }: ShardSetup<Order>, stepper: Stepper<Order>) {
    const { backoff, breaker } = settings;
    this.#setup = { seam, wheel, targets, health, backoff, whenAllOpen: breaker?.whenAllOpen ?? 'try' };
    this.#receiver = receiver;
    this.#stepper = stepper;
    this.#waiting = new WaitingRoom({ seam, wheel, receiver: this });
  }

  /** Begins a flight at its first target, or at the first that may be called, or once one may be. */
  launch(record: FlightRecord<Order>, now: number): void {
    const { health } = this.#setup;
    // It may have been admitted already.
    if (record.pass === REFUSED) record.pass = health.of(record.target).admit(now);
    if (record.pass !== REFUSED) return this.#stepper.step(record, flight.FLIGHT_LAUNCHED);
    const choice = nextTarget(record, this.#setup, now);
    if (choice.kind === 'now') {
      take(record, choice, now);
      return this.#stepper.step(record, flight.FLIGHT_LAUNCHED);
    }
    this.#stepper.step(record, flight.LAUNCH_DELAYED);
    this.#wait(record);
    // A flight with nowhere to go is told so later: nothing is reported during its launch.
    if (choice.kind === 'nowhere') this.#waiting.wake();
  }

  /** Goes on to the next target, after a failed attempt, which is reported now. A listener may end the flight: the record holds its new pass by then. */
  failOver(record: FlightRecord<Order>): void {
    const ended = record.ended as AttemptRecord;
    const choice = this.#choose(record, ended.endedAt);
    record.ended = null;
    this.#receiver.attempted(record.order, onward(ended, choice, this.#setup.targets, record.detour.passedOver));
    this.#go(record, choice);
  }

  #choose(record: FlightRecord<Order>, now = this.#setup.seam.now()): Choice {
    const choice = record.detour.isRested ? afterRest(record, this.#setup, now) : nextTarget(record, this.#setup, now);
    if (choice.kind === 'now') take(record, choice, now);
    return choice;
  }

  /** Leaves failing-over, as was chosen. */
  #go(record: FlightRecord<Order>, choice: Choice): void {
    const { seam, wheel } = this.#setup;
    switch (choice.kind) {
      case 'now':
        return this.#stepper.step(record, isAgain(record) ? flight.BACKOFF_ELAPSED : flight.TARGET_CHOSEN);
      case 'later':
        restBefore(record, choice.target);
        return wheel.arm(record, choice.waitMs, seam.now());
      case 'wait':
        return this.#wait(record);
      default:
        // If there was an attempt, its error says more.
        if (record.attemptsMade === record.order.attemptsMade && record.order.chunksGiven === 0) {
          record.result = this.#nowhere(record);
          record.ownDetour().refused = true;
        }
        return this.#stepper.step(record, flight.TARGETS_EXHAUSTED);
    }
  }

  /** The backoff before the same target is over. */
  backoffElapsed(record: FlightRecord<Order>): void {
    record.ownDetour().isRested = true;
    this.#go(record, this.#choose(record));
  }

  lookAt(given: FlightRecord, mayCall: boolean): 'left' | 'over' | 'waits' | 'barred' {
    const record = given as FlightRecord<Order>;
    // Later ones must not overtake it.
    if (!mayCall) return record.isFresh ? 'barred' : 'waits';
    const choice = this.#choose(record);
    if (choice.kind === 'wait') return record.isFresh ? 'barred' : 'waits';
    this.#waiting.delete(record);
    this.#go(record, choice);
    return choice.kind === 'nowhere' ? 'over' : 'left';
  }

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** An attempt is over: its place, or its breaker, may admit another. */
  freed(sample: Sample): void {
    if (sample === 'well') this.#waiting.encourage();
    this.#waiting.wake();
  }

  /** The flight is over: removes its timer, its place in the waiting room, and a pass that it did not use. */
  leave(record: FlightRecord<Order>): void {
    const { wheel, seam, health } = this.#setup;
    wheel.disarm(record);
    this.#waiting.delete(record);
    if (record.pass === REFUSED) return;
    const now = seam.now();
    health.of(record.target).ended(record.pass, 'none', now, now);
    record.pass = REFUSED;
  }

  #wait(record: FlightRecord<Order>): void {
    const { seam, wheel } = this.#setup;
    const now = seam.now();
    this.#waiting.add(record);
    wheel.arm(record, record.order.deadline - now, now);
  }

  /** The error of a flight for which no target could be called. */
  #nowhere({ detour }: FlightRecord<Order>): Refused {
    const why = (detour.passedOver ?? []).map((told) => `${told.target} ${reasonOf(told)}`);
    return new Refused('COALESCER_TARGETS_FAILED', `no target may be called within the flight's time: ${why.join(', ')}`);
  }
}

function take(record: FlightRecord, { target, pass }: Extract<Choice, { kind: 'now' }>, now: number): void {
  record.target = target;
  record.pass = pass;
  record.attemptStartedAt = now;
}

/** A backoff begins. If the last error asked for a retry on another target than this one, that wish is dropped. */
function restBefore(record: FlightRecord, target: number): void {
  const detour = record.ownDetour();
  if (target !== record.target) detour.verdict = 'failover';
  detour.isRested = false;
  record.target = target;
}

/** Is it a repeated call after a backoff? The backoff grows with each. */
function isAgain(record: FlightRecord): boolean {
  if (!record.detour.isRested) return false;
  const detour = record.ownDetour();
  detour.isRested = false;
  if ((record.targetsTried & (1 << record.target)) === 0) return false;
  detour.repeats++;
  return true;
}
