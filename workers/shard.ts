/**
 * A shard: owns the flights of its part of the keys and flies each by the machine's table. It makes attempts, minds their times, and reports
 * to the front behind its link. It knows no waiters, and may be lost at any time: what must survive lives in the front.
 */
import * as flight from '../machines/flight.table.js';
import { Accounts } from './accounts.js';
import { Attempt } from './attempt.js';
import { attemptRecord, fill, type AttemptFailure } from './attempt-record.js';
import type { Sample } from './breaker.js';
import { callTarget } from './call-target.js';
import { statusOf } from './classify.js';
import { inOwnContext } from './clean-context.js';
import { FlightRecord, type DueReceiver } from './flight-record.js';
import { actions, edgeOf, FreshStarts, isSettled, nameOfAction, NOT_ONE, onlyAction, startOf, stateBehind } from './flight-steps.js';
import { judge } from './judge.js';
import { attemptMs, firstTarget } from './next-target.js';
import { type AttemptEnd, type AttemptRecord, type Failure, type LaunchOrder, STREAM_ENDED } from './protocol.js';
import { isForOne, refusalOf } from './refusal.js';
import { Refused } from './refused.js';
import { Router, type Stepper } from './router.js';
import type { ShardSetup } from './shard-setup.js';
import { Streams } from './streams.js';
import type { FilledTarget } from './targets.js';

export class Shard<Order extends LaunchOrder> implements DueReceiver, Stepper<Order> {
  readonly #setup: ShardSetup<Order>;
  readonly #router: Router<Order>;
  readonly #accounts: Accounts;
  /** Of all flights that no earlier life has flown, and that have no route of their own: for each route that steering gives. */
  readonly #starts: FreshStarts;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly streams: Streams<Order>;

  constructor(setup: ShardSetup<Order>) {
    this.#setup = setup;
    this.#router = new Router(setup, this);
    this.#accounts = new Accounts(setup);
    this.#starts = new FreshStarts(setup.settings);
    this.#indexOf = new Map(setup.targets.map(({ name }, index) => [name, index]));
    this.streams = new Streams(setup, {
      value: (record, attempt, value) => this.#resolved(record, attempt, value),
      opened: (record) => {
        this.#accounts.opens(record, setup.seam.now());
        this.step(record, flight.STREAM_OPENED);
      },
      refused: (record, refusal) => this.#refuse(record, refusal),
      broke: (record, attempt, error) => this.#rejected(record, attempt, error),
    });
  }

