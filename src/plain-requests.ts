/**
 * The shortest way in: most requests of a busy key are a string and nothing else, and are given what is kept, or join, by one look-up. Whatever this
 * file does not know for sure it leaves to the long way, which decides everything anew.
 */
import { isItsOwnKey } from '../workers/canonical.js';
import type { Seam } from '../workers/environment.js';
import { isOwnIndex, type FlightTable } from './flight-table.js';
import type { Keeping } from './keeping.js';
import type { Kept } from './kept.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import type { RequestOptions } from './requests.js';
import type { Counters } from './statistics.js';
import type { Waiters } from './waiters.js';
import { channels } from './watching.js';

/** Its front, as far as it is there. */
export interface PlainOwner {
  readonly waiters: Waiters;
  readonly counters: Counters;
}

export interface PlainSetup {
  readonly seam: Seam;
  readonly options: FilledOptions;
  readonly reentrance: Reentrance | null;
}

export class PlainRequests {
  readonly #table: FlightTable;
  readonly #waiters: Waiters;
  readonly #counters: Counters;
  readonly #seam: Seam;
  readonly #keeping: Keeping | null;
  readonly #reentrance: Reentrance | null;
  /** Do strings stand for themselves here, and plain waiters share one promise? */
  readonly #isOpen: boolean;
  readonly #isPublic: boolean;

  constructor({ waiters, counters }: PlainOwner, table: FlightTable, { seam, options, reentrance }: PlainSetup) {
    const { key, share, scope } = options;
    this.#table = table;
    this.#waiters = waiters;
    this.#counters = counters;
    this.#seam = seam;
    this.#keeping = waiters.keeping;
    this.#reentrance = reentrance;
    const isKeyed = key === null && share !== 'copy';
    this.#isOpen = isKeyed && (scope === 'public' || scope === 'per-request');
    this.#isPublic = scope === 'public';
  }

  /** The promise of what is kept, or of a flight in the air; `null`: ask the long way; `undefined`: that too, and nothing of its key is in the air. */
  answer(payload: unknown, options: RequestOptions | undefined): Promise<unknown> | null | undefined {
    if (!this.#isOpen || typeof payload !== 'string' || channels.joined.hasSubscribers) return null;
    const scope = options === undefined ? null : onlyScope(options);
    // A scope that flights are found under has been checked when they were launched.
    if (scope === undefined || (scope === null) !== this.#isPublic) return null;
    if (this.#keeping !== null) {
      const kept = this.#keeping.findShort(scope, payload);
      // What is kept comes before what is in the air.
      if (kept) return this.#hit(kept, payload);
    }
    const flight = this.#table.findShort(scope, payload);
    if (!flight) return flight === undefined && options === undefined && this.#isSure(payload) ? undefined : null;
    // A target that asks may have to wait for itself.
    if (this.#reentrance !== null && this.#reentrance.asking !== null) return null;
    const { plain } = flight;
    if (plain !== null) this.#waiters.follow(flight);
    return plain;
  }

  /** Runs nothing of the user's from here to the launch, and is no key that the long way looks for elsewhere? */
  #isSure(payload: string): boolean {
    return this.#keeping === null && this.#waiters.forOne.size === 0 && isItsOwnKey(payload) && isOwnIndex(payload);
  }

  #hit(kept: Kept, payload: string): Promise<unknown> | null {
    const isSure = isItsOwnKey(payload) && this.#waiters.forOne.size === 0;
    if (!isSure || this.#keeping === null || !kept.isSurelyFresh(this.#seam.now())) return null;
    this.#counters.hits++;
    return this.#keeping.share(kept);
  }
}

/** The scope where a request says nothing else; `undefined` where it does, or where it may be mistaken. */
function onlyScope(options: RequestOptions): string | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const { scope, signal, timeoutMs, key, fresh, targets } = options;
  const isOnly = signal === undefined && timeoutMs === undefined && key === undefined && fresh === undefined && targets === undefined;
  if (!isOnly || typeof scope !== 'string') return undefined;
  for (const name in options) if (name !== 'scope') return undefined;
  return scope;
}
