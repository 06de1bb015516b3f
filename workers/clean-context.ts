/** Async contexts for work that is nobody's: a flight's, a timer's. What a request keeps in its context must neither leak into them nor be kept alive by them. */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/** The context of no request. Nothing of users runs in it. */
const pristine = new AsyncResource('coalescer');
// A resource copies the contexts it is made in, which are a request's where the package is loaded in the middle of one (lazily, by a router). Node
// has no way to say "none"; the copies are symbols of the resource, by these names on Node 20 and 22, and 24. Emptied and not deleted: V8 looks
// everything up in an object that something was deleted from, and entering it would cost 44 ns, not 10.
const copies = pristine as unknown as Record<symbol, unknown>;
for (const copied of Object.getOwnPropertySymbols(pristine)) {
  if (/resourceStore|contextFrame|context_frame/i.test(copied.description ?? '')) copies[copied] = undefined;
}

/** Calls `run` so that what it arms or starts is in no request's context. */
export function inCleanContext<Argument, Result>(run: (argument: Argument) => Result, argument: Argument): Result {
  return pristine.runInAsyncScope(run, undefined, argument);
}

/** From Node 24 on a context is not written to: whatever enters one makes another, and leaves it when the call returns. One serves all calls then. */
const isWrittenTo = Number.parseInt(process.versions.node, 10) < 24 || keepsWhatEnters();

function keepsWhatEnters(): boolean {
  const storage = new AsyncLocalStorage<true>();
  const resource = new AsyncResource('coalescer', { requireManualDestroy: true });
  resource.runInAsyncScope(() => storage.enterWith(true));
  const isKept = resource.runInAsyncScope(() => storage.getStore()) === true;
  storage.disable();
  return isKept;
}

/** The same with a context of its own, for users' code: what it enters and never leaves (`enterWith`) is gone with it. */
export function inOwnContext<Argument>(run: (argument: Argument) => void, argument: Argument): void {
  if (!isWrittenTo) return pristine.runInAsyncScope(run, undefined, argument);
  const context = spares.pop() ?? pristine.runInAsyncScope(makeContexts);
  context.runInAsyncScope(run, undefined, argument);
}

/** The context that this is called in, to come back to: calls `run` in it, whoever calls. */
export function thisContext(): (run: () => void) => void {
  const context = new AsyncResource('coalescer', NO_DESTROY);
  return (run) => context.runInAsyncScope(run);
}

/** Contexts that nobody has been in. Made by the dozen, in the pristine one, which is then entered once for all of them. */
const spares: AsyncResource[] = [];
const SPARES = 32;
function makeContexts(): AsyncResource {
  while (spares.length < SPARES) spares.push(new AsyncResource('coalescer', OF_PRISTINE));
  return spares.pop() as AsyncResource;
}
/** Nobody asks when it is gone. */
const NO_DESTROY = { requireManualDestroy: true };
/** What triggers it is what would be found, too: looking for that takes a third of the making. */
const OF_PRISTINE = { ...NO_DESTROY, triggerAsyncId: pristine.asyncId() };
