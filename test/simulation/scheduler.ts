/**
 * Virtual time: one queue of events for all event loops of a simulated process. Between two events all promises that can settle do, as between
 * two turns of a real event loop. It knows neither fronts nor shards.
 */
import type { Loop } from './loop.js';

/** Something that happens on a loop at an instant. `run` is dropped when it is cancelled. */
export interface SimEvent {
  at: number;
  readonly order: number;
  readonly loop: Loop;
  run: (() => void) | null;
}

/** More events than this in one schedule are an endless loop. */
const EVENTS_MAX = 100_000;
/** Immediates are queued in batches: Node drains the promises between two of them, and one turn costs 0.15 µs instead of 1. */
const BATCH = 1024;
let active: Scheduler | null = null;
let queued = 0;

function turn(): void {
  queued--;
  active?.turn();
  if (active !== null && queued === 0) queueTurns();
}

function queueTurns(): void {
  for (; queued < BATCH; queued++) setImmediate(turn);
}

export class Scheduler {
  now = 0;
  eventCount = 0;
  /** An error that nobody caught: the loop it happened on, and what it was. */
  onUncaught: (loop: Loop, error: unknown) => void = (_, error) => {
    throw error;
  };
  readonly #heap: SimEvent[] = [];
  #order = 0;
  #until = 0;
  #isDone: () => boolean = () => false;
  #finish: () => void = () => undefined;

  at(at: number, loop: Loop, run: () => void): SimEvent {
    const event: SimEvent = { at, order: this.#order++, loop, run };
    this.#push(event);
    return event;
  }

  /** Runs what is due until this instant, or until `isDone`, which is asked between events. Settles when all promises have. */
  runUntil(until: number, isDone: () => boolean = () => false): Promise<void> {
    if (active !== null) throw new Error('simulation: one schedule at a time');
    active = this;
    this.#until = until;
    this.#isDone = isDone;
    queueTurns();
    return new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** So many events that it cannot be a schedule. */
  get isEndless(): boolean {
    return this.eventCount > EVENTS_MAX;
  }

  turn(): void {
    if (this.isEndless || this.#isDone()) return this.#end();
    const event = this.#next();
    if (event === null) {
      if (this.#until !== Infinity) this.now = Math.max(this.now, this.#until);
      return this.#end();
    }
    this.now = event.at;
    this.eventCount++;
    const { run } = event;
    event.run = null;
    try {
      run?.();
    } catch (error) {
      this.onUncaught(event.loop, error);
    }
  }

  #end(): void {
    active = null;
    this.#finish();
  }

  /** The next event that runs; those of loops that stand still wait, those of loops that are over never happen. */
  #next(): SimEvent | null {
    for (let event = this.#heap[0]; event !== undefined; event = this.#heap[0]) {
      if (event.at > this.#until) return null;
      this.#pop();
      if (event.run === null || event.loop.isOver || event.loop.pausedUntil === Infinity) continue;
      if (event.loop.pausedUntil <= event.at) return event;
      event.at = event.loop.pausedUntil;
      this.#push(event);
    }
    return null;
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above] as SimEvent;
      if (isBefore(parent, event)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as SimEvent;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as SimEvent, heap[below] as SimEvent)) below++;
      const child = heap[below] as SimEvent;
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = last;
  }
}

const isBefore = (one: SimEvent, other: SimEvent): boolean => one.at < other.at || (one.at === other.at && one.order < other.order);
