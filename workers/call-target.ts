/** How a target is called: its answer is a promise as promises should be, whatever it returns or throws. */
import { tracingChannel } from 'node:diagnostics_channel';
import type { Attempt } from './attempt.js';
import { ownData } from './own-copy.js';
import type { LaunchOrder } from './protocol.js';
import type { FilledTarget } from './targets.js';

const nativeThen: unknown = Reflect.get(Promise.prototype, 'then');
const tracing = tracingChannel('coalescer:call');
const { start, end, asyncStart, asyncEnd, error: failed } = tracing;

/**
 * Makes the call. A native promise from here on, whatever came back: thenables that settle twice or throw are its business, not ours.
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
  // Inline they are readers' too, and one who goes on from them may write to them. Behind a port they have just been unpacked.
  return resume(payload, slot === -1 ? delivered.map(ownData) : delivered, attempt);
}

function traced(target: FilledTarget, order: LaunchOrder, attempt: Attempt, delivered: readonly unknown[] | null): Promise<unknown> {
  const message = { flight: order.id, target: target.name, attempt: attempt.attempt, scope: order.scope };
  return tracing.tracePromise(() => begun(run(target, order, attempt, delivered)), message);
}

/** Hears how a call ends, later than this returns. What it returns settles then, and says nothing. */
export function listen(called: Promise<unknown>, resolved: (value: unknown) => void, rejected: (error: unknown) => void): Promise<unknown> {
  try {
    return called.then(resolved, rejected);
  } catch (error) {
    // What has a promise's prototype need not be one.
    return Promise.reject(error).then(resolved, rejected);
  }
}

/** Is what one of the user's other functions says a promise? Those are asked at once, so it says nothing; that it may reject is nobody's business any more. */
export function isPromised(said: unknown): boolean {
  if (!(said instanceof Promise)) return false;
  said.catch(() => undefined);
  return true;
}

/** A native promise of this realm, whatever came: a thenable that settles twice or throws does so behind it. */
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
