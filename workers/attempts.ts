/**
 * Attempts of flights: how one begins, how it ends, and what happens to the other if two are out. The machine decides what follows from an end; the
 * router decides which target is called.
 */
import { Accounts } from './accounts.js';
import { Attempt, type AbortCause } from './attempt.js';
import { AttemptTerms } from './attempt-terms.js';
import { attemptRecord, fill, fillHedge, onward, type AttemptFailure, type TellableRecord } from './attempt-record.js';
import type { Sample } from './breaker.js';
import { callTarget, listen } from './call-target.js';
import { inOwnContext } from './clean-context.js';
import type { FlightRecord } from './flight-record.js';
import type { Hedge, Rival } from './hedge.js';
import type { Hedging } from './hedging.js';
import { attemptMs } from './next-target.js';
import type { AttemptEnd, LaunchOrder } from './protocol.js';
import type { Router } from './router.js';
import type { ShardSetup } from './shard-setup.js';
import type { Streams } from './streams.js';
import type { FilledTarget } from './targets.js';

/** The parts of the shard that attempts use. */
export interface AttemptsParts<Order extends LaunchOrder> {
  readonly router: Router<Order>;
  readonly streams: Streams<Order>;
  /** `null`: switched off. */
  readonly hedging: Hedging<Order> | null;
  /** Told of a target's error. What a target returns goes to `streams`. */
  readonly rejected: (record: FlightRecord<Order>, attempt: Attempt, error: unknown) => void;
}

export class Attempts<Order extends LaunchOrder> {
  readonly #setup: ShardSetup<Order>;
  readonly #parts: AttemptsParts<Order>;
  readonly #accounts: Accounts;

  constructor(setup: ShardSetup<Order>, parts: AttemptsParts<Order>) {
    this.#setup = setup;
    this.#parts = parts;
    this.#accounts = new Accounts(setup);
  }

  /** Calls the record's target. The attempt's time began when the target admitted it. */
  begin(record: FlightRecord<Order>): void {
    const { seam, wheel, targets, memory } = this.#setup;
    const { order, attemptStartedAt: now } = record;
    const target = targets[record.target] as FilledTarget;
    this.#accounts.begins(record, now);
    record.attemptsMade++;
    wheel.arm(record, this.msFor(record, now), now);
    const ms = record.due - order.launchedAt;
    record.attempt = new Attempt(
      order,
      new AttemptTerms({ attempt: record.attemptsMade, target: target.name, carried: order.carried, ms, start: null, seam }),
    );
    this.#parts.hedging?.begins(record, now);
    if (order.slot !== -1) {
      // Before the call: if this thread dies in it, the front must know that it was made.
      memory.enterLedger(order.slot, record);
      memory.enter(order.number);
    }
    inOwnContext(this.#call, record);
    if (order.slot !== -1) memory.exit();
  }

  /** How long its next attempt may take, which `attemptsMade` counts already. Marks its target as tried. */
  msFor(record: FlightRecord<Order>, now: number): number {
    const { targets, settings } = this.#setup;
    const own = (targets[record.target] as FilledTarget).attemptTimeoutMs ?? settings.attemptTimeoutMs;
    record.targetsTried |= 1 << record.target;
    return Math.min(attemptMs(record, own, now), this.#parts.streams.firstChunkMs(record, Number.POSITIVE_INFINITY));
  }

  /**
   * Calls the record's target in an async context of its own, so that nothing of the request that happened to launch the flight leaks into work shared
   * by others. The end is always heard later than this returns.
   */
  readonly #call = (record: FlightRecord<Order>): Promise<unknown> => {
    const { targets, flying } = this.#setup;
    const { streams, rejected } = this.#parts;
    const { order } = record;
    const attempt = record.attempt as Attempt;
    const target = targets[record.target] as FilledTarget;
    const delivered = streams.deliveredTo(record);
    const called = flying === null ? callTarget(target, order, attempt, delivered) : flying.call(target, order, attempt, delivered);
    return listen(
      called,
      (value) => streams.returned(record, attempt, value),
      (error) => rejected(record, attempt, error),
    );
  };

  /** The current attempt streams, and its first chunk is here. */
  opens(record: FlightRecord<Order>): void {
    this.#accounts.opens(record, this.#setup.seam.now());
  }

  /** The current attempt is over, however it ended: later results are dropped, and its time no longer runs. */
  end(record: FlightRecord<Order>, end: AttemptEnd, sample: Sample, failure: AttemptFailure | null): void {
    const { wheel, seam } = this.#setup;
    const startedAt = record.attemptStartedAt;
    const endedAt = end === 'value' ? seam.stamp() : seam.now();
    const attempt = record.attempt as Attempt;
    record.attempt = null;
    wheel.disarm(record);
    if (record.stream !== null) this.#parts.streams.stop(record);
    this.#accounts.ends(record, end, sample, endedAt);
    record.ended = fill(attemptRecord(attempt, end, failure, { startedAt, endedAt }), record);
    this.#parts.router.freed(sample);
  }

  /** Aborts the current attempt. */
  abort(record: FlightRecord<Order>): void {
    const { attempt } = record;
    if (attempt === null) return;
    const { cause } = record.detour;
    record.ownDetour().verdict = 'failover';
    if (cause === 'abandoned') this.end(record, 'aborted', 'none', null);
    else this.end(record, 'timed-out', 'ill', null);
    attempt.abort(cause);
  }

  /** Begins a second attempt beside the first: its target was chosen, and has admitted it. */
  startHedge(record: FlightRecord<Order>, hedge: Hedge): void {
    hedge.rival = record.standAside(hedge);
    hedge.attempt = record.attemptsMade + 1;
    record.target = hedge.target;
    record.pass = hedge.pass;
    record.attemptStartedAt = this.#setup.seam.now();
    this.begin(record);
  }

  /** One of the two has failed: the other goes on, and the failed one is reported now. */
  keepRival(record: FlightRecord<Order>, hedge: Hedge): void {
    const { wheel, seam, receiver, targets } = this.#setup;
    const ended = record.ended as TellableRecord;
    record.ended = null;
    record.takeUp(hedge.rival as Rival, hedge);
    hedge.rival = null;
    record.armAttempt(wheel, hedge.due, seam.now());
    // If the hedge failed, the flight stays where it is.
    const { target, pass } = record;
    receiver.attempted(record.order, ended.isHedge === true ? ended : onward(ended, { kind: 'now', target, pass }, targets, null));
  }

  /** Ends the other of the two: it was outraced, or is stopped with the current one. */
  endRival(record: FlightRecord<Order>, hedge: Hedge, cause: AbortCause): void {
    const { seam, receiver } = this.#setup;
    const { attempt, attemptStartedAt: startedAt, pump } = hedge.rival as Rival;
    const endedAt = seam.now();
    const end = cause === 'abandoned' ? 'aborted' : cause;
    this.#accounts.rivalEnds(hedge, end, endedAt);
    hedge.rival = null;
    pump?.stop();
    attempt.abort(cause);
    this.#parts.router.freed('none');
    receiver.attempted(record.order, fillHedge(attemptRecord(attempt, end, null, { startedAt, endedAt }), hedge));
  }
}
