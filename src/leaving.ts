/** What makes waiters leave: their signals, which are listened to, and their timeouts, which are armed. */
import { TICK_MS, type Wheel } from '../workers/wheel.js';
import type { Seat } from './waiter.js';

/** A flight that its shard does not end at its deadline is ended by the front up to two ticks later. */
const SAME_MS = 2 * TICK_MS;

/**
 * One listener per signal, however many waiters have it: many requests of one session share a signal, Node warns from the
 * eleventh listener on, and removing one of 2,000 listeners costs microseconds.
 */
export class SignalWatch {
  readonly #watched = new Map<AbortSignal, { readonly waiters: Set<Seat>; readonly listener: () => void }>();

  /** Signals listened to now. */
  get size(): number {
    return this.#watched.size;
  }

  add(signal: AbortSignal, waiter: Seat): void {
    const known = this.#watched.get(signal);
    if (known !== undefined) {
      known.waiters.add(waiter);
      return;
    }
    const waiters = new Set([waiter]);
    const listener = (): void => {
      this.#watched.delete(signal);
      for (const each of waiters) each.signalled();
    };
    // Registered first: a signal that calls its listener at once unregisters itself.
    this.#watched.set(signal, { waiters, listener });
    try {
      signal.addEventListener('abort', listener, { once: true });
    } catch (error) {
      this.#watched.delete(signal);
      throw error;
    }
  }

  remove(signal: AbortSignal, waiter: Seat): void {
    const known = this.#watched.get(signal);
    if (known === undefined) return;
    known.waiters.delete(waiter);
    if (known.waiters.size > 0) return;
    this.#watched.delete(signal);
    try {
      signal.removeEventListener('abort', known.listener);
    } catch {
      // Whatever this signal does, the flight's other waiters must get their answer. If it fires, the listener finds nobody.
    }
  }
}

/** One for all coalescers: a service gives one signal to as many coalescers as its request needs. */
const signals = new SignalWatch();

export class Leaving {
  readonly #wheel: Wheel;

  constructor(wheel: Wheel) {
    this.#wheel = wheel;
  }

  /** @throws what a signal throws that cannot be listened to */
  listen(seat: Seat): void {
    if (seat.signal !== null) signals.add(seat.signal, seat);
  }

  /** Not armed if the flight's own deadline comes first, since its error says more; it may be reported two ticks late. */
  arm(seat: Seat, timeoutMs: number, now: number): void {
    if (now + timeoutMs < seat.flight.deadline + SAME_MS) this.#wheel.arm(seat, timeoutMs, now);
  }

  /** It has been told, or has left. */
  forget(seat: Seat): void {
    this.#wheel.disarm(seat);
    if (seat.signal !== null) signals.remove(seat.signal, seat);
  }
}
