/** Waiters with a signal, a timeout or a copy of their own. All others share their flight's one promise and are only counted. */
import { keepShape } from '../workers/lasting-shape.js';
import { WheelEntry } from '../workers/wheel.js';
import type { Flight } from './flight.js';

/** Why a waiter leaves: its signal, its time, it has read enough, or (a reader) it lags too far behind the others. */
export type LeaveReason = 'signal' | 'timeout' | 'enough' | 'lagging';

/** Told when a waiter leaves before its flight has settled. */
export interface LeaveReceiver {
  waiterLeft(waiter: Seat, why: LeaveReason): void;
}

/** A place in a flight's list of waiters: for a waiter that wants the value, or a reader of the stream. */
export abstract class Seat extends WheelEntry {
  readonly flight: Flight;
  readonly signal: AbortSignal | null;
  /** The flight whose target waits here; see `Reentrance`. */
  asking: Flight | null = null;
  /** It launched the flight, so a value for one alone is its own. */
  isLeader = false;
  /** It takes nothing that was kept, even if its flight fails. */
  isFresh = false;
  /** Neighbours in the flight's list. `previous` of the first is the last, so that the flight need not point to the last. */
  previous: Seat | null = null;
  next: Seat | null = null;
  readonly #receiver: LeaveReceiver;

  constructor(flight: Flight, signal: AbortSignal | null, receiver: LeaveReceiver) {
    super();
    this.flight = flight;
    this.signal = signal;
    this.#receiver = receiver;
    const first = flight.firstWaiter;
    if (first === null) {
      this.previous = flight.firstWaiter = this;
    } else {
      const last = first.previous as Seat;
      this.previous = last;
      last.next = first.previous = this;
    }
  }

  /** Does it want the value, not the chunks? */
  abstract readonly wantsValue: boolean;
  /** The flight has its value. */
  abstract resolve(value: unknown): void;
  /** The flight has failed. */
  abstract reject(error: unknown): void;
  /** It has left, and is told this. */
  abstract left(error: unknown, why: LeaveReason): void;

  /** Does it take a kept value if its flight fails? Not a fresh request, nor a reader, which takes chunks of its own flight. */
  get takesStandIn(): boolean {
    return this.wantsValue && !this.isFresh;
  }
  /** Is it in the flight's list? */
  get isSeated(): boolean {
    return this.previous !== null && this.flight.firstWaiter !== null;
  }

  /** Removes it from the flight's list. */
  unlink(): void {
    const { flight, previous, next } = this;
    const first = flight.firstWaiter;
    if (previous === null || first === null) return;
    if (next !== null) next.previous = previous;
    else first.previous = previous;
    if (first === this) flight.firstWaiter = next;
    else previous.next = next;
    this.previous = this.next = null;
  }

  leave(why: LeaveReason): void {
    this.#receiver.waiterLeft(this, why);
  }

  onDue(): void {
    this.leave('timeout');
  }

  signalled(): void {
    this.leave('signal');
  }
}

/** All seats of a flight, in the order they came. */
export function seatsOf(flight: Flight): Seat[] {
  const seats: Seat[] = [];
  for (let seat = flight.firstWaiter; seat !== null; seat = seat.next) seats.push(seat);
  return seats;
}

/** A waiter for the value. It settles once: with its flight, or by leaving. */
export class Waiter extends Seat {
  readonly wantsValue = true;
  readonly promise: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (error: unknown) => void;

  constructor(flight: Flight, signal: AbortSignal | null, receiver: LeaveReceiver) {
    super(flight, signal, receiver);
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  left(error: unknown): void {
    this.reject(error);
  }
}

keepShape(() => new Waiter({ firstWaiter: null } as Flight, null, { waiterLeft() {} }));
