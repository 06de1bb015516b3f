/**
 * Values that a target declares not shareable: they go to the flight's leader, and everybody else flies alone, at once and not one after the other.
 * That a key's values are such is remembered for a while, so that those who come next do not wait for each other first.
 */
import type { Boarding } from './boarding.js';
import type { Flight } from './flight.js';
import { digestOf } from './flight-table.js';
import type { Seat } from './waiter.js';

/** What a follower's promise resolves to inside the library: its request flies again, alone. */
export const FLY_ALONE: unique symbol = Symbol('coalescer.flyAlone');

/** As long as HTTP caches remember it (Varnish, "hit-for-miss": 120 s). */
const REMEMBERED_MS = 120_000;
/** Keys remembered at once; the oldest goes first. */
const KEYS_MAX = 10_000;

export class ForOneKeys {
  /** Until when, by identity. In the order in which they were learned, which is the order in which they end. */
  readonly #keys = new Map<string, number>();

  get size(): number {
    return this.#keys.size;
  }

  learn(identity: Identified, now: number): void {
    const id = idOf(identity);
    this.#keys.delete(id);
    this.#keys.set(id, now + REMEMBERED_MS);
    if (this.#keys.size > KEYS_MAX) this.#keys.delete(this.#keys.keys().next().value as string);
  }

  has(identity: Identified, now: number): boolean {
    if (this.#keys.size === 0) return false;
    const id = idOf(identity);
    const until = this.#keys.get(id);
    if (until === undefined) return false;
    if (now < until) return true;
    this.#keys.delete(id);
    return false;
  }

  forget(): void {
    this.#keys.clear();
  }
}

/**
 * Does anybody read it beside its leader, who alone may have its value? Readers who came and left, and were given nothing, are no reason to refuse it to
 * that one.
 */
export function isReadByOthers({ stream, chunksGiven, waiting, firstWaiter }: Flight): boolean {
  const isLeaderAlone = waiting === 1 && firstWaiter?.isLeader === true;
  return stream !== null && (chunksGiven > 0 || (stream.readers.size > 0 && !isLeaderAlone));
}

export type Identified = Pick<Boarding, 'scope' | 'index' | 'hasLongKey' | 'routeId'>;

/** The leader is given the value, if it is still there; all others are told to fly for themselves. */
export function giveOne(flight: Flight, { give, release }: Record<'give' | 'release', (waiter: Seat) => void>): void {
  for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) {
    if (waiter.isLeader) give(waiter);
    else {
      release(waiter);
      waiter.resolve(FLY_ALONE);
    }
  }
  flight.resolveShared?.(FLY_ALONE);
}

/**
 * Longer ones are remembered by their digest: ten thousand of them would be half a gigabyte, and V8 hashes a text of 16,384 characters or more by its
 * length alone (scope and key have as many together, and quotes in them count twice): among 2,000 of one length a look took 57 ms.
 */
const ID_CHARACTERS_MAX = 1_024;

/** Equal for equal identities, and for no others: a digest is sha256 of all of it, and begins with no bracket. */
export function idOf({ scope, index, hasLongKey, routeId }: Identified): string {
  const id = JSON.stringify([scope, hasLongKey, index, routeId]);
  return id.length <= ID_CHARACTERS_MAX ? id : digestOf(id);
}