  /** Takes a flight on: what is needed to fly it, or to abandon it. */
  take(order: Order): FlightRecord<Order> {
    const route = order.route === null ? this.#setup.steering.route() : order.route.map((name) => this.#indexOf.get(name) as number);
    const isFresh = order.route === null && order.attemptsMade === 0;
    return new FlightRecord(order, isFresh ? this.#starts.of(route) : startOf(route, this.#setup.settings, order), this);
  }

  /** Begins the flight. Nothing is reported before this returns: a target's synchronous end is as asynchronous as any other. */
  launch(record: FlightRecord<Order>): void {
    const { attemptsMade, lastTarget, targetsTried, chunksGiven } = record.order;
    // Its thread died in mid-air: it goes on where a target can.
    if (chunksGiven > 0 && this.streams.narrow(record)) record.target = firstTarget(record.route, targetsTried, lastTarget);
    // Its thread died in a call that must not be made twice: there is no second attempt, wherever it would go. Or there is nowhere to go.
    const isSpent = record.route.length === 0 || (attemptsMade > 0 && this.#setup.targets[lastTarget]?.replayable === false);
    // Its frame was read too late (a slow set-up, a thread that stood still): the call would be made for nothing. Inline, a launch is read at once.
    const now = record.order.slot === -1 ? record.order.launchedAt : this.#setup.seam.now();
    const isLate = record.order.slot !== -1 && now >= record.order.deadline;
    if (isLate || isSpent) return this.step(record, isLate ? flight.DEADLINE_PASSED : flight.TARGETS_EXHAUSTED);
    this.#router.launch(record, now);
  }

  /** Nobody waits any more. Does nothing for a flight that has settled. */
  abandon(record: FlightRecord<Order>): void {
    record.cause = 'abandoned';
    this.step(record, flight.FLIGHT_ABANDONED);
  }

  recordDue(record: FlightRecord, now: number): void {
    const mine = record as FlightRecord<Order>;
    record.cause = 'timed-out';
    if (now >= record.order.deadline) this.step(mine, flight.DEADLINE_PASSED);
    else if (record.stream !== null && record.attempt !== null && !this.streams.isSilent(mine, now)) return;
    else if (record.attempt !== null) this.step(mine, flight.ATTEMPT_TIMED_OUT);
    else this.#router.backoffElapsed(mine);
  }

  /** One event: the new state is stored, then its actions run in order; what arises in them waits until they are done, as in a live actor. */
  step(record: FlightRecord<Order>, event: number): void {
    if (record.stepping) {
      record.queue ??= [];
      record.queue.push(event);
      return;
    }
    record.stepping = true;
    this.#fly(record, event);
    while (record.queue !== null && record.queue.length > 0) this.#fly(record, record.queue.shift() as number);
    record.stepping = false;
  }

  #fly(record: FlightRecord<Order>, event: number): void {
    // Settled is the end: an abandon that was queued behind the settling event finds nothing to do.
    if (isSettled(record.state)) return;
    const edge = edgeOf(record.state, event);
    record.state = stateBehind(edge);
    const only = onlyAction(edge);
    if (only !== NOT_ONE) return this.#act(record, only);
    for (const action of actions(edge)) this.#act(record, action);
  }

  #act(record: FlightRecord<Order>, action: number): void {
    switch (action) {
      case flight.START_ATTEMPT:
        return this.#startAttempt(record);
      case flight.ABORT_ATTEMPT:
        return this.#abortAttempt(record);
      case flight.CHOOSE_TARGET:
        this.streams.narrow(record);
        return this.#router.failOver(record);
      case flight.SETTLE_FULFILLED:
        this.#router.leave(record);
        return this.#setup.receiver.fulfilled(record.order, record.ended as AttemptRecord, record.result);
      case flight.SETTLE_ANSWERED:
        return this.#fail(record, record.refused ? 'refused' : 'answered');
      case flight.SETTLE_EXHAUSTED:
        return this.#fail(record, record.refused ? 'refused' : 'exhausted');
      case flight.SETTLE_BROKEN:
        return this.#fail(record, record.refused ? 'refused' : 'broken');
      case flight.SETTLE_TIMED_OUT:
        return this.#fail(record, 'timed-out');
      case flight.SETTLE_ABANDONED:
        return this.#fail(record, 'abandoned');
      default:
        throw new Error(`coalescer: the flight machine asks for '${nameOfAction(action)}', which no shard can do: this is a bug`);
    }
  }

  #startAttempt(record: FlightRecord<Order>): void {
    const { seam, wheel, targets, settings, memory } = this.#setup;
    const { order } = record;
    const target = targets[record.target] as FilledTarget;
    // Inline, a launch is read at once.
    const isAtLaunch = record.attemptsMade === 0 && order.slot === -1 && !record.hasWaited;
    const now = isAtLaunch ? order.launchedAt : seam.now();
    this.#accounts.begins(record, now);
    record.attemptsMade++;
    const share = attemptMs(record, target.attemptTimeoutMs ?? settings.attemptTimeoutMs, now);
    record.targetsTried |= 1 << record.target;
    const ms = Math.min(share, this.streams.firstChunkMs(record, Number.POSITIVE_INFINITY));
    wheel.arm(record, ms, now);
    record.attempt = new Attempt(record, target.name, seam);
    record.attemptStartedAt = now;
    if (order.slot !== -1) {
      // Before the call: should this thread die in it, the front must know that it was made.
      memory.enterLedger(order.slot, record.attemptsMade, record.targetsTried, record.target);
      memory.enter(order.number);
    }
    inOwnContext(this.#call, record);
    if (order.slot !== -1) memory.exit();
  }

