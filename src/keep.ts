/**
 * Values that outlive their flight, bounded by count and bytes. Found by scope and key, compared in full, before the flight table is asked.
 */
import { isPromised } from '../workers/call-target.js';
import { FlightTable } from './flight-table.js';
import { Kept, type KeptIdentity, LateReport, type Reportable } from './kept.js';
import { KeptOrder } from './kept-order.js';
import { LastEnds } from './last-ends.js';
import type { Selection } from './selection.js';
import { weightOf } from './weight.js';

/** The `keep` options with all defaults filled in. */
export interface KeepSettings {
  readonly ttlMs: number | ((value: never) => number);
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly errorMs: number;
  readonly entries: number;
  readonly bytes: number;
}

/** A flight's end, as the keep needs it. */
export interface Settlement extends KeptIdentity {
  /** Number of the flight. */
  readonly flight: number;
  /** Number of the oldest flight in the air. */
  readonly oldest: number;
  /** How the flight went, for reports. */
  readonly story: Reportable;
}

/** An entry without its value and its key's characters: the object, its instants, its story, the promise that hits share, and table space with room to grow (measured: 526 to 690). */
const ENTRY_BYTES = 680;
/** A failure without its error: its report. */
const ERROR_BYTES = 1_000;

export class Keep {
  readonly #settings: KeepSettings;
  readonly #table = new FlightTable<Kept>();
  readonly #order: KeptOrder;
  readonly #lastEnds = new LastEnds();
  /** Number of the oldest flight in the air at the last insert. */
  #oldest = 0;

  constructor(settings: KeepSettings) {
    const { entries, bytes } = settings;
    this.#settings = settings;
    this.#order = new KeptOrder({ entries, bytes, dropped: (kept) => this.#dropped(kept) });
  }

  /** Keys for which something is held. */
  get size(): number {
    return this.#order.size;
  }
  get bytes(): number {
    return this.#order.bytes;
  }

  /** What is held for a text that is its own key, fresh or not. */
  findShort(scope: string | null, key: string): Kept | null | undefined {
    return this.#table.findShort(scope, key);
  }

  /** What is held for a key. */
  find({ scope, key, index, routeId }: KeptIdentity, now: number): Kept | undefined {
    const kept = this.#table.find(routeId, scope, index, key);
    if (kept === undefined) return undefined;
    if (kept.isOver(now)) {
      this.#remove(kept);
      return undefined;
    }
    kept.isAsked = true;
    return kept;
  }

  /** A flight has settled with a value. */
  keepValue(settlement: Settlement, value: unknown, now: number): void {
    const { staleWhileRevalidateMs, staleIfErrorMs, bytes } = this.#settings;
    if (this.#isPast(settlement, now)) return;
    const freshUntil = now + this.#ttlOf(value);
    const refreshUntil = freshUntil + staleWhileRevalidateMs;
    const ifErrorUntil = freshUntil + staleIfErrorMs;
    // Even if the new value is not kept: the old one no longer stands for its key.
    this.#drop(settlement, now);
    if (!(Math.max(refreshUntil, ifErrorUntil) > now)) return this.#note(settlement);
    const kept = new Kept(settlement);
    kept.keep(value, { freshUntil, refreshUntil, ifErrorUntil });
    kept.flight = settlement.flight;
    kept.valueReport = new LateReport(settlement.story);
    kept.valueBytes = ENTRY_BYTES + weightOf(value, bytes);
    this.#put(kept, settlement.oldest);
  }

  /** A flight has ended with something that is not kept: the kept value no longer stands for its key. */
  keepNothing(settlement: Settlement, now: number): void {
    if (this.#isPast(settlement, now)) return;
    this.#drop(settlement, now);
    this.#note(settlement);
  }

  /** A flight has failed: later requests get its error for a moment. An error that is the answer drops the kept value. */
  keepError(settlement: Settlement, error: unknown, { isAnswer, now }: { readonly isAnswer: boolean; readonly now: number }): void {
    if (this.#isPast(settlement, now)) return;
    const { errorMs, bytes } = this.#settings;
    const kept = this.find(settlement, now) ?? new Kept(settlement);
    if (isAnswer) {
      kept.dropValue();
      this.#note(settlement);
    }
    const errorBytes = ERROR_BYTES + (errorMs > 0 ? weightOf(error, bytes) : 0);
    // A large error must not evict the value that may stand in for it.
    if (errorMs > 0 && kept.bytes - kept.errorBytes + errorBytes <= bytes)
      Object.assign(kept, { error, errorBytes, errorReport: new LateReport(settlement.story), errorUntil: now + errorMs });
    if (kept.isOver(now)) this.#remove(kept);
    else this.#put(kept, settlement.oldest);
  }

  /** Has a newer flight of this key ended already? Its value is newer whichever ends first, even if nothing was kept of it. */
  #isPast(settlement: Settlement, now: number): boolean {
    const { flight } = settlement;
    return (this.find(settlement, now)?.flight ?? 0) > flight || this.#lastEnds.isNewerThan(settlement, flight);
  }

  #note(settlement: Settlement): void {
    this.#lastEnds.note(settlement, settlement.flight, settlement.oldest);
  }

  #drop(settlement: Settlement, now: number): void {
    const found = this.find(settlement, now);
    if (found !== undefined) this.#remove(found);
  }

  /** Drops everything that is meant. Returns how many keys. */
  forget({ fits, one }: Selection): number {
    const found = one === null ? this.#order.filter(fits) : this.#table.all(one);
    for (const kept of found) this.#remove(kept);
    return found.length;
  }

  /** An entry is not weighed again in place: it is removed, and added anew if there is room. */
  #put(kept: Kept, oldest: number): void {
    this.#remove(kept);
    this.#oldest = oldest;
    if (kept.bytes > this.#settings.bytes) return this.#lastEnds.note(kept, kept.flight, oldest);
    this.#order.add(kept);
    this.#table.put(kept);
  }

  /** It was evicted. A value that an older flight brings is still older. */
  #dropped(kept: Kept): void {
    this.#table.remove(kept);
    this.#lastEnds.note(kept, kept.flight, this.#oldest);
  }

  /** Does nothing if it is not held. */
  #remove(kept: Kept): void {
    if (!kept.isCurrent) return;
    this.#table.remove(kept);
    this.#order.delete(kept);
  }

  /** The time that the user's function gives a value; if it throws, or returns no time, nothing is kept. */
  #ttlOf(value: unknown): number {
    const { ttlMs } = this.#settings;
    if (typeof ttlMs === 'number') return ttlMs;
    try {
      const said: unknown = ttlMs(value as never);
      return !isPromised(said) && typeof said === 'number' && said >= 0 ? said : -Infinity;
    } catch {
      return -Infinity;
    }
  }
}
