/**
 * Values that a target declares not shareable: the flight's leader gets the value, and everybody else flies alone, at once and not one after the other.
 * That a key has such values is remembered for a while, so that later requests do not wait for each other first.
 */
import type { Boarding } from './boarding.js';
import type { Flight } from './flight.js';
import { digestOf } from './flight-table.js';
import type { Seat } from './waiter.js';

/** Inside the library a follower's promise resolves to this when its request has to fly again, alone. */
export const FLY_ALONE: unique symbol = Symbol('coalescer.flyAlone');

/** As long as HTTP caches remember it (Varnish "hit-for-miss": 120 s). */
const REMEMBERED_MS = 120_000;
/** Keys remembered at once; the oldest is dropped first. */
const KEYS_MAX = 10_000;

export class ForOneKeys {
  /** Until when, by identity, in the order in which they were learned and will expire. */
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
 * Does anybody read it besides its leader, who alone may have its value? Readers who came and left, and got nothing, are no reason to refuse it to the
 * leader.
 */
export function isReadByOthers({ stream, chunksGiven, waiting, firstWaiter }: Flight): boolean {
  const isLeaderAlone = waiting === 1 && firstWaiter?.isLeader === true;
  return stream !== null && (chunksGiven > 0 || (stream.readers.size > 0 && !isLeaderAlone));
}

export type Identified = Pick<Boarding, 'scope' | 'index' | 'hasLongKey' | 'routeId'>;

/** The leader gets the value, if it is still there; all others are told to fly alone. */
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
 * Longer identities are replaced by their digest: ten thousand of them would be half a gigabyte, and V8 hashes a text of 16,384 characters or more by its
 * length alone (scope and key may have as many together, and quotes in them count twice): among 2,000 of one length a look-up took 57 ms.
 */
const ID_CHARACTERS_MAX = 1_024;

/** Equal for equal identities only: a digest is a sha256 of the whole text, and never begins with a bracket. */
export function idOf({ scope, index, hasLongKey, routeId }: Identified): string {
  const id = JSON.stringify([scope, hasLongKey, index, routeId]);
  return id.length <= ID_CHARACTERS_MAX ? id : digestOf(id);
}
