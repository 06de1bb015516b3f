/** One call of one target, and what the target may see of it. All state of an attempt lives here and ends with it. */
import { AttemptTerms } from './attempt-terms.js';
import { inOwnContext } from './clean-context.js';
import type { FlightStart } from './flight-record.js';
import { keepShape } from './lasting-shape.js';
import type { LaunchOrder } from './protocol.js';
import type { AttemptContext } from './targets.js';

/** Why a target's answer is no longer wanted, told by `signal.reason`. */
export type AbortCause = 'abandoned' | 'timed-out' | 'outraced';

const REASONS: Readonly<Record<AbortCause, () => DOMException>> = {
  abandoned: () => new DOMException('coalescer: nobody waits for this flight any more', 'AbortError'),
  outraced: () => new DOMException('coalescer: another attempt of this flight has answered first', 'AbortError'),
  'timed-out': () => new DOMException("coalescer: this attempt's time is up", 'TimeoutError'),
};

function tell({ controller, reason }: { readonly controller: AbortController; readonly reason: DOMException }): null {
  controller.abort(reason);
  return null;
}

/** Used by `console.log`. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The context of an attempt. It is also the token: a result counts only while its attempt is the flight's current one. */
export class Attempt implements AttemptContext {
  readonly #order: LaunchOrder;
  #terms: AttemptTerms;
  /** Why it was aborted before anybody asked for the signal; once asked, the signal's controller. */
  #abort: AbortCause | AbortController | null = null;

  constructor(order: LaunchOrder, terms: AttemptTerms) {
    this.#order = order;
    this.#terms = terms;
  }

  get attempt(): number {
    return this.#terms.attempt;
  }
  get target(): string {
    return this.#terms.target;
  }
  get carried(): unknown {
    return this.#terms.carried;
  }
  get flight(): string {
    return this.#order.id;
  }
  /** Where it began, if its flight goes straight. Static, as are the next ones: targets see the properties, and starts are shared. */
  static startOf(attempt: Attempt): FlightStart | null {
    return attempt.#terms.start;
  }
  /** The failed attempt that its flight has gone straight on from. */
  static afterOf(attempt: Attempt): Pick<AttemptTerms, 'failed' | 'error'> {
    return attempt.#terms;
  }
  /** When it began, if its flight goes straight. */
  static startedAtOf(attempt: Attempt, { launchedAt }: LaunchOrder): number {
    const { failed } = attempt.#terms;
    return failed === null ? launchedAt : failed.endedAt;
  }
  /** When its time is up. Not a private accessor, which would take a field in each attempt (a key in the air: 438 to 446 bytes). */
  static dueOf(attempt: Attempt): number {
    const { ms } = attempt.#terms;
    const { due, launchedAt } = attempt.#order;
    return ms === null ? (due as number) : launchedAt + ms;
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

  /** Is the signal aborted, or would it be? */
  get isAborted(): boolean {
    return this.#abort instanceof AbortController ? this.#abort.signal.aborted : this.#abort !== null;
  }

  get scope(): string | null {
    return this.#order.scope;
  }
  get key(): string | null {
    return this.#order.key;
  }
  /** Made when it is read, so that it can be destructured: `({ remainingMs }) => …`. */
  get remainingMs(): () => number {
    // Reads the clock first, since that may correct the flight's launch time.
    return () => Math.max(0, -this.#terms.seam.now() + Attempt.dueOf(this));
  }

  /** It streams: from now on its time is the flight's. */
  opened(): void {
    const { deadline, launchedAt } = this.#order;
    // By now, what its flight went on from is in its record.
    this.#terms = new AttemptTerms(this.#terms);
    this.#terms.ms = deadline - launchedAt;
  }

  /** For logs: all fields are getters, which no log shows. */
  toJSON(): Pick<AttemptContext, 'flight' | 'attempt' | 'target' | 'carried'> {
    const { flight, attempt, target, carried } = this;
    return { flight, attempt, target, carried };
  }
  [INSPECT](): object {
    return this.toJSON();
  }

  /** Aborts the signal, now if the target has asked for it, else when it does. Listeners are the target's code: they run outside the context of the waiter that left last. */
  abort(cause: AbortCause): void {
    const known = this.#abort;
    if (known instanceof AbortController) inOwnContext(tell, { controller: known, reason: REASONS[cause]() });
    else this.#abort = cause;
  }
}

keepShape(() => new Attempt({} as LaunchOrder, {} as AttemptTerms));
