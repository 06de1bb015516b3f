/**
 * The shortest way in: most requests of a busy key are a string and nothing else, and join by one look-up. Whatever this file does not know for
 * sure it leaves to the long way, which decides everything anew.
 */
import type { FlightTable } from './flight-table.js';
import type { FilledOptions } from './options.js';
import type { RequestOptions } from './requests.js';
import type { Waiters } from './waiters.js';
import { channels } from './watching.js';

export class PlainJoins {
  readonly #table: FlightTable;
  readonly #waiters: Waiters;
  /** Do strings stand for themselves here, and plain waiters share one promise? */
  readonly #isOpen: boolean;
  readonly #isPublic: boolean;

  constructor(table: FlightTable, waiters: Waiters, { key, share, scope, keep, detectReentrance }: FilledOptions) {
    this.#table = table;
    this.#waiters = waiters;
    // What is kept comes before what is in the air.
    const isKeyed = key === null && keep === null && share !== 'copy';
    this.#isOpen = isKeyed && detectReentrance === false && (scope === 'public' || scope === 'per-request');
    this.#isPublic = scope === 'public';
  }

  /** The promise of a flight in the air; `null`: ask the long way. */
  join(payload: unknown, options: RequestOptions | undefined): Promise<unknown> | null {
    if (!this.#isOpen || typeof payload !== 'string' || channels.joined.hasSubscribers) return null;
    const scope = options === undefined ? null : onlyScope(options);
    // A scope that flights are found under has been checked when they were launched.
    if (scope === undefined || (scope === null) !== this.#isPublic) return null;
    const flight = this.#table.findShort(scope, payload);
    if (!flight) return null;
    const { plain } = flight;
    if (plain !== null) this.#waiters.follow(flight);
    return plain;
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
