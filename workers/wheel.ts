/**
 * Coarse timers (a timer wheel): one ticking timer for everything that waits. Arming and disarming are a few pointer writes, because nearly all
 * deadlines are disarmed before they pass; most even before the next tick. It knows nothing of flights: what is due is an entry with a method.
 */
import type { Seam } from './environment.js';

/** Time between two ticks: nothing is ever early, everything is at most one tick late. */
export const TICK_MS = 10;
/** Slots of one revolution (10.24 s); later entries stay in their slot for more rounds. A power of two. */
const SLOTS = 1_024;
/** Stands for the entries armed since the last tick: most are disarmed before the next, and never need a real slot. */
const ARRIVALS = SLOTS;
/** A tick that comes later than this follows a stall of the event loop (or of the whole process). */
const STALL_MS = 50;
/** The most that one tick adds to `lived`. */
const LIVED_MS_MAX = 2 * TICK_MS;

/** Asked at each tick whether ticks are still wanted, even if nothing is armed: for a receiver that keeps its own order of deadlines. */
export interface TickReceiver {
  ticked(now: number): boolean;
}

/** What can be armed: derived from this, or of the same shape. The fields are the wheel's own: an entry is armed at most once at a time. */
export abstract class WheelEntry {
  /** @internal Instant at which it is due. */
  due = Number.NaN;
  /** @internal Slot it lies in; -1 while disarmed. */
  wheelSlot = -1;
  /** @internal */
  before: WheelEntry | null = null;
  /** @internal */
  after: WheelEntry | null = null;
  /** Called once, disarmed, when the time has come. */
  abstract onDue(now: number): void;
}

/** Copied for each wheel: making it anew would cost a hundred times as much. */
const NO_ENTRIES: readonly (WheelEntry | null)[] = Array.from({ length: SLOTS }, () => null);

/** The wheel. Its timer runs while an entry is armed, and at most one tick longer: an idle wheel keeps no process alive. */
export class Wheel {
  readonly #seam: Seam;
  readonly #slots: (WheelEntry | null)[] = NO_ENTRIES.slice();
  /** The latest entry armed since the last tick, linked to the earlier ones. */
  #lastArrival: WheelEntry | null = null;
  #armed = 0;
  #receiver: TickReceiver | null = null;
  #timer: unknown = null;
  /** Time of the last tick; slots up to it are done. */
  #time = 0;
  #lived = 0;
  #stalled = false;

  constructor(seam: Seam) {
    this.#seam = seam;
  }

  /** Entries armed now. */
  get size(): number {
    return this.#armed;
  }

  /** The time of its last tick: a clock that costs nothing, but stands still while nothing is armed. */
  get time(): number {
    return this.#time;
  }

  /** Time in which it has ticked: advances like `time`, but hardly while the event loop is blocked. */
  get lived(): number {
    return this.#lived;
  }

  /** Arms `entry` for `ms` after `now` (the seam's clock, as the caller has just read it). An armed entry is moved. */
  arm(entry: WheelEntry, ms: number, now: number): void {
    if (entry.wheelSlot !== -1) this.disarm(entry);
    if (this.#timer === null) this.#start(now);
    const last = this.#lastArrival;
    entry.due = now + ms;
    entry.wheelSlot = ARRIVALS;
    entry.before = last;
    if (last !== null) last.after = entry;
    this.#lastArrival = entry;
    this.#armed++;
  }

  /** From now on `receiver` is told of each tick; `wake` begins them. */
  reportTo(receiver: TickReceiver): void {
    this.#receiver = receiver;
  }

  /** Starts ticking. */
  wake(now: number): void {
    if (this.#timer === null) this.#start(now);
  }

  /** Does nothing for an entry that is not armed. */
  disarm(entry: WheelEntry): void {
    if (entry.wheelSlot === -1) return;
    const { before, after } = entry;
    if (before !== null) before.after = after;
    else if (entry.wheelSlot !== ARRIVALS) this.#slots[entry.wheelSlot] = after;
    if (after !== null) after.before = before;
    else if (entry.wheelSlot === ARRIVALS) this.#lastArrival = before;
    entry.before = entry.after = null;
    entry.wheelSlot = -1;
    this.#armed--;
  }

  /** Ends the timer now, not at its next tick. Entries stay armed, and fire once something is armed again. */
  stop(): void {
    if (this.#timer !== null) this.#seam.clearTimer(this.#timer);
    this.#timer = null;
  }

  #start(now: number): void {
    // If something was armed before a stop, the ticks in between are made up for.
    if (this.#armed === 0) this.#time = now;
    this.#schedule(now);
  }

  /** Ticks lie on whole multiples of `TICK_MS`, so that a slot is fired as soon as its time has come. */
  #schedule(now: number): void {
    this.#timer = this.#seam.setTimer(TICK_MS - (now % TICK_MS), () => this.#tick());
  }

  #tick(): void {
    const now = Math.max(this.#seam.now(), this.#time);
    if (now - this.#time > STALL_MS && !this.#stalled) {
      // The event loop was blocked. Answers that arrived meanwhile are still unread: they go first, then the overdue entries.
      this.#stalled = true;
      this.#timer = this.#seam.setTimer(1, () => this.#tick());
      return;
    }
    this.#stalled = false;
    this.#file();
    const last = Math.floor(this.#time / TICK_MS);
    const ticks = Math.min(Math.floor(now / TICK_MS) - last, SLOTS);
    this.#lived += Math.min(now - this.#time, LIVED_MS_MAX);
    this.#time = now;
    for (let tick = 1; tick <= ticks; tick++) this.#fire((last + tick) & (SLOTS - 1), now);
    const isWanted = this.#receiver?.ticked(now) === true;
    if (this.#armed > 0 || isWanted) this.#schedule(now);
    else this.#timer = null;
  }

  /** Files what was armed since the last tick, and still is, into its slot. */
  #file(): void {
    const next = Math.floor(this.#time / TICK_MS) + 1;
    let oldest = this.#lastArrival;
    while (oldest !== null && oldest.before !== null) oldest = oldest.before;
    for (let entry = oldest; entry !== null; ) {
      const { after }: WheelEntry = entry;
      // Rounded up: the first tick not before `due` fires the slot. What is due already fires in this tick.
      const slot = Math.max(Math.ceil(entry.due / TICK_MS), next) & (SLOTS - 1);
      const head = this.#slots[slot] as WheelEntry | null;
      entry.wheelSlot = slot;
      entry.before = null;
      entry.after = head;
      if (head !== null) head.before = entry;
      this.#slots[slot] = entry;
      entry = after;
    }
    this.#lastArrival = null;
  }

  #fire(slot: number, now: number): void {
    let entry = this.#slots[slot] as WheelEntry | null;
    while (entry !== null) {
      const { after }: WheelEntry = entry;
      if (entry.due <= now) {
        this.disarm(entry);
        entry.onDue(now);
        // It may have disarmed the next entry too: then the slot is walked again from its start.
        entry = after !== null && after.wheelSlot !== slot ? (this.#slots[slot] as WheelEntry | null) : after;
      } else {
        entry = after;
      }
    }
  }
}
