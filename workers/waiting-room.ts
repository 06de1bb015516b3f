/**
 * Flights that no target may be called for yet, in the order they came. Looked at each tick, and at once when a place has become free here; places
 * that other threads free, and breakers that reopen, are found at the next tick. It decides nothing itself.
 */
import type { Seam } from './environment.js';
import type { FlightRecord } from './flight-record.js';
import { TICK_MS, WheelEntry, type Wheel } from './wheel.js';

/** Asked for each flight that waits, oldest first. */
export interface WaitingReceiver {
  /** May it leave now? It takes itself out of the room. `barred`: no, and neither may any other that is as fresh as this one. */
  lookAt(record: FlightRecord): 'left' | 'waits' | 'barred';
}

export class WaitingRoom extends WheelEntry {
  readonly #waiting = new Set<FlightRecord>();
  readonly #seam: Seam;
  readonly #wheel: Wheel;
  readonly #receiver: WaitingReceiver;
  #isWoken = false;

  constructor({ seam, wheel, receiver }: { readonly seam: Seam; readonly wheel: Wheel; readonly receiver: WaitingReceiver }) {
    super();
    this.#seam = seam;
    this.#wheel = wheel;
    this.#receiver = receiver;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(record: FlightRecord): void {
    this.#waiting.add(record);
    if (this.wheelSlot === -1) this.#wheel.arm(this, TICK_MS, this.#seam.now());
  }

  delete(record: FlightRecord): void {
    if (this.#waiting.delete(record) && this.#waiting.size === 0) this.#wheel.disarm(this);
  }

  /** Something has become free: looked at when this turn of the event loop is over, so that nobody is called out of another's end. */
  wake(): void {
    if (this.#waiting.size === 0 || this.#isWoken) return;
    this.#isWoken = true;
    this.#seam.defer(() => {
      this.#isWoken = false;
      this.#look();
    });
  }

  onDue(now: number): void {
    this.#look();
    if (this.#waiting.size > 0 && this.wheelSlot === -1) this.#wheel.arm(this, TICK_MS, now);
  }

  #look(): void {
    let barred: readonly number[] | null = null;
    for (const record of this.#waiting) {
      // Thousands that came alike are refused alike: one question serves them all.
      if (barred === record.route && record.isFresh) continue;
      if (this.#receiver.lookAt(record) === 'barred') barred = record.route;
    }
  }
}
