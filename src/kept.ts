/** What is held for one key after its flight: a value and until when it is good, the last failure, and their reports. */
import { ownWhole } from '../workers/text.js';
import type { Tabled } from './flight-table.js';
import type { FlightReport } from './reports.js';
import { freezeDeep } from './share.js';

/** What a kept value is found by. */
export interface KeptIdentity {
  readonly scope: string | null;
  readonly key: string;
  readonly index: string;
  readonly routeId: string | null;
}

/** Something that can report on a flight that is over. */
export interface Reportable {
  report(): FlightReport;
}

/** A report for all who get the kept value, made when the first of them asks: to make and freeze it for each value took eight times as long as a flight. */
export class LateReport {
  #flight: Reportable | null;
  #report: FlightReport | null = null;

  constructor(flight: Reportable) {
    this.#flight = flight;
  }

  get report(): FlightReport {
    if (this.#report === null) {
      this.#report = (this.#flight as Reportable).report();
      this.#flight = null;
      freezeDeep(this.#report);
    }
    return this.#report;
  }
}

/** What a later request gets without a flight of its own. */
export type KeptAnswer = 'hit' | 'stale' | 'failure' | null;

/** The step of `surelyFreshUntil`, so that a year fits a small integer (Smi). */
const STEP_MS = 16;
const STEPS_MAX = 2 ** 31 - 1;

export class Kept implements Tabled {
  // All that a plain hit reads, side by side and first: of a million values, none is in the processor's cache.
  /** The promise that hits share. Made for the first of them. */
  promise: Promise<unknown> | null = null;
  /** Has it had a hit since its last turn to be evicted? */
  isAsked = false;
  /** The last whole step before `freshUntil`: a small integer lies in the object itself, an instant does not. */
  surelyFreshUntil = 0;

  readonly scope: string | null;
  readonly key: string;
  readonly index: string;
  readonly hasLongKey: boolean;
  readonly routeId: string | null;
  /** Written by the table: does it stand for its key? */
  isCurrent = false;
  /** Number of the flight that the value came from: an older flight that ends later must not overwrite it. 0: no value. */
  flight = 0;
  value: unknown = undefined;
  valueReport: LateReport | null = null;
  /** Instants until which the value is a hit, is given while it is refreshed, and stands in when all targets fail. */
  freshUntil = -Infinity;
  refreshUntil = -Infinity;
  ifErrorUntil = -Infinity;
  /** The last failure, and until when later requests get it. */
  error: unknown = undefined;
  errorReport: LateReport | null = null;
  errorUntil = -Infinity;
  /** What they take in memory: an error may hold as much as a value. */
  valueBytes = 0;
  errorBytes = 0;
  /** Neighbours in the eviction order, and the bytes it counts for there. */
  earlier: Kept | null = null;
  later: Kept | null = null;
  heldBytes = 0;

  constructor({ scope, key, index, routeId }: KeptIdentity) {
    // Copies: a short key may be a slice of the large body it came from.
    this.scope = scope === null ? null : ownWhole(scope);
    this.key = ownWhole(key);
    this.index = index === key ? this.key : index;
    this.hasLongKey = index !== key;
    this.routeId = routeId;
  }

  supersede(): void {
    this.isCurrent = false;
  }

  get bytes(): number {
    return 2 * (this.key.length + (this.scope?.length ?? 0)) + this.valueBytes + this.errorBytes;
  }

  /** Stores a value, good until these instants. */
  keep(value: unknown, { freshUntil, refreshUntil, ifErrorUntil }: Pick<Kept, 'freshUntil' | 'refreshUntil' | 'ifErrorUntil'>): void {
    this.value = value;
    this.freshUntil = freshUntil;
    this.refreshUntil = refreshUntil;
    this.ifErrorUntil = ifErrorUntil;
    this.surelyFreshUntil = Math.min(Math.floor(freshUntil / STEP_MS), STEPS_MAX);
  }

  /** Is it a hit, without reading the instant itself? `false`: ask `answerAt`. */
  isSurelyFresh(now: number): boolean {
    return now / STEP_MS < this.surelyFreshUntil;
  }

  answerAt(now: number): KeptAnswer {
    if (now < this.freshUntil) return 'hit';
    if (now < this.refreshUntil) return 'stale';
    if (now >= this.errorUntil) return null;
    // Right after a failure the kept value is better than the error, and no reason to refresh again at once.
    return now < this.ifErrorUntil ? 'stale' : 'failure';
  }

  /** Should a flight in the background refresh it now? */
  isToBeRefreshed(now: number): boolean {
    return now >= this.freshUntil && now >= this.errorUntil && now < this.refreshUntil;
  }

  /** Is the value good enough for a flight whose targets have all failed? */
  isGoodIfError(now: number): boolean {
    return this.flight > 0 && now < this.ifErrorUntil;
  }

  isOver(now: number): boolean {
    return now >= Math.max(this.freshUntil, this.refreshUntil, this.ifErrorUntil, this.errorUntil);
  }

  dropValue(): void {
    this.value = undefined;
    this.promise = this.valueReport = null;
    this.flight = this.valueBytes = 0;
    this.freshUntil = this.refreshUntil = this.ifErrorUntil = -Infinity;
    this.surelyFreshUntil = 0;
  }
}
