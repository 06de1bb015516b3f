/**
 * When the attempt of a straight flight fails, it goes straight on to the next target, if that is well and nothing else has to be done. To make a record,
 * file it in the wheel and step through the table would take a third of a failover (1,010 to 650 ns), and to judge an error that says nothing another tenth.
 */
import * as flight from '../machines/flight.table.js';
import { Attempt } from './attempt.js';
import { AttemptTerms } from './attempt-terms.js';
import { FailedRecord, type TellableRecord } from './attempt-record.js';
import { ORDINARY } from './breaker.js';
import { saysNothing } from './classify.js';
import type { FlightRecord, FlightStart, StraightTerms } from './flight-record.js';
import { judge, type Judgement } from './judge.js';
import type { Shard } from './shard.js';
import type { StraightOrder, StraightSetup } from './straight-setup.js';
import type { StraightStarts } from './straight-starts.js';
import type { TargetHealth } from './target-health.js';
import type { FilledTarget } from './targets.js';

/** Makes records for flights that stop going straight. */
export interface StraightRecords<Order extends StraightOrder> {
  /** The flight's record, as it would be while that attempt is out. */
  divert(order: Order, attempt: Attempt): FlightRecord<Order>;
  /** The same when its attempt from `start` is over, but not reported yet. */
  flown(order: Order, start: FlightStart): FlightRecord<Order>;
}

export class StraightFailover<Order extends StraightOrder> {
  readonly #setup: StraightSetup<Order>;
  readonly #shard: Shard<Order>;
  readonly #starts: StraightStarts<Order>;
  readonly #records: StraightRecords<Order>;

  constructor(shard: Shard<Order>, setup: StraightSetup<Order>, starts: StraightStarts<Order>, records: StraightRecords<Order>) {
    this.#setup = setup;
    this.#shard = shard;
    this.#starts = starts;
    this.#records = records;
  }

  /** The flight's attempt has failed. Returns the next one, to be called; `null`: it goes another way, or is over. */
  onward(order: Order, attempt: Attempt, error: unknown): Attempt | null {
    const { targets, seam } = this.#setup;
    const start = Attempt.startOf(attempt) as FlightStart;
    if (this.#starts.behind(start) === null) {
      this.#shard.rejected(this.#records.divert(order, attempt), attempt, error);
      return null;
    }
    const target = targets[start.target] as FilledTarget;
    if (target.classify === null && saysNothing(error)) return this.#goOn(order, attempt, error, 0);
    const judgement = judge(target, error, attempt, seam);
    if (order.course !== attempt) return null; // `classify` has ended its own flight
    if (isPlain(judgement)) return this.#goOn(order, attempt, error, judgement.status);
    this.#shard.judged(this.#records.divert(order, attempt), error, judgement);
    return null;
  }

  /** Goes on to the next target, if that is well. */
  #goOn(order: Order, failing: Attempt, error: unknown, status: number): Attempt | null {
    const { seam, memory, receiver } = this.#setup;
    const endedAt = seam.stamp();
    const ended = new FailedRecord(failing, 'failed', error);
    ended.startedAt = Attempt.startedAtOf(failing, order);
    ended.endedAt = endedAt;
    ended.status = status === 0 ? undefined : status;
    ended.verdict = 'failover';
    if (order.course !== failing) return null; // a getter of the error has ended the flight
    const start = Attempt.startOf(failing) as FlightStart;
    const straight = start.straight as StraightTerms;
    const next = straight.next as FlightStart;
    memory.failed(start.target);
    straight.health.ended(ORDINARY, 'ill', ended.startedAt, endedAt);
    if (this.#shard.isAwaited) this.#shard.freed('ill');
    const { terms: first, health, budget, shares, msMax } = next.straight as StraightTerms;
    const leftMs = order.deadline - endedAt;
    if (leftMs <= 0 || !health.admitWell()) return this.#goAside(order, start, ended, error);
    ended.next = first.target;
    ended.waitMs = 0;
    // Between two attempts: a listener may abandon the flight, and then it goes no further.
    order.course = next;
    receiver.attempted(order, ended);
    if (order.course !== next) return this.#abandoned(order, health, error);
    memory.began(next.target);
    if (budget !== null) budget.first(endedAt);
    const terms = new AttemptTerms(first);
    terms.carried = order.carried;
    terms.ms = endedAt - order.launchedAt + Math.min(leftMs / shares, msMax);
    terms.failed = ended;
    terms.error = error;
    const attempt = new Attempt(order, terms);
    order.course = attempt;
    return attempt;
  }

  /** Its next target is not well, or full, or there is no time left: it goes on with a record. */
  #goAside(order: Order, start: FlightStart, ended: TellableRecord, error: unknown): null {
    const record = this.#records.flown(order, start);
    record.ended = ended;
    record.result = error;
    record.ownDetour().lastStatus = ended.status ?? 0;
    this.#shard.step(record, flight.ATTEMPT_REJECTED);
    return null;
  }

  /** A listener has abandoned it: gives back its place with the next target. */
  #abandoned(order: Order, health: TargetHealth, error: unknown): null {
    const now = this.#setup.seam.now();
    health.ended(ORDINARY, 'none', now, now);
    this.#setup.receiver.failed(order, null, 'abandoned', error);
    return null;
  }
}

/** Go to another target at once, and hold none? */
const isPlain = ({ verdict, sample, retryAfterMs, holdMs }: Judgement): boolean =>
  verdict === 'failover' && sample === 'ill' && retryAfterMs === 0 && holdMs === 0;
