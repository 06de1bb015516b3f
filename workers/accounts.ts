/** What is counted when an attempt begins, answers and ends: for statistics, for its target's health, and for the budget. */
import type { Sample } from './breaker.js';
import { ORDINARY, REFUSED } from './breaker.js';
import type { FlightRecord } from './flight-record.js';
import type { Health } from './health.js';
import type { Hedge, Rival } from './hedge.js';
import type { AttemptEnd } from './protocol.js';
import { ENDED, FAILURES, HEDGES, OUTRACED, RETRIES, type SharedMemory } from './shared-memory.js';

export class Accounts {
  readonly #memory: SharedMemory;
  readonly #health: Health;

  constructor({ memory, health }: { readonly memory: SharedMemory; readonly health: Health }) {
    this.#memory = memory;
    this.#health = health;
  }

  /** Called before the record counts the attempt. */
  begins(record: FlightRecord, now: number): void {
    const { target } = record;
    this.#memory.began(target);
    if (record.hedge !== null && record.hedge.rival !== null) this.#memory.count(target, HEDGES, 1);
    else if ((record.targetsTried & (1 << target)) === 0) this.#health.of(target).first(now);
    else this.#memory.count(target, RETRIES, 1);
    if (record.attemptsMade === 0) return;
    const detour = record.ownDetour();
    // A draw for a target that was not called in the end is kept for that target's next attempt.
    if (detour.drawnFor === target) detour.drawnFor = -1;
    detour.hasAnswered = false;
  }

  /** Its stream has begun. The end of a stream may be minutes away, so the first chunk says that its target is well. */
  opens(record: FlightRecord, now: number): void {
    this.#health.of(record.target).answered(record.pass, record.attemptStartedAt, now);
    record.ownDetour().hasAnswered = true;
    record.pass = ORDINARY;
  }

  /** A rival has lost the race, or is aborted with the other. It has given no chunk. */
  rivalEnds(hedge: Hedge, end: AttemptEnd, endedAt: number): void {
    const { target, pass, attempt, attemptStartedAt } = hedge.rival as Rival;
    const health = this.#health.of(target);
    this.#memory.count(target, ENDED, 1);
    if (end === 'timed-out') this.#memory.count(target, FAILURES, 1);
    if (end === 'outraced') this.#memory.count(target, OUTRACED, 1);
    if (end === 'outraced' && attempt.attempt !== hedge.attempt) health.outraced(attemptStartedAt, endedAt);
    health.ended(pass, end === 'timed-out' ? 'ill' : 'none', attemptStartedAt, endedAt);
  }

  ends(record: FlightRecord, end: AttemptEnd, sample: Sample, endedAt: number): void {
    const { target, pass, attemptStartedAt } = record;
    this.#memory.count(target, ENDED, 1);
    if (end === 'failed' || end === 'timed-out') this.#memory.count(target, FAILURES, 1);
    // What a stream's first chunk has said counts no second time at its end; a later failure does.
    this.#health.of(target).ended(pass, sample === 'well' && record.detour.hasAnswered ? 'none' : sample, attemptStartedAt, endedAt);
    record.pass = REFUSED;
  }
}
