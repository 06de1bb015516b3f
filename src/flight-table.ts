/** Which flight a request may join: flights by scope and key, compared in full. It knows nothing of what a flight does; kept values use the same table. */
import type { Flight } from './flight.js';

/** What can be found by its identity. The table says whether it is the current one of its key. */
export interface Tabled {
  readonly scope: string | null;
  readonly key: string | null;
  readonly index: string;
  readonly hasLongKey: boolean;
  readonly routeId: string | null;
  isCurrent: boolean;
  /** It no longer stands for its key, and cannot be found any more. */
  supersede(): void;
}

/** An identity, and what its key is looked up by. */
export interface Indexed {
  readonly scope: string | null;
  readonly index: string;
  readonly key: string;
}

/** V8 hashes strings of 16,384 characters or more by their length alone: 2,000 such keys of one length cost 1.5 ms an operation. */
const KEY_CHARACTERS_MAX = 8_192;
/** A long-lived Map that is written to all the time gets three times slower after a major collection; a new one is fast again. */
const RENEW_AFTER_MIN = 1_024;
const RENEW_AFTER_SIZES = 4;
/** The last so many inserts before a renewal sample how many flights are in the air. */
const ASKED_BEFORE = 256;

/** A digest of the whole text. UTF-8, five times as fast, would make all lone surrogates equal: texts that have some are digested by their code units. */
export function digestOf(text: string): string {
  // Loaded for the first long key: it would cost every start-up 1.5 ms.
  const { hash } = process.getBuiltinModule('node:crypto');
  if (text.isWellFormed()) return hash('sha256', text, 'base64url');
  return `u16:${hash('sha256', Buffer.from(text, 'utf16le'), 'base64url')}`;
}

/** Is the key itself its index? */
export const isOwnIndex = (key: string): boolean => key.length <= KEY_CHARACTERS_MAX;

/** What a key is looked up by: itself, or for a long one its digest. The two never share a map, and long keys are still compared in full. */
export const indexOf = (key: string): string => (isOwnIndex(key) ? key : digestOf(key));

/**
 * Entries that never leave a Map. V8 rebuilds a Map each time it becomes empty, after every few writes while it is small, and each time it has shrunk to a
 * quarter: with some ballast, a flight that is alone in the air costs 40 ns less. A Map with many flights at once gets enough ballast not to shrink while up
 * to some 700 flights come and go (saves 600 of the 9,000 instructions of a flight among 256). A Map with few must not get that much: until V8 rebuilds it,
 * each look-up walks past the deleted entries of its bucket, and with 256 a single key that is requested again and again took 750 ns more. Symbols, since no
 * key is one.
 */
const BALLAST: readonly symbol[] = Array.from({ length: 256 }, () => Symbol('ballast'));
const BALLAST_OF_FEW = 16;
const FEW = 4;
type Keys<Item> = Map<string | symbol, Item | null>;

function mapWith<Item>(ballast: number): Keys<Item> {
  const keys: Keys<Item> = new Map();
  for (let count = 0; count < ballast; count++) keys.set(BALLAST[count] as symbol, null);
  return keys;
}

/** The flights of one scope by their keys. */
class KeyMap<Item extends Tabled> {
  #short: Keys<Item>;
  /** By digest. Made for the first long key. */
  #long: Keys<Item> | null = null;
  #inserts = 0;
  /** The largest size sampled since the last renewal. */
  #most = 0;
  #ballast: number;

  /** `isLasting`: the map is kept when it is empty, so that ballast pays. */
  constructor(isLasting: boolean) {
    this.#ballast = isLasting ? BALLAST_OF_FEW : 0;
    this.#short = mapWith(this.#ballast);
  }

  get size(): number {
    return this.#short.size - this.#ballast + (this.#long?.size ?? 0);
  }

  findShort(key: string): Item | null | undefined {
    return this.#short.get(key);
  }

  find(index: string, key: string): Item | undefined {
    if (index === key) return this.#short.get(index) ?? undefined;
    const flight = this.#long?.get(index);
    return flight?.key === key ? flight : undefined;
  }

