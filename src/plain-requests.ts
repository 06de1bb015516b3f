/**
 * The shortest way in: most requests of a busy key are a string and nothing else, and are given what is kept, or join, by one look-up. Whatever this
 * file does not know for sure it leaves to the long way, which decides everything anew (but need not look again for what is surely not there).
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

/** Only where 32 hits of one turn take longer than this is one given what has ended meanwhile; as if all had been asked for at once. */
const HOLD_MS = 1_000;

/** Its front, as far as it is there. */
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
  readonly #reentrance: Reentrance | null;
  // Where strings stand for themselves and plain waiters share one promise: open to requests without options, or to those with a scope. Both asked
  // for with one look, and whether there is more than flights: each look is a fiftieth of a join.
  readonly #isOpenToAll: boolean;
  readonly #isOpenByScope: boolean;
  readonly #isBare: boolean;
  /** May a value be good for longer than hits need that share a reading? */
  readonly #isGoodForLong: boolean;
  /** Number of the flight that was found and joined last: the flight itself, held by what is much older, takes 8 ns to write. */
  #lastNumber = 0;
  /** That flight, if it was twice the same and nothing else was asked for since: equal requests come in bursts, and the next one is compared before it is looked up. */
  #last: Flight | null = null;
  #lastKey = '';
  #lastScope: string | null = null;

  constructor(owner: PlainOwner, table: FlightTable, { seam, options, reentrance }: PlainSetup) {
    const { key, share, scope } = options;
    const { waiters, counters } = owner;
    this.#owner = owner;
    this.#table = table;
    this.#waiters = waiters;
    this.#counters = counters;
    this.#seam = seam;
    this.#keeping = waiters.keeping;
    this.#reentrance = reentrance;
    const isOpen = key === null && share !== 'copy';
    this.#isOpenToAll = isOpen && scope === 'public';
    this.#isOpenByScope = isOpen && scope === 'per-request';
    this.#isGoodForLong = typeof options.keep?.ttlMs !== 'number' || options.keep.ttlMs > HOLD_MS;
    this.#isBare = waiters.keeping === null && reentrance === null;
  }

  /**
   * The promise of what is kept, or of a flight in the air; `null`: ask the long way; `undefined`: that too, and nothing of its key is in the air.
   * Told apart by comparing: whether an object is true is read from the object, and of a million promises none is in the processor's cache (a third of
   * a join at that size).
   */
  answer(payload: unknown, options: RequestOptions | undefined): Promise<unknown> | null | undefined {
    if (typeof payload !== 'string' || channels.joined.hasSubscribers) return null;
    // A scope that flights are found under has been checked when they were launched.
    const scope = options === undefined ? null : isOwnIndex(payload) ? onlyScope(options) : undefined;
    const last = this.#last;
    if (last !== null) {
      const { plain } = last;
      if (plain !== null && payload === this.#lastKey && (scope === null ? this.#lastScope === null : scope === this.#lastScope)) {
        // As `follow` does, which is found at the waiters: 3 of some 90 instructions.
        this.#counters.joined++;
        last.seat();
        return plain;
      }
      this.#last = null;
    }
    return this.#look(payload, scope, options);
  }

  #look(payload: string, scope: string | null | undefined, options: RequestOptions | undefined): Promise<unknown> | null | undefined {
    // Looked for by a long text itself, V8 would hash all of it: 11 µs for 9,000 characters, which its digest finds in 6.
    if (scope === undefined || !isOwnIndex(payload) || !(scope === null ? this.#isOpenToAll : this.#isOpenByScope)) return null;
    if (!this.#isBare) {
      const kept = this.#keeping?.findShort(scope, payload);
      // What is kept comes before what is in the air.
      if (kept !== null && kept !== undefined) return this.#hit(kept, payload);
      // A target that asks may have to wait for itself.
      if (this.#reentrance !== null && this.#reentrance.asking !== null) return null;
    }
    const flight = this.#table.findShort(scope, payload);
    if (flight === undefined) return options === undefined && this.#isSure(payload) ? undefined : null;
    if (flight === null) return null;
    const { plain } = flight;
    if (plain === null) return null;
    this.#waiters.follow(flight);
    if (flight.number !== this.#lastNumber) this.#lastNumber = flight.number;
    else if (this.#isBare) this.#bursts(flight);
    return plain;
  }

  /** By the flight's own texts: those of who joins may be cut out of large ones, which would be held as long as the coalescer. */
  #bursts(flight: Flight): void {
    this.#last = flight;
    this.#lastKey = flight.index;
    this.#lastScope = flight.scope;
  }

  /** After `undefined`, the flight that was launched: its leader's promise. Nobody needs one of its own who has nothing to say. */
  lead(flight: Flight): Promise<unknown> {
    const isPlain = flight.isCurrent && flight.shared === null && flight.stream === null;
    if (!isPlain || this.#reentrance !== null || this.#owner.links.mayBeForOne) return this.#waiters.add(flight, NO_OPTIONS, true);
    const promise = flight.share();
    if (flight.hasRoom) flight.plain = promise;
    return promise;
  }

  /** Runs nothing of the user's from here to the launch, and is no key that the long way looks for elsewhere? */
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
   * Hits of one turn share readings of the clock, one for 32, where the value is good for a while yet: a reading waits for all that the processor still
   * fetches, so that of a million values no two hits would overlap.
   */
  #isFresh(kept: Kept): boolean {
    return (this.#isGoodForLong && kept.isSurelyFresh(this.#seam.stamp() + HOLD_MS)) || kept.isSurelyFresh(this.#seam.now());
  }
}

/** The scope where a request says nothing else; `undefined` where it does, or where it may be mistaken. */
function onlyScope(options: RequestOptions): string | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const { scope, signal, timeoutMs, key, fresh, targets } = options;
  const isOnly = signal === undefined && timeoutMs === undefined && key === undefined && fresh === undefined && targets === undefined;
  if (!isOnly || typeof scope !== 'string' || isScopePolluted()) return undefined;
  for (const name in options) if (name !== 'scope') return undefined;
  return scope;
}
