/** One call of one target, and what the target may see of it. All state of an attempt lives here and ends with it. */
import type { Seam } from './environment.js';
import type { LaunchOrder } from './protocol.js';
import type { AttemptContext } from './targets.js';

/** What `signal.reason` says to a target whose answer is no longer wanted. */
export type AbortCause = 'abandoned' | 'timed-out';

const REASONS: Readonly<Record<AbortCause, () => DOMException>> = {
  abandoned: () => new DOMException('coalescer: nobody waits for this flight any more', 'AbortError'),
  'timed-out': () => new DOMException("coalescer: this attempt's time is up", 'TimeoutError'),
};

/** Which attempt it is, and until when. */
export interface AttemptStart {
  readonly target: string;
  readonly attempt: number;
  readonly deadline: number;
}

/** The context of an attempt. It is also the token: a result counts only while its attempt is the flight's current one. */
export class Attempt implements AttemptContext {
  readonly attempt: number;
  readonly target: string;
  readonly carried: unknown;
  readonly #order: LaunchOrder;
  readonly #seam: Seam;
  readonly #deadline: number;
  #controller: AbortController | null = null;
  #aborted: AbortCause | null = null;

  constructor(order: LaunchOrder, seam: Seam, start: AttemptStart) {
    this.#order = order;
    // Its own: the flight lets go of what it carries when it has settled, and a target may still look.
    this.carried = order.carried;
    this.#seam = seam;
    this.target = start.target;
    this.attempt = start.attempt;
    this.#deadline = start.deadline;
  }

  /** Made when first read: an AbortController costs 2 µs, more than all the rest of a flight. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== null) this.#controller.abort(REASONS[this.#aborted]());
    }
    return this.#controller.signal;
  }

  get scope(): string | null {
    return this.#order.scope;
  }
  get key(): string | null {
    return this.#order.key;
  }
  /** Made when it is read, so that it can be taken out of the context: `({ remainingMs }) => …`. */
  get remainingMs(): () => number {
    return () => Math.max(0, this.#deadline - this.#seam.now());
  }

  /** Tells the target, now if it asked for the signal, or when it does. */
  abort(cause: AbortCause): void {
    this.#aborted = cause;
    this.#controller?.abort(REASONS[cause]());
  }
}
