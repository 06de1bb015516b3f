/** The flight whose target is running, known to whatever that target does, behind each `await` too: for re-entrance inline, for blame in quarantine. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attempt } from './attempt.js';
import { callTarget } from './call-target.js';
import { entersCheaply, pristine } from './clean-context.js';
import type { LaunchOrder } from './protocol.js';
import type { FilledTarget } from './targets.js';

/** What a shard does with it. */
export type FlightCalls<Order extends LaunchOrder> = Pick<FlightContext<Order>, 'call' | 'run'>;

export class FlightContext<Order extends LaunchOrder> {
  readonly #storage = new AsyncLocalStorage<Order>();
  /** Whoever calls it leaves what it enters. */
  readonly #enterAndCall: typeof callTarget = (target, order, attempt, delivered) => {
    this.#storage.enterWith(order as Order);
    return callTarget(target, order, attempt, delivered);
  };

  /** The flight whose target runs here and now. */
  get flight(): Order | undefined {
    return this.#storage.getStore();
  }

  /**
   * As `callTarget`, in the context of its flight. The storage's own `run` makes two contexts, one to come back to: 180 ns where contexts cost least, and
   * this takes 50, of a flight of 300.
   */
  call(target: FilledTarget, order: Order, attempt: Attempt, delivered: readonly unknown[] | null): Promise<unknown> {
    return entersCheaply
      ? pristine.runInAsyncScope(this.#enterAndCall, undefined, target, order, attempt, delivered)
      : this.#storage.run(order, callTarget, target, order, attempt, delivered);
  }

  /** Calls `run` in the context of a flight; `undefined`: of none. */
  run(order: Order | undefined, run: () => void): void {
    this.#storage.run(order as Order, run);
  }

  /** Nobody asks any more. */
  close(): void {
    this.#storage.disable();
  }
}
