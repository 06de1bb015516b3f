/** How long a flight without waiters is kept for another one (`abandonAfterMs`). */
import { WheelEntry } from '../workers/wheel.js';
import type { Flight } from './flight.js';

/** Told when the time is up and still nobody waits. */
export interface PatienceReceiver {
  end(flight: Flight, status: 'abandoned', error: undefined): void;
}

/** One per flight that ever lost all its waiters. Armed when the last one leaves; a waiter that joins meanwhile need not disarm it. */
export class Patience extends WheelEntry {
  readonly #flight: Flight;
  readonly #receiver: PatienceReceiver;

  constructor(flight: Flight, receiver: PatienceReceiver) {
    super();
    this.#flight = flight;
    this.#receiver = receiver;
  }

  onDue(): void {
    if (this.#flight.waiting === 0) this.#receiver.end(this.#flight, 'abandoned', undefined);
  }
}
