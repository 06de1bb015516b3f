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
  /** Chunks to go on from, with the target's `resume`; `null`: from the beginning. */
  readonly delivered: readonly unknown[] | null;
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
      return asPromise(run(call));
    }
    const message = { target: target.name, attempt: attempt.attempt, scope: order.scope };
    return tracing.tracePromise(() => begun(run(call)), message);
  } catch (error) {
    // A synchronous throw is a rejection like any other: the flight is registered already, and ends where all flights end.
    return Promise.reject(error);
  }
}

function run<Order extends LaunchOrder>({ target, order, attempt, delivered }: Call<Order>): unknown {
  if (delivered === null || target.resume === null) return target.run(order.payload, attempt);
  return target.resume(order.payload, delivered, attempt);
}

/** A native promise of this realm, whatever came: a thenable that settles twice or throws does so behind it. */
export function asPromise(result: unknown): Promise<unknown> {
  return isNative(result) ? result : begun(result);
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
