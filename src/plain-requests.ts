/**
 * The fast path: most requests of a busy key are a string and nothing else, and hit a kept value or join by one look-up. Whatever this file
 * cannot decide for sure it leaves to the long way, which decides everything anew (but need not look again for what is surely not there).
 */
import { isItsOwnKey } from '../workers/canonical.js';
import type { Seam } from '../workers/environment.js';
import { isOwnIndex, type FlightTable } from './flight-table.js';
import type { Flight } from './flight.js';
import type { Keeping } from './keeping.js';
import type { Kept } from './kept.js';
import type { Links } from './links.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import { isScopePolluted, NO_OPTIONS, type RequestOptions } from './requests.js';
import type { Counters } from './statistics.js';
import type { Waiters } from './waiters.js';
import { channels } from './watching.js';

/** Only if 32 hits of one turn take longer than this can one get an expired value; as if all had been requested at once. */
const HOLD_MS = 1_000;

/** Those parts of the front that exist when this is made. */
export interface PlainOwner {
  readonly waiters: Waiters;
  readonly counters: Counters;
  readonly links: Pick<Links, 'mayBeForOne'>;
}

export interface PlainSetup {
  readonly seam: Seam;
  readonly options: FilledOptions;
  readonly reentrance: Reentrance | null;
}

export class PlainRequests {
  readonly #owner: PlainOwner;
  readonly #table: FlightTable;
  readonly #waiters: Waiters;
  readonly #counters: Counters;
  readonly #seam: Seam;
  readonly #keeping: Keeping | null;
  // If strings are their own keys and plain waiters share one promise, this is open to requests without options, or to those with only a scope.
  // Precomputed flags, since each read is a fiftieth of a join.
  readonly #isOpenToAll: boolean;
  readonly #isOpenByScope: boolean;
  /** Can a value be fresh for longer than hits that share a reading of the clock may take? */
  readonly #isGoodForLong: boolean;
  /** Number of the flight that was joined last. Not the flight itself: to store it in this much older object takes 8 ns (the write barrier). */
  #lastNumber = 0;
  /** That flight, if the last two requests joined it: equal requests come in bursts, and the next one is compared before it is looked up. */
  #last: Flight | null = null;
  #lastKey = '';
  #lastScope: string | null = null;

  constructor(owner: PlainOwner, table: FlightTable, { seam, options }: PlainSetup) {
    const { key, share, scope } = options;
    const { waiters, counters } = owner;
    this.#owner = owner;
    this.#table = table;
    this.#waiters = waiters;
    this.#counters = counters;
    this.#seam = seam;
    this.#keeping = waiters.keeping;
    const isOpen = key === null && share !== 'copy';
    this.#isOpenToAll = isOpen && scope === 'public';
    this.#isOpenByScope = isOpen && scope === 'per-request';
    this.#isGoodForLong = typeof options.keep?.ttlMs !== 'number' || options.keep.ttlMs > HOLD_MS;
  }

  /**
   * The promise of a kept value, or of a flight in the air; `null`: take the long way; `undefined`: the same, and nothing of its key is in the air.
   * Callers compare with these: to test an object for truth reads the object, and of a million promises none is in the processor's cache (a third of
   * a join at that size).
   */
  answer(payload: unknown, options: RequestOptions | undefined): Promise<unknown> | null | undefined {
    if (typeof payload !== 'string' || channels.joined.hasSubscribers) return null;
    // A scope under which a flight is found was checked when that was launched.
    const scope = options === undefined ? null : isOwnIndex(payload) ? onlyScope(options) : undefined;
    const last = this.#last;
    if (last !== null) {
      const { plain } = last;
      if (plain !== null && payload === this.#lastKey && (scope === null ? this.#lastScope === null : scope === this.#lastScope)) {
        // As `follow` does; a call of it would take 3 of some 90 instructions more.
        this.#counters.joined++;
        last.seat();
        return plain;
      }
      this.#last = null;
    }
    return this.#look(payload, scope, options);
  }

