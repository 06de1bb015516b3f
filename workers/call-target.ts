/** How a target is called: whatever it returns or throws, the result is a well-behaved promise. */
import { tracingChannel } from 'node:diagnostics_channel';
import type { Attempt } from './attempt.js';
import { ownData } from './own-copy.js';
import type { LaunchOrder } from './protocol.js';
import type { FilledTarget } from './targets.js';

const nativeThen: unknown = Reflect.get(Promise.prototype, 'then');
const tracing = tracingChannel('coalescer:call');
const { start, end, asyncStart, asyncEnd, error: failed } = tracing;

/**
 * Makes the call. The result is a native promise, so that thenables that settle twice or throw do no harm.
 * `delivered`: chunks to go on from, with the target's `resume`; `null`: from the beginning.
 */
export function callTarget(
  target: FilledTarget,
  order: LaunchOrder,
  attempt: Attempt,
  delivered: readonly unknown[] | null,
): Promise<unknown> {
  try {
    return isTraced() ? traced(target, order, attempt, delivered) : asPromise(run(target, order, attempt, delivered));
  } catch (error) {
    // A synchronous throw is a rejection like any other: the flight is registered already, and ends where all flights end.
    return Promise.reject(error);
  }
}

function run(target: FilledTarget, { payload, slot }: LaunchOrder, attempt: Attempt, delivered: readonly unknown[] | null): unknown {
  const { resume } = target;
  if (delivered === null || resume === null) return target.run(payload, attempt);
  // Inline, readers have the same chunks, and `resume` may write to them, so it gets copies. Behind a port they have just been unpacked.
  return resume(payload, slot === -1 ? delivered.map(ownData) : delivered, attempt);
}

function traced(target: FilledTarget, order: LaunchOrder, attempt: Attempt, delivered: readonly unknown[] | null): Promise<unknown> {
  const message = { flight: order.id, target: target.name, attempt: attempt.attempt, scope: order.scope };
  return tracing.tracePromise(() => begun(run(target, order, attempt, delivered)), message);
}

/** Hears how a call ends, always later than this returns. The returned promise settles then, without a value. */
export function listen(called: Promise<unknown>, resolved: (value: unknown) => void, rejected: (error: unknown) => void): Promise<unknown> {
  try {
    return called.then(resolved, rejected);
  } catch (error) {
    // An object with a promise's prototype need not be a promise.
    return Promise.reject(error).then(resolved, rejected);
  }
}

/** Did a user's function that must answer at once return a promise? Then it has not answered; its rejection is ignored. */
export function isPromised(said: unknown): boolean {
  if (!(said instanceof Promise)) return false;
  said.catch(() => undefined);
  return true;
}

/** A native promise of this realm, whatever `result` is: a thenable that settles twice or throws is wrapped. */
export function asPromise(result: unknown): Promise<unknown> {
  return isNative(result) ? result : begun(result);
}

async function begun(result: unknown): Promise<unknown> {
  return result;
}

/** Only an untouched promise of this realm settles as promises do: a subclass, or a `then` of its own, may throw or call back at once. */
function isNative(result: unknown): result is Promise<unknown> {
  return result instanceof Promise && result.then === nativeThen && result.constructor === Promise;
}

/** TracingChannel has no `hasSubscribers` of its own on Node 20. */
function isTraced(): boolean {
  return start.hasSubscribers || end.hasSubscribers || asyncStart.hasSubscribers || asyncEnd.hasSubscribers || failed.hasSubscribers;
}
