/** The reported attempts of a flight, in the order of their ends. */
import { keepShape } from '../workers/lasting-shape.js';
import type { AttemptRecord } from '../workers/protocol.js';

/** The first has a field of its own: most flights that report any report one. (And a list of one would be made as a literal, see `AttemptTerms`.) */
export class Told {
  #first: AttemptRecord | null;
  #others: AttemptRecord[] | null = null;

  constructor(first: AttemptRecord | null) {
    this.#first = first;
  }

  add(attempt: AttemptRecord): void {
    if (this.#first === null) this.#first = attempt;
    else if (this.#others === null) this.#others = [attempt];
    else this.#others.push(attempt);
  }

  get all(): readonly AttemptRecord[] {
    return this.#first === null ? [] : [this.#first, ...(this.#others ?? [])];
  }

  get last(): AttemptRecord | null {
    return this.#others?.at(-1) ?? this.#first;
  }

  /** As it is now. */
  copy(): Told {
    const copy = new Told(this.#first);
    copy.#others = this.#others === null ? null : [...this.#others];
    return copy;
  }
}

/** Ends of an attempt after which another target has to take over. */
export const LOST: ReadonlySet<AttemptRecord['end']> = new Set(['failed', 'timed-out', 'thread-lost'] as const);

/** Did the flight go on here after `before`, which could not say so when it was reported: its thread had died, or no other target could be called then? */
export const isGoneOnFrom = (before: AttemptRecord, { target, attempt, isHedge }: AttemptRecord): boolean =>
  LOST.has(before.end) &&
  (before.next ?? before.target) === before.target &&
  target !== before.target &&
  // Of two that were out, the first may be reported last.
  attempt > before.attempt &&
  isHedge !== true;

keepShape(() => new Told(null));
