/** Attempts of a flight that are over, as they were told, in the order of their ends. */
import { keepShape } from '../workers/lasting-shape.js';
import type { AttemptRecord } from '../workers/protocol.js';

/** The first has a place of its own: most flights of which anything is told are told of one. (And a list of one would be made as a literal, see `AttemptTerms`.) */
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

/** How an attempt ends that another target has to go on for. */
export const LOST: ReadonlySet<AttemptRecord['end']> = new Set(['failed', 'timed-out', 'thread-lost'] as const);

/** Is this attempt where its flight went on for one that could not say so when it was told: its thread had died, or no other target might be called then? */
export const isGoneOnFrom = (before: AttemptRecord, { target, attempt, isHedge }: AttemptRecord): boolean =>
  LOST.has(before.end) &&
  (before.next ?? before.target) === before.target &&
  target !== before.target &&
  // Of two that were out, the first may be told last.
  attempt > before.attempt &&
  isHedge !== true;

keepShape(() => new Told(null));
