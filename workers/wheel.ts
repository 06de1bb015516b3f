/**
 * Coarse timers: one ticking timer for everything that waits. Arming and disarming are a few pointer writes, because nearly all
 * deadlines are disarmed before they pass. It knows nothing of flights: what is due is an entry with a method.
 */
import type { Seam } from './environment.js';

/** Time between two ticks: nothing is ever early, everything is at most one tick late. */
export const TICK_MS = 10;
/** Slots of one revolution (10.24 s); what is due later stays in its slot for more rounds. A power of two. */
const SLOTS = 1_024;
/** A tick that comes later than this follows a stall of the event loop (or of the whole process). */
const STALL_MS = 50;

/** Base of whatever can be armed. The links are the wheel's own: an entry is armed at most once at a time. */
export abstract class WheelEntry {
  /** @internal Instant at which it is due. */
  due = 0;
  /** @internal Slot it lies in; -1 while disarmed. */
  wheelSlot = -1;
  /** @internal */
  before: WheelEntry | null = null;
  /** @internal */
  after: WheelEntry | null = null;
  /** Called once, disarmed, when the time has come. */
  abstract onDue(now: number): void;
}

/** Copied for each wheel: making it anew costs a hundred times as much. */
const NO_ENTRIES: readonly (WheelEntry | null)[] = Array.from({ length: SLOTS }, () => null);

/** The wheel. Its timer runs while an entry is armed, and at most one tick longer: an idle wheel keeps no process alive. */
export class Wheel {
  readonly #seam: Seam;
  readonly #slots: (WheelEntry | null)[] = NO_ENTRIES.slice();
  #armed = 0;
  #timer: unknown = null;
  /** Time of the last tick; slots up to it have been looked at. */
  #time = 0;
  #stalled = false;

  constructor(seam: Seam) {
    this.#seam = seam;
  }

  /** Entries armed now. */
  get size(): number {
    return this.#armed;
  }

  /** The time of its last tick: a clock that costs nothing, and stands still while nothing is armed. */
  get time(): number {
    return this.#time;
  }

  /** Arms `entry` for `ms` after `now` (the seam's clock, as the caller has just read it). An armed entry is moved. */
  arm(entry: WheelEntry, ms: number, now: number): void {
    if (entry.wheelSlot !== -1) this.disarm(entry);
    if (this.#timer === null) this.#start(now);
    const due = now + ms;
    // Rounded up: the slot is looked at by the first tick that is not before `due`. What is due already waits for the next tick.
    const slot = Math.max(Math.ceil(due / TICK_MS), Math.floor(this.#time / TICK_MS) + 1) & (SLOTS - 1);
    const head = this.#slots[slot] as WheelEntry | null;
    entry.due = due;
    entry.wheelSlot = slot;
    entry.after = head;
    if (head !== null) head.before = entry;
    this.#slots[slot] = entry;
    this.#armed++;
  }

  /** Disarming what is not armed does nothing. */
  disarm(entry: WheelEntry): void {
    if (entry.wheelSlot === -1) return;
    const { before, after } = entry;
    if (before === null) this.#slots[entry.wheelSlot] = after;
    else before.after = after;
    if (after !== null) after.before = before;
    entry.before = entry.after = null;
    entry.wheelSlot = -1;
    this.#armed--;
  }

  /** Ends the timer now, not at its next tick. What is armed stays so, and fires when something is armed again. */
  stop(): void {
    if (this.#timer !== null) this.#seam.clearTimer(this.#timer);
    this.#timer = null;
  }

  #start(now: number): void {
    // What was armed before a stop is caught up with.
    if (this.#armed === 0) this.#time = now;
    this.#schedule(now);
  }

  /** Ticks lie on whole multiples of `TICK_MS`, so that a slot is looked at as soon as its time has come. */
  #schedule(now: number): void {
    this.#timer = this.#seam.setTimer(TICK_MS - (now % TICK_MS), () => this.#tick());
  }

  #tick(): void {
    const now = Math.max(this.#seam.now(), this.#time);
    if (now - this.#time > STALL_MS && !this.#stalled) {
      // The loop stood still. Answers that came in meanwhile are still unread: they go first, then what is late.
      this.#stalled = true;
      this.#timer = this.#seam.setTimer(1, () => this.#tick());
      return;
    }
    this.#stalled = false;
    const last = Math.floor(this.#time / TICK_MS);
    const ticks = Math.min(Math.floor(now / TICK_MS) - last, SLOTS);
    this.#time = now;
    for (let tick = 1; tick <= ticks; tick++) this.#fire((last + tick) & (SLOTS - 1), now);
    if (this.#armed === 0) this.#timer = null;
    else this.#schedule(now);
  }

  #fire(slot: number, now: number): void {
    let entry = this.#slots[slot] as WheelEntry | null;
    while (entry !== null) {
      const { after }: WheelEntry = entry;
      if (entry.due <= now) {
        this.disarm(entry);
        entry.onDue(now);
        // What it did may have disarmed the next one too: then this slot is looked at from its start again.
        entry = after !== null && after.wheelSlot !== slot ? (this.#slots[slot] as WheelEntry | null) : after;
      } else {
        entry = after;
      }
    }
  }
}
