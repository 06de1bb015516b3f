/** One call of one target, and what the target may see of it. All state of an attempt lives here and ends with it. */
import { AttemptTerms } from './attempt-terms.js';
import { inOwnContext } from './clean-context.js';
import type { FlightStart } from './flight-record.js';
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

function tell({ controller, reason }: { readonly controller: AbortController; readonly reason: DOMException }): null {
  controller.abort(reason);
  return null;
}

/** What `console.log` asks. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The context of an attempt. It is also the token: a result counts only while its attempt is the flight's current one. */
export class Attempt implements AttemptContext {
  readonly #order: LaunchOrder;
  #terms: AttemptTerms;
  /** Why it was aborted before anybody asked for the signal; or the signal's controller. */
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
  /** Where it begins, if its flight goes straight. Not a property, nor what follows: targets see those, and starts are shared. */
  static startOf(attempt: Attempt): FlightStart | null {
    return attempt.#terms.start;
  }
  /** What its flight has gone straight on from. */
  static afterOf(attempt: Attempt): Pick<AttemptTerms, 'failed' | 'error'> {
    return attempt.#terms;
  }
  /** If its flight goes straight. */
  static startedAtOf(attempt: Attempt, { launchedAt }: LaunchOrder): number {
    const { failed } = attempt.#terms;
    return failed === null ? launchedAt : failed.endedAt;
  }
  /** When its time is up. No accessor: a private one would be a place in each attempt (a key in the air: 438 to 446 bytes). */
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
    // The clock first: when the flight was launched may be known better then.
    return () => Math.max(0, -this.#terms.seam.now() + Attempt.dueOf(this));
  }

  /** It streams: from now on it has the flight's time. */
  opened(): void {
    const { deadline, launchedAt } = this.#order;
    // What its flight went on from is its record's by now.
    this.#terms = new AttemptTerms(this.#terms);
    this.#terms.ms = deadline - launchedAt;
  }

  /** For those who write it to a log: all of it is read through getters, which no log shows. */
  toJSON(): Pick<AttemptContext, 'flight' | 'attempt' | 'target' | 'carried'> {
    const { flight, attempt, target, carried } = this;
    return { flight, attempt, target, carried };
  }
  [INSPECT](): object {
    return this.toJSON();
  }

  /** Tells the target, now if it asked for the signal, or when it does. Who listens is the target's: it runs in no context of the waiter that left last. */
  abort(cause: AbortCause): void {
    const known = this.#abort;
    if (known instanceof AbortController) inOwnContext(tell, { controller: known, reason: REASONS[cause]() });
    else this.#abort = cause;
  }
}

keepShape(() => new Attempt({} as LaunchOrder, {} as AttemptTerms));