  #look(payload: string, scope: string | null | undefined, options: RequestOptions | undefined): Promise<unknown> | null | undefined {
    // To look up a long text itself, V8 would hash all of it: 11 µs for 9,000 characters, where its digest takes 6.
    if (scope === undefined || !isOwnIndex(payload) || !(scope === null ? this.#isOpenToAll : this.#isOpenByScope)) return null;
    if (this.#keeping !== null) {
      const kept = this.#keeping.findShort(scope, payload);
      // Kept values come before flights in the air.
      if (kept !== null && kept !== undefined) return this.#hit(kept, payload);
    }
    const flight = this.#table.findShort(scope, payload);
    if (flight === undefined) return options === undefined && this.#isSure(payload) ? undefined : null;
    if (flight === null) return null;
    const { plain } = flight;
    if (plain === null) return null;
    this.#waiters.follow(flight);
    if (flight.number !== this.#lastNumber) this.#lastNumber = flight.number;
    else if (this.#keeping === null) this.#bursts(flight);
    return plain;
  }

  /** Keeps the flight's own strings: a joiner's may be slices of large texts, which would be held as long as the coalescer. */
  #bursts(flight: Flight): void {
    this.#last = flight;
    this.#lastKey = flight.index;
    this.#lastScope = flight.scope;
  }

  /** The leader's promise for a flight launched after `undefined`. A request without options needs no promise of its own. */
  lead(flight: Flight): Promise<unknown> {
    const isPlain = flight.isCurrent && flight.shared === null && flight.stream === null;
    if (!isPlain || this.#owner.links.mayBeForOne) return this.#waiters.add(flight, NO_OPTIONS, true);
    const promise = flight.share();
    if (flight.hasRoom) flight.plain = promise;
    return promise;
  }

  /** Does no user code run between here and the launch, and would the long way use the same key? */
  #isSure(payload: string): boolean {
    return this.#keeping === null && this.#waiters.forOne.size === 0 && isItsOwnKey(payload);
  }

  #hit(kept: Kept, payload: string): Promise<unknown> | null {
    const isSure = isItsOwnKey(payload) && this.#waiters.forOne.size === 0;
    if (!isSure || this.#keeping === null || !this.#isFresh(kept)) return null;
    this.#counters.hits++;
    return this.#keeping.share(kept);
  }

  /**
   * Hits of one turn share readings of the clock, one for 32, if the value stays fresh for a while: a reading of the clock waits for all outstanding
   * memory accesses of the processor, so that with a million values no two hits would overlap.
   */
  #isFresh(kept: Kept): boolean {
    return (this.#isGoodForLong && kept.isSurelyFresh(this.#seam.stamp() + HOLD_MS)) || kept.isSurelyFresh(this.#seam.now());
  }
}

/** Where re-entrance is noticed. A class of its own: the look at who asks would be 1 % of a join where nobody wants it. */
class WatchedRequests extends PlainRequests {
  readonly #reentrance: Reentrance;

  constructor(owner: PlainOwner, table: FlightTable, setup: PlainSetup, reentrance: Reentrance) {
    super(owner, table, setup);
    this.#reentrance = reentrance;
  }

  /** A request from a target may be a deadlock: the long way finds out. */
  override answer(payload: unknown, options: RequestOptions | undefined): Promise<unknown> | null | undefined {
    return this.#reentrance.asking === null ? super.answer(payload, options) : null;
  }
}

export function plainRequests(owner: PlainOwner, table: FlightTable, setup: PlainSetup): PlainRequests {
  const { reentrance } = setup;
  return reentrance === null ? new PlainRequests(owner, table, setup) : new WatchedRequests(owner, table, setup, reentrance);
}

/** The scope, if the request has no other option; `undefined` if it has, or may be wrong. */
function onlyScope(options: RequestOptions): string | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const { scope, signal, timeoutMs, key, fresh, targets } = options;
  const isOnly = signal === undefined && timeoutMs === undefined && key === undefined && fresh === undefined && targets === undefined;
  if (!isOnly || typeof scope !== 'string' || isScopePolluted()) return undefined;
  for (const name in options) if (name !== 'scope') return undefined;
  return scope;
}
