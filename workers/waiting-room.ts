/**
 * Flights for which no target may be called yet, in the order they came. Checked at each tick, and at once when this thread frees a place; places
 * that other threads free, and breakers that reopen, are found at the next tick. It decides nothing itself.
 */
import type { Seam } from './environment.js';
import type { FlightRecord } from './flight-record.js';
import { TICK_MS, WheelEntry, type Wheel } from './wheel.js';

/** How many flights may leave for each attempt that ended well. All at once would overwhelm the target that has just come back. */
const LEAVE_PER_SUCCESS = 2;

/** Asked about each waiting flight, oldest first: one with nowhere to go is over, one that may call leaves for its target. */
export interface WaitingReceiver {
  /** May it leave now? If so, it removes itself. `barred`: no, and neither may any other that is as fresh as this one. */
  lookAt(record: FlightRecord, mayCall: boolean): 'left' | 'over' | 'waits' | 'barred';
}

export class WaitingRoom extends WheelEntry {
  readonly #waiting = new Set<FlightRecord>();
  readonly #seam: Seam;
  readonly #wheel: Wheel;
  readonly #receiver: WaitingReceiver;
  #isWoken = false;
  /** Flights that may leave now. */
  #leaves = 1;

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
    if (this.#waiting.size > 0 && this.#waiting.delete(record) && this.#waiting.size === 0) this.#wheel.disarm(this);
  }

  /** An attempt has ended well: the target can take more. */
  encourage(): void {
    if (this.#waiting.size > 0) this.#leaves += LEAVE_PER_SUCCESS;
  }

  /** Something has become free: checked after this turn of the event loop, so that no target is called from within another attempt's end. */
  wake(): void {
    if (this.#waiting.size === 0 || this.#isWoken) return;
    this.#isWoken = true;
    this.#seam.defer(() => {
      this.#isWoken = false;
      this.#look();
    });
  }

  onDue(now: number): void {
    // Whatever happened to those that left, one flight per tick may probe.
    this.#leaves = Math.max(1, this.#leaves);
    this.#look();
    if (this.#waiting.size > 0 && this.wheelSlot === -1) this.#wheel.arm(this, TICK_MS, now);
  }

  #look(): void {
    let barred: readonly number[] | null = null;
    for (const record of this.#waiting) {
      // Thousands of fresh flights with the same route get the same answer: one question serves them all.
      if (barred === record.route && record.isFresh) continue;
      const said = this.#receiver.lookAt(record, this.#leaves > 0);
      if (said === 'left') this.#leaves--;
      else if (said === 'barred') barred = record.route;
    }
    if (this.#waiting.size === 0) this.#leaves = 1;
  }
}
