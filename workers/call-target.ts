/** Calls a target in a clean async context, so that nothing of the request that happened to launch the flight leaks into work shared by others. */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import type { Attempt } from './attempt.js';
import { inOwnContext } from './clean-context.js';
import type { LaunchOrder } from './protocol.js';
import type { FilledTarget } from './targets.js';

const tracing = tracingChannel('coalescer:call');

/** One call to be made. */
export interface Call<Order extends LaunchOrder> {
  readonly target: FilledTarget;
  readonly order: Order;
  readonly attempt: Attempt;
  /** Named while the target runs; see `ShardSetup.flying`. */
  readonly flying: AsyncLocalStorage<Order> | null;
  readonly resolved: (value: unknown) => void;
  readonly rejected: (error: unknown) => void;
}

/** Makes the call; exactly one of `resolved` and `rejected` follows, later than this returns, or neither if the target never settles. */
export function callTarget<Order extends LaunchOrder>(call: Call<Order>): void {
  inOwnContext(callHere<Order>, call);
}

function callHere<Order extends LaunchOrder>(call: Call<Order>): void {
  const { flying, order } = call;
  // A native promise from here on, whatever came back: thenables that settle twice or throw are its business, not ours.
  const result = flying === null ? begin(call) : flying.run(order, begin, call);
  result.then(call.resolved, call.rejected);
}

async function begun(result: unknown): Promise<unknown> {
  return result;
}

function begin<Order extends LaunchOrder>(call: Call<Order>): Promise<unknown> {
  const { target, order, attempt } = call;
  try {
    if (!isTraced()) {
      const result = target.run(order.payload, attempt);
      return isNative(result) ? result : begun(result);
    }
    const message = { target: target.name, attempt: attempt.attempt, scope: order.scope };
    return tracing.tracePromise(() => begun(target.run(order.payload, attempt)), message);
  } catch (error) {
    // A synchronous throw is a rejection like any other: the flight is registered already, and ends where all flights end.
    return Promise.reject(error);
  }
}

/** Only an untouched promise of this realm settles as promises do: a subclass, or a `then` of its own, may throw or call back at once. */
function isNative(result: unknown): result is Promise<unknown> {
  return result instanceof Promise && Object.getPrototypeOf(result) === Promise.prototype && !Object.hasOwn(result, 'then');
}

/** TracingChannel has no `hasSubscribers` of its own on Node 20. */
function isTraced(): boolean {
  const { start, end, asyncStart, asyncEnd, error } = tracing;
  return start.hasSubscribers || end.hasSubscribers || asyncStart.hasSubscribers || asyncEnd.hasSubscribers || error.hasSubscribers;
}
