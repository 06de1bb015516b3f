/**
 * A shard: owns the flights of its part of the keys and flies each by the machine's table. It makes attempts, watches their times, and reports
 * to the front behind its link. It knows no waiters, and may be lost at any time: what must survive lives in the front.
 */
import * as flight from '../machines/flight.table.js';
import type { Attempt } from './attempt.js';
import { Attempts } from './attempts.js';
import type { Sample } from './breaker.js';
import { statusOf } from './classify.js';
import { FlightRecord, type DueReceiver, type FlightStart } from './flight-record.js';
import { actions, edgeOf, FreshStarts, isSettled, nameOfAction, NOT_ONE, onlyAction, startOf, stateBehind } from './flight-steps.js';
import type { Hedge } from './hedge.js';
import { Hedging } from './hedging.js';
import { judge, type Judgement } from './judge.js';
import { firstTarget } from './next-target.js';
import { type AttemptRecord, type Failure, type LaunchOrder, STREAM_ENDED } from './protocol.js';
import { isForOne, refusalOf } from './refusal.js';
import { Refused } from './refused.js';
import { Router, type Stepper } from './router.js';
import type { ShardSetup } from './shard-setup.js';
import { Streams } from './streams.js';
import type { FilledTarget } from './targets.js';

export class Shard<Order extends LaunchOrder> implements DueReceiver, Stepper<Order> {
  readonly #setup: ShardSetup<Order>;
  readonly #router: Router<Order>;
  readonly #attempts: Attempts<Order>;
  /** `null`: switched off. */
  readonly #hedging: Hedging<Order> | null;
  /** The starts of fresh flights without a route of their own: one for each route that steering gives. */
  readonly #starts: FreshStarts;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly streams: Streams<Order>;

