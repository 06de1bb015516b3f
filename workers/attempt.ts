/** One call of one target, and what the target may see of it. All state of an attempt lives here and ends with it. */
import type { Seam } from './environment.js';
import { keepShape } from './lasting-shape.js';
import type { LaunchOrder } from './protocol.js';
import type { AttemptContext } from './targets.js';

/** What `signal.reason` says to a target whose answer is no longer wanted. */
export type AbortCause = 'abandoned' | 'timed-out' | 'outraced';

const REASONS: Readonly<Record<AbortCause, () => DOMException>> = {
  abandoned: () => new DOMException('coalescer: nobody waits for this flight any more', 'AbortError'),
  outraced: () => new DOMException('coalescer: another attempt of this flight has answered first', 'AbortError'),
  'timed-out': () => new DOMException("coalescer: this attempt's time is up", 'TimeoutError'),
};

/** The context of an attempt. It is also the token: a result counts only while its attempt is the flight's current one. */
export class Attempt implements AttemptContext {
  /** The first of its flight, unless whoever makes it says otherwise. */
  attempt = 1;
  readonly target: string;
  readonly carried: unknown;
  readonly #order: LaunchOrder;
  readonly #seam: Seam;
  #deadline: number;
  /** Why it was aborted before anybody asked for the signal; or the signal's controller. */
  #abort: AbortCause | AbortController | null = null;

  constructor(order: LaunchOrder, target: string, deadline: number, seam: Seam) {
    this.#order = order;
    // Its own: the flight lets go of what it carries when it has settled, and a target may still look.
    this.carried = order.carried;
    this.#seam = seam;
    this.target = target;
    this.#deadline = deadline;
  }

  /** Made when first read: an AbortController costs 2 µs, more than all the rest of a flight. */
  get signal(): AbortSignal {
    const known = this.#abort;
    if (known instanceof AbortController) return known.signal;
    const controller = new AbortController();
    this.#abort = controller;
    if (known !== null) controller.abort(REASONS[known]());
    return controller.signal;
  }

  /** Whether the signal says so, or would. */
  get isAborted(): boolean {
    return this.#abort instanceof AbortController ? this.#abort.signal.aborted : this.#abort !== null;
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

  /** It streams: from now on it has the flight's time. */
  opened(): void {
    this.#deadline = this.#order.deadline;
  }

  /** Tells the target, now if it asked for the signal, or when it does. */
  abort(cause: AbortCause): void {
    if (this.#abort instanceof AbortController) this.#abort.abort(REASONS[cause]());
    else this.#abort = cause;
  }
}

keepShape(() => new Attempt({} as LaunchOrder, '', Number.NaN, {} as Seam));