  put(flight: Item, isFree: boolean): void {
    const map = flight.hasLongKey ? (this.#long ??= new Map()) : this.#short;
    const { index } = flight;
    const older = isFree ? null : map.get(index);
    if (older) older.supersede();
    map.set(index, flight);
    if (++this.#inserts > RENEW_AFTER_MIN - ASKED_BEFORE) this.#age(map);
  }

  /** Only for the one that is found for its key. */
  remove(flight: Item): void {
    const map = flight.hasLongKey ? this.#long : this.#short;
    map?.delete(flight.index);
  }

  #age({ size }: Keys<Item>): void {
    if (size > this.#most) this.#most = size;
    if (this.#inserts > RENEW_AFTER_MIN && this.#inserts > RENEW_AFTER_SIZES * size) this.#renew();
  }

  #renew(): void {
    const entries = this.#short;
    if (this.#ballast > 0) this.#ballast = this.#most - this.#ballast > FEW ? BALLAST.length : BALLAST_OF_FEW;
    this.#short = mapWith(this.#ballast);
    // One by one: `new Map(entries)` makes an array per entry first, which cost a flight on Node 24 a tenth of its time.
    // Without the old ballast, which may have been larger.
    entries.forEach((item, key) => item !== null && this.#short.set(key, item));
    this.#long = this.#long === null || this.#long.size === 0 ? null : new Map(this.#long);
    this.#inserts = 0;
    this.#most = 0;
  }
}

/** The flights that may be joined, the newest of each key. Each scope has a map of its own, so that no key can imitate a scope. */
export class FlightTable<Item extends Tabled = Flight> {
  readonly #public = new KeyMap<Item>(true);
  readonly #scopes = new Map<string, KeyMap<Item>>();
  /** The scope looked up last, and its keys. Reset when scopes come or go. */
  #lastScope: string | null = null;
  #lastKeys: KeyMap<Item> | undefined;
  /** Requests with their own targets never share with others: a table for each list of targets. */
  readonly #routes = new Map<string, FlightTable<Item>>();

  get isEmpty(): boolean {
    return this.#public.size === 0 && this.#scopes.size === 0 && this.#routes.size === 0;
  }

  find(route: string | null, scope: string | null, index: string, key: string): Item | undefined {
    if (route !== null) return this.#routes.get(route)?.find(null, scope, index, key);
    return (scope === null ? this.#public : this.#scopes.get(scope))?.find(index, key);
  }

  /** The same for keys that are their own index, without targets of their own. Other keys are not found. */
  findShort(scope: string | null, key: string): Item | null | undefined {
    if (scope === null) return this.#public.findShort(key);
    // Requests of one scope come in bursts: the last scope need not be looked up.
    if (scope !== this.#lastScope) {
      this.#lastScope = scope;
      this.#lastKeys = this.#scopes.get(scope);
    }
    return this.#lastKeys?.findShort(key);
  }

  /** All of an identity: one for each list of targets. */
  all(identity: Indexed): Item[] {
    const { scope, index, key } = identity;
    const found = this.find(null, scope, index, key);
    const routed = [...this.#routes.values()].flatMap((table) => table.all(identity));
    return found === undefined ? routed : [found, ...routed];
  }

  /** `isFree`: `find` has just found nothing. */
  put(flight: Item, isFree = false, route: string | null = flight.routeId): void {
    flight.isCurrent = true;
    if (route === null && flight.scope === null) this.#public.put(flight, isFree);
    else this.#putApart(flight, isFree, route);
  }

  #putApart(flight: Item, isFree: boolean, route: string | null): void {
    if (route !== null) {
      let table = this.#routes.get(route);
      if (table === undefined) this.#routes.set(route, (table = new FlightTable()));
      return table.put(flight, isFree, null);
    }
    const scope = flight.scope as string;
    let keys = this.#scopes.get(scope);
    if (keys === undefined) {
      this.#scopes.set(scope, (keys = new KeyMap(false)));
      this.#lastScope = null;
    }
    keys.put(flight, isFree);
  }

  /** Does nothing for a flight that is not the current one of its key. */
  remove(flight: Item, route: string | null = flight.routeId): void {
    if (!flight.isCurrent) return;
    if (route !== null || flight.scope !== null) return this.#removeApart(flight, route);
    flight.supersede();
    this.#public.remove(flight);
  }

  #removeApart(flight: Item, route: string | null): void {
    if (route !== null) {
      const table = this.#routes.get(route);
      table?.remove(flight, null);
      if (table?.isEmpty === true) this.#routes.delete(route);
      return;
    }
    flight.supersede();
    const scope = flight.scope as string;
    const keys = this.#scopes.get(scope);
    keys?.remove(flight);
    if (keys?.size === 0) {
      this.#scopes.delete(scope);
      this.#lastScope = null;
      this.#lastKeys = undefined;
    }
  }
}