  constructor(setup: ShardSetup<Order>) {
    this.#setup = setup;
    this.#router = new Router(setup, this);
    this.#hedging = setup.settings.hedge === null ? null : new Hedging(setup.settings.hedge, setup, this);
    this.#starts = new FreshStarts(setup.settings);
    this.#indexOf = new Map(setup.targets.map(({ name }, index) => [name, index]));
    this.streams = new Streams(setup, {
      value: (record, attempt, value) => this.#resolved(record, attempt, value),
      opened: (record) => {
        this.#attempts.opens(record);
        this.step(record, flight.STREAM_OPENED);
      },
      refused: (record, refusal) => this.refuse(record, refusal),
      broke: (record, attempt, error) => this.rejected(record, attempt, error),
    });
    this.#attempts = new Attempts(setup, {
      router: this.#router,
      streams: this.streams,
      hedging: this.#hedging,
      rejected: (record, attempt, error) => this.rejected(record, attempt, error),
    });
  }

  /** The start of a fresh flight without a route of its own. */
  freshStart(): FlightStart {
    return this.#starts.of(this.#setup.steering.route());
  }

  #startOf(order: Order): FlightStart {
    if (order.route === null && order.attemptsMade === 0) return this.freshStart();
    const route = order.route === null ? this.#setup.steering.route() : order.route.map((name) => this.#indexOf.get(name) as number);
    return startOf(route, this.#setup.settings, order);
  }

  /** Makes the record of a flight. `start`: where it starts, if known. */
  take(order: Order, start: FlightStart | null = null): FlightRecord<Order> {
    return new FlightRecord(order, start ?? this.#startOf(order), this);
  }

  /** How long the attempt from `start` may take in a flight that has `leftMs` left. */
  attemptMsFrom(start: FlightStart, leftMs: number): number {
    const order = { attemptsMade: 0, targetsTried: 0, lastTarget: -1, chunksGiven: 0, deadline: leftMs } as Order;
    const record = new FlightRecord(order, start, this);
    record.attemptsMade++;
    return this.#attempts.msFor(record, 0);
  }

  /** Begins the flight. Nothing is reported before this returns: even a target that ends synchronously is reported asynchronously. */
  launch(record: FlightRecord<Order>): void {
    const { attemptsMade, lastTarget, targetsTried, chunksGiven } = record.order;
    // Its thread died in mid-air: only targets that can go on are left.
    if (chunksGiven > 0 && this.streams.narrow(record)) record.target = firstTarget(record.route, targetsTried, lastTarget);
    // Its thread died in a call that must not be made twice, so there is no second attempt anywhere; or there is nowhere to go.
    const isSpent = record.route.length === 0 || (attemptsMade > 0 && this.#setup.targets[lastTarget]?.replayable === false);
    // Its frame was read too late (a slow set-up, a blocked thread): the call would be useless. Inline, a launch is read at once.
    const { launchedAt: now } = record.order;
    const isLate = record.order.slot !== -1 && now >= record.order.deadline;
    record.attemptStartedAt = now;
    if (isLate || isSpent) return this.step(record, isLate ? flight.DEADLINE_PASSED : flight.TARGETS_EXHAUSTED);
    this.#router.launch(record, now);
  }

  /** Nobody waits any more. Does nothing for a flight that has settled. */
  abandon(record: FlightRecord<Order>): void {
    record.ownDetour().cause = 'abandoned';
    this.step(record, flight.FLIGHT_ABANDONED);
  }

  recordDue(record: FlightRecord, now: number): void {
    const mine = record as FlightRecord<Order>;
    if (record.detour.cause !== 'timed-out') record.ownDetour().cause = 'timed-out';
    if (now >= record.order.deadline) return this.step(mine, flight.DEADLINE_PASSED);
    if (record.attempt === null) return this.#router.backoffElapsed(mine);
    const { hedge } = record;
    const areTwo = hedge !== null && hedge.rival !== null;
    if (hedge !== null && this.#hedging?.isDue(mine, hedge, now) === true) return;
    if (record.stream === null || this.streams.isSilent(mine, now)) this.step(mine, flight.ATTEMPT_TIMED_OUT);
    // The other attempt's time may be up as well. If it were armed anew, it would be told a tick too late.
    if (areTwo && record.attempt !== null && hedge.due <= now) this.recordDue(record, now);
  }

  /** One event: stores the new state, then runs its actions in order. Events that arise in them wait until they are done, as in a live actor. */
  step(record: FlightRecord<Order>, event: number): void {
    if (record.stepping) {
      const detour = record.ownDetour();
      // A literal list of one has a capacity of one; after a push it is seventeen.
      if (detour.queue === null) detour.queue = [event];
      else detour.queue.push(event);
      return;
    }
    record.stepping = true;
    this.#fly(record, event);
    this.resume(record);
  }

  /** An action is over: handles the events that arose in it. */
  resume(record: FlightRecord<Order>): void {
    for (let next = nextEvent(record); next !== undefined; next = nextEvent(record)) this.#fly(record, next);
    record.stepping = false;
  }

  #fly(record: FlightRecord<Order>, event: number): void {
    // Settled is final: an abandon that was queued behind the settling event does nothing.
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
        return this.#attempts.begin(record);
      case flight.ABORT_ATTEMPT:
        return this.#attempts.abort(record);
      case flight.START_HEDGE:
        return this.#attempts.startHedge(record, record.hedge as Hedge);
      case flight.KEEP_RIVAL:
        return this.#attempts.keepRival(record, record.hedge as Hedge);
      case flight.OUTRACE_RIVAL:
        return this.#attempts.endRival(record, record.hedge as Hedge, 'outraced');
      case flight.ABORT_RIVAL:
        return this.#attempts.endRival(record, record.hedge as Hedge, record.detour.cause);
      case flight.CHOOSE_TARGET:
        this.streams.narrow(record);
        return this.#router.failOver(record);
      case flight.SETTLE_FULFILLED:
        this.#router.leave(record);
        return this.#setup.receiver.fulfilled(record.order, record.ended as AttemptRecord, record.result);
      case flight.SETTLE_ANSWERED:
        return this.#fail(record, record.detour.refused ? 'refused' : 'answered');
      case flight.SETTLE_EXHAUSTED:
        return this.#fail(record, record.detour.refused ? 'refused' : 'exhausted');
      case flight.SETTLE_BROKEN:
        return this.#fail(record, record.detour.refused ? 'refused' : 'broken');
      case flight.SETTLE_TIMED_OUT:
        return this.#fail(record, 'timed-out');
      case flight.SETTLE_ABANDONED:
        return this.#fail(record, 'abandoned');
      default:
        throw new Error(`coalescer: the flight machine asks for '${nameOfAction(action)}', which no shard can do: this is a bug`);
    }
  }

  #resolved(record: FlightRecord<Order>, attempt: Attempt, value: unknown): void {
    if (!record.turnTo(attempt)) return; // timed out, outraced or abandoned meanwhile: too late to count
    const refusal = value === STREAM_ENDED ? null : refusalOf(this.#setup, value, record.order);
    if (record.attempt !== attempt) return; // reading the value has ended its own flight
    if (refusal !== null) return this.refuse(record, refusal);
    const target = this.#setup.targets[record.target] as FilledTarget;
    if (value !== STREAM_ENDED && isForOne(target, value)) record.ownDetour().isForOne = true;
    if (record.attempt !== attempt) return; // `isShareable` has ended its own flight
    this.#attempts.end(record, 'value', 'well', null);
    record.result = value;
    this.step(record, flight.ATTEMPT_RESOLVED);
  }

  /** The value of the current attempt may not be shared: the flight ends with that error. */
  refuse(record: FlightRecord<Order>, refusal: Error): void {
    this.#attempts.end(record, 'answer', 'well', { error: refusal, status: statusOf(refusal) ?? 0, verdict: 'answer' });
    record.ownDetour().refused = refusal instanceof Refused;
    record.result = refusal;
    this.step(record, flight.ATTEMPT_ANSWERED);
  }

  /** A target's error, or its stream's. A late one is dropped. */
  rejected(record: FlightRecord<Order>, attempt: Attempt, error: unknown): void {
    if (!record.turnTo(attempt)) return;
    const target = this.#setup.targets[record.target] as FilledTarget;
    const judgement = judge(target, error, attempt, this.#setup.seam);
    if (record.attempt === attempt) this.judged(record, error, judgement); // else `classify` has ended its own flight
  }

  /** The current attempt has failed, with this judgement. */
  judged(record: FlightRecord<Order>, error: unknown, judgement: Judgement): void {
    const { status, verdict, retryAfterMs, holdMs, isForCredential, sample } = judgement;
    record.result = error;
    const detour = record.ownDetour();
    detour.lastStatus = status;
    this.#attempts.end(record, verdict === 'answer' ? 'answer' : 'failed', sample, { error, status, verdict });
    if (holdMs > 0) this.#setup.health.hold(record.target, { ms: holdMs, isForCredential }, this.#setup.seam.now());
    if (verdict === 'answer') return this.step(record, flight.ATTEMPT_ANSWERED);
    detour.verdict = verdict;
    if (retryAfterMs > 0) (detour.holds ??= new Map()).set(record.target, this.#setup.seam.now() + retryAfterMs);
    this.step(record, flight.ATTEMPT_REJECTED);
  }

  /** Does any flight wait for a target that may be called? */
  get isAwaited(): boolean {
    return this.#router.isAwaited;
  }

  /** An attempt is over: its place, or its breaker, may admit another. */
  freed(sample: Sample): void {
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

/** The next queued event. */
function nextEvent(record: FlightRecord): number | undefined {
  const { queue } = record.detour;
  if (queue === null) return undefined;
  if (queue.length <= 1) record.ownDetour().queue = null;
  return queue.shift();
}
