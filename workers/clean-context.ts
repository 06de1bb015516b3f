/** Async contexts for work that is nobody's: a flight's, a timer's. What a request keeps in its context must neither leak into them nor be kept alive by them. */
import { AsyncResource } from 'node:async_hooks';

/** The context this file was loaded in: that of no request, if the package is loaded at start-up and not in the middle of one. Nothing of users runs in it. */
const pristine = new AsyncResource('coalescer');

/** Calls `run` so that what it arms or starts is in no request's context. */
export function inCleanContext<Argument, Result>(run: (argument: Argument) => Result, argument: Argument): Result {
  return pristine.runInAsyncScope(run, undefined, argument);
}

/** The same with a context of its own, for users' code: what it enters and never leaves (`enterWith`) is gone with it. */
export function inOwnContext<Argument>(run: (argument: Argument) => void, argument: Argument): void {
  pristine.runInAsyncScope(makeContext).runInAsyncScope(run, undefined, argument);
}

const makeContext = (): AsyncResource => new AsyncResource('coalescer', NO_DESTROY);
/** Nobody asks when it is gone. */
const NO_DESTROY = { requireManualDestroy: true };
