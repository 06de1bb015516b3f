/** Waiters with a signal, a time or a copy of their own. All others share their flight's one promise and are only counted. */
import { WheelEntry } from '../workers/wheel.js';
import type { Flight } from './flight.js';

/** Told when a waiter leaves before its flight has settled. */
export interface LeaveReceiver {
  waiterLeft(waiter: Waiter, why: 'signal' | 'timeout'): void;
}

/** One waiter. It settles once: with its flight, or by leaving. */
export class Waiter extends WheelEntry {
  readonly flight: Flight;
  readonly signal: AbortSignal | null;
  readonly promise: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (error: unknown) => void;
  /** The flight whose target waits here; see `Reentrance`. */
  asking: Flight | null = null;
  /** Neighbours in the flight's list. */
  previous: Waiter | null = null;
  next: Waiter | null = null;
  readonly #receiver: LeaveReceiver;

  constructor(flight: Flight, signal: AbortSignal | null, receiver: LeaveReceiver) {
    super();
    this.flight = flight;
    this.signal = signal;
    this.#receiver = receiver;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.previous = flight.lastWaiter;
    if (this.previous === null) flight.firstWaiter = this;
    else this.previous.next = this;
    flight.lastWaiter = this;
  }

  /** Out of the flight's list. */
  unlink(): void {
    const { flight, previous, next } = this;
    if (previous !== null) previous.next = next;
    else if (flight.firstWaiter === this) flight.firstWaiter = next;
    if (next !== null) next.previous = previous;
    else if (flight.lastWaiter === this) flight.lastWaiter = previous;
    this.previous = this.next = null;
  }

  onDue(): void {
    this.#receiver.waiterLeft(this, 'timeout');
  }

  signalled(): void {
    this.#receiver.waiterLeft(this, 'signal');
  }
}

/**
 * One listener for each distinct signal, however many waiters have it: many requests of one session share a signal, Node warns from the
 * eleventh listener on, and removing one of 2,000 costs microseconds.
 */
export class SignalWatch {
  readonly #watched = new Map<AbortSignal, { readonly waiters: Set<Waiter>; readonly listener: () => void }>();

  /** Signals listened to now. */
  get size(): number {
    return this.#watched.size;
  }

  add(signal: AbortSignal, waiter: Waiter): void {
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
    // A signal that cannot be listened to throws here, and is not watched.
    signal.addEventListener('abort', listener, { once: true });
    this.#watched.set(signal, { waiters, listener });
  }

  remove(signal: AbortSignal, waiter: Waiter): void {
    const known = this.#watched.get(signal);
    if (known === undefined) return;
    known.waiters.delete(waiter);
    if (known.waiters.size > 0) return;
    this.#watched.delete(signal);
    try {
      signal.removeEventListener('abort', known.listener);
    } catch {
      // Whatever this signal's maker meant: others of the flight must get their answer. The listener finds nobody.
    }
  }
}