  /**
   * Calls the record's target, and hears its end later than this returns: in a context of its own, so that nothing of the request that happened to
   * launch the flight leaks into work shared by others.
   */
  readonly #call = (record: FlightRecord<Order>): void => {
    const { targets, flying } = this.#setup;
    const { order } = record;
    const attempt = record.attempt as Attempt;
    const call = [targets[record.target] as FilledTarget, order, attempt, this.streams.deliveredTo(record)] as const;
    const called = flying === null ? callTarget(...call) : flying.run(order, callTarget, ...call);
    const resolved = (value: unknown): void => this.streams.returned(record, attempt, value);
    const rejected = (error: unknown): void => this.#rejected(record, attempt, error);
    try {
      called.then(resolved, rejected);
    } catch (error) {
      // What has a promise's prototype need not be one.
      Promise.reject(error).then(resolved, rejected);
    }
  };

  #resolved(record: FlightRecord<Order>, attempt: Attempt, value: unknown): void {
    if (record.attempt !== attempt) return; // timed out or abandoned meanwhile: too late to count
    const refusal = value === STREAM_ENDED ? null : refusalOf(this.#setup, value, record.order);
    if (record.attempt !== attempt) return; // looking at the value has ended its own flight
    if (refusal !== null) return this.#refuse(record, refusal);
    const target = this.#setup.targets[record.target] as FilledTarget;
    record.isForOne = value !== STREAM_ENDED && isForOne(target, value);
    if (record.attempt !== attempt) return; // `isShareable` has ended its own flight
    this.#endAttempt(record, 'value', 'well', null);
    record.result = value;
    this.step(record, flight.ATTEMPT_RESOLVED);
  }

  #refuse(record: FlightRecord<Order>, refusal: Error): void {
    this.#endAttempt(record, 'answer', 'well', { error: refusal, verdict: 'answer' });
    record.refused = refusal instanceof Refused;
    record.result = refusal;
    this.step(record, flight.ATTEMPT_ANSWERED);
  }

  #rejected(record: FlightRecord<Order>, attempt: Attempt, error: unknown): void {
    if (record.attempt !== attempt) return;
    const target = this.#setup.targets[record.target] as FilledTarget;
    const { verdict, retryAfterMs, holdMs, isForCredential, sample } = judge(target, error, attempt, this.#setup.seam);
    if (record.attempt !== attempt) return; // `classify` has ended its own flight
    record.result = error;
    record.lastStatus = statusOf(error) ?? 0;
    this.#endAttempt(record, verdict === 'answer' ? 'answer' : 'failed', sample, { error, verdict });
    if (holdMs > 0) this.#setup.health.hold(record.target, { ms: holdMs, isForCredential }, this.#setup.seam.now());
    if (verdict === 'answer') return this.step(record, flight.ATTEMPT_ANSWERED);
    record.verdict = verdict;
    if (retryAfterMs > 0) (record.holds ??= new Map()).set(record.target, this.#setup.seam.now() + retryAfterMs);
    this.step(record, flight.ATTEMPT_REJECTED);
  }

  #abortAttempt(record: FlightRecord<Order>): void {
    const { attempt } = record;
    if (attempt === null) return;
    record.verdict = 'failover';
    if (record.cause === 'abandoned') this.#endAttempt(record, 'aborted', 'none', null);
    else this.#endAttempt(record, 'timed-out', 'ill', null);
    attempt.abort(record.cause);
  }

  /** The current attempt is over, however it ended: what comes of it later is dropped, and its time no longer runs. */
  #endAttempt(record: FlightRecord<Order>, end: AttemptEnd, sample: Sample, failure: AttemptFailure | null): void {
    const { wheel, seam } = this.#setup;
    const startedAt = record.attemptStartedAt;
    const endedAt = end === 'value' ? seam.stamp() : seam.now();
    const attempt = record.attempt as Attempt;
    record.attempt = null;
    wheel.disarm(record);
    if (record.stream !== null) this.streams.stop(record);
    this.#accounts.ends(record, end, sample, endedAt);
    record.ended = fill(attemptRecord(attempt, end, failure, { startedAt, endedAt }), record);
    this.#router.freed(sample);
  }

  /** The one way a flight ends without a value. */
  #fail(record: FlightRecord<Order>, failure: Failure): void {
    const { ended, result } = record;
    this.#router.leave(record);
    record.ended = null;
    this.#setup.receiver.failed(record.order, ended, failure, result);
  }
}
