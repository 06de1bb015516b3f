/** From where flights may go straight, and where they go straight on after a failure: decided once per start, and shared by all flights from there. */
import * as flight from '../machines/flight.table.js';
import { AttemptTerms } from './attempt-terms.js';
import { FlightStart, type StraightTerms } from './flight-record.js';
import { edgeOf, FreshStarts, isSettled, onlyAction, stateBehind } from './flight-steps.js';
import type { Shard } from './shard.js';
import type { StraightOrder, StraightSetup } from './straight-setup.js';
import type { FilledTarget } from './targets.js';

export class StraightStarts<Order extends StraightOrder> {
  readonly #setup: StraightSetup<Order>;
  readonly #shard: Shard<Order>;
  readonly #flightMs: number;
  /** How long the first attempt of flights without a timer may take: the same for all, so that their times are up in the order of their launch. */
  readonly attemptMs: number;

  /** `flightMs`: how long a flight without a timer may take. */
  constructor(shard: Shard<Order>, setup: StraightSetup<Order>, flightMs: number) {
    this.#setup = setup;
    this.#shard = shard;
    this.#flightMs = flightMs;
    const asWritten = new FreshStarts(setup.settings).of(setup.targets.map((_, target) => target));
    this.attemptMs = shard.attemptMsFrom(asWritten, flightMs);
  }

  /** May flights go straight from `start`? Nothing may be due before the attempt's time is up, its value must be for all, and the machine must go straight from there. */
  look(start: FlightStart): StraightTerms | null {
    const { settings, targets, seam, timerOf, health } = this.#setup;
    const { name, isShareable } = targets[start.target] as FilledTarget;
    const ms = this.#shard.attemptMsFrom(start, this.#flightMs);
    const isTimed = timerOf !== null || (isFirst(start) ? ms === this.attemptMs : ms >= this.attemptMs);
    const mayGo = isTimed && settings.hedge === null && isShareable === null && leadsStraight(start);
    const own = health.of(start.target);
    return (start.straight = !mayGo
      ? null
      : {
          terms: new AttemptTerms({
            attempt: start.attemptsMade + 1,
            target: name,
            carried: undefined,
            ms: timerOf === null ? this.attemptMs : null,
            start,
            seam,
          }),
          health: own,
          budget: own.budget,
          // With 1 ms left, what the attempt may take is its share. With endless time left, it is the target's own maximum.
          shares: Math.round(1 / this.#shard.attemptMsFrom(start, 1)),
          msMax: this.#shard.attemptMsFrom(start, Number.POSITIVE_INFINITY),
          state: stateBehind(beginOf(start)),
          next: timerOf === null ? undefined : null,
        });
  }

  /**
   * Where a flight goes straight on if its attempt from `start` has failed; `null`: nowhere. Not over ports, where a failure is sent at once, which takes
   * ten times as long as a record. The time of such an attempt must not be up before that of the first one would have been: nothing checks it earlier.
   */
  behind(start: FlightStart): FlightStart | null {
    const straight = start.straight as StraightTerms;
    return straight.next === undefined ? (straight.next = this.#lookBehind(start, straight.state)) : straight.next;
  }

  #lookBehind({ route, attemptsMax, attemptsMade, targetsTried, target }: FlightStart, state: number): FlightStart | null {
    const tried = { attemptsMade: attemptsMade + 1, targetsTried: targetsTried | (1 << target) };
    const untried = route.find((other) => (tried.targetsTried & (1 << other)) === 0);
    const failed = edgeOf(state, flight.ATTEMPT_REJECTED);
    // A call that may have reached upstream must not be repeated.
    const mayGo = this.#setup.targets[target]?.replayable === true && onlyAction(failed) === flight.CHOOSE_TARGET;
    if (untried === undefined || !mayGo) return null;
    const next = new FlightStart({ route, attemptsMax, state: stateBehind(failed), target: untried, ...tried });
    return this.look(next) === null ? null : next;
  }
}

const isFirst = ({ attemptsMade }: FlightStart): boolean => attemptsMade === 0;

const beginOf = (start: FlightStart): number => edgeOf(start.state, isFirst(start) ? flight.FLIGHT_LAUNCHED : flight.TARGET_CHOSEN);

/** One action when it begins, the call, and one when the value is there, which settles it. */
function leadsStraight(start: FlightStart): boolean {
  const begin = beginOf(start);
  const end = edgeOf(stateBehind(begin), flight.ATTEMPT_RESOLVED);
  return onlyAction(begin) === flight.START_ATTEMPT && onlyAction(end) === flight.SETTLE_FULFILLED && isSettled(stateBehind(end));
}
