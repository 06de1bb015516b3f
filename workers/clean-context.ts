/** Async contexts for work that is nobody's: a flight's, a timer's. What a request keeps in its context must neither leak into them nor be kept alive by them. */
import { AsyncLocalStorage, AsyncResource, executionAsyncResource } from 'node:async_hooks';

/** The context of no request. */
export const pristine = new AsyncResource('coalescer');
// A resource copies the contexts it is made in, which are a request's where the package is loaded in the middle of one (lazily, by a router).
empty(pristine);

/**
 * Node has no way to say "no context"; what a resource keeps of them are symbols of it, by these names on Node 20 and 22, and 24. Emptied and not
 * deleted: V8 looks everything up in an object that something was deleted from, and entering it would cost 44 ns, not 10.
 */
function empty(resource: object): void {
  const kept = resource as Record<symbol, unknown>;
  for (const symbol of Object.getOwnPropertySymbols(resource)) {
    if (/resourceStore|contextFrame|context_frame/i.test(symbol.description ?? '')) kept[symbol] = undefined;
  }
}

/** Calls `run` so that what it arms or starts is in no request's context. */
export function inCleanContext<Argument, Result>(run: (argument: Argument) => Result, argument: Argument): Result {
  return pristine.runInAsyncScope(run, undefined, argument);
}

/**
 * Up to Node 22 a storage writes what is entered to the resource it is entered in, and follows all of them by hooks. From Node 24 on (and on 22, with
 * `--experimental-async-context-frame`) there are no hooks, and no resource is written to: whatever enters a context makes another, and leaves it when
 * the call returns. One serves all calls then.
 */
const isByHooks = 'kResourceStore' in new AsyncLocalStorage();
const isWrittenTo = isByHooks || keepsWhatEnters();
/** May whoever runs in the pristine context enter one, and leave it to `runInAsyncScope` to come back? */
export const entersCheaply = !isWrittenTo && leavesWhatEnters();

function keepsWhatEnters(): boolean {
  const storage = new AsyncLocalStorage<true>();
  const resource = new AsyncResource('coalescer', { requireManualDestroy: true });
  resource.runInAsyncScope(() => storage.enterWith(true));
  const isKept = resource.runInAsyncScope(() => storage.getStore()) === true;
  storage.disable();
  return isKept;
}

function leavesWhatEnters(): boolean {
  const storage = new AsyncLocalStorage<true>();
  pristine.runInAsyncScope(() => storage.enterWith(true));
  const isLeft = storage.getStore() === undefined;
  storage.disable();
  return isLeft;
}

/**
 * The same with a context of its own, for users' code: what it enters and never leaves (`enterWith`) is gone with it. It must not
 * throw. `run` returns a promise that it made last, if it made one: this tells as much as one that would be made for it.
 */
export function inOwnContext<Argument>(run: (argument: Argument) => Promise<unknown> | null, argument: Argument): void {
  if (isApart()) apart(run, argument);
  else wasCalled(run(argument));
}

/** Has what is called to be called apart, by `apart`? Else `wasCalled` is told of it: `inOwnContext` in two pieces, for those who know what they call. */
export const isApart = (): boolean => isFollowed || hasId(nothing());

export function wasCalled(made: Promise<unknown> | null): void {
  // The first of the process that enters a context enters its caller's here.
  if (hasId(made !== null && made.constructor === NodePromise ? made : nothing())) empty(executionAsyncResource());
}

export function apart<Argument>(run: (argument: Argument) => unknown, argument: Argument): void {
  const context = isWrittenTo ? (spares.pop() ?? pristine.runInAsyncScope(makeContexts)) : pristine;
  context.runInAsyncScope(run, undefined, argument);
}

/**
 * Where a promise has its async id. It gets one while anybody follows contexts (an AsyncLocalStorage that was entered, a hook, a domain), and else
 * there are none to keep apart: a call without one of its own takes a twelfth less of a flight (513 to 469 ns). `undefined`: not by this name.
 */
const ASYNC_ID = Object.getOwnPropertySymbols(pristine).find(({ description }) => description === 'async_id_symbol');
/** Did anybody, ever? Nobody is asked again then: a promise that gets an id costs a tenth of a flight. Without hooks no promise would tell. */
let isFollowed = ASYNC_ID === undefined || !isByHooks;

function hasId(promise: Promise<unknown>): boolean {
  if ((promise as unknown as Record<symbol, unknown>)[ASYNC_ID as symbol] === undefined) return false;
  return (isFollowed = true);
}

/** A promise of Node's own, whatever has been put in the place of `Promise`. */
async function ofFunction(): Promise<void> {}
const NodePromise = ofFunction().constructor as PromiseConstructor;
/** Or has that been replaced as well (by what instruments promises, say)? */
const isNodes =
  typeof NodePromise === 'function' && Function.prototype.toString.call(NodePromise) === 'function Promise() { [native code] }';
const neverSettled = (): void => undefined;
/** V8 makes such a promise and nothing else; an async function that does nothing takes 8 ns more. */
const nothing = isNodes ? (): Promise<unknown> => new NodePromise(neverSettled) : ofFunction;

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
