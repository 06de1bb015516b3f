/** How long a flight that nobody waits for is kept for another waiter (`abandonAfterMs`). */
import { WheelEntry } from '../workers/wheel.js';
import type { Flight } from './flight.js';

/** Told when it is up and still nobody waits. */
export interface PatienceReceiver {
  end(flight: Flight, status: 'abandoned', error: undefined): void;
}

/** One for each flight that was ever left by all. Armed when the last one leaves; whoever joins meanwhile need not disarm it. */
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
