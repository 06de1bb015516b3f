/** Async contexts for work that belongs to no request: a flight's, a timer's. A request's context must neither leak into it nor be kept alive by it. */
import { AsyncLocalStorage, AsyncResource, executionAsyncResource } from 'node:async_hooks';

/** The context of no request. */
export const pristine = new AsyncResource('coalescer');
// A resource copies the contexts it is made in, which are a request's if the package is loaded in the middle of one (lazily, by a router).
empty(pristine);

/**
 * Node has no way to say "no context"; a resource keeps contexts under symbols with these names on Node 20 and 22, and 24. Set to `undefined`, not
 * deleted: a delete puts the object into dictionary mode, and entering it would cost 44 ns, not 10.
 */
function empty(resource: object): void {
  const kept = resource as Record<symbol, unknown>;
  for (const symbol of Object.getOwnPropertySymbols(resource)) {
    if (/resourceStore|contextFrame|context_frame/i.test(symbol.description ?? '')) kept[symbol] = undefined;
  }
}

/** Calls `run` outside any request's context, so that what it arms or starts is too. */
export function inCleanContext<Argument, Result>(run: (argument: Argument) => Result, argument: Argument): Result {
  return pristine.runInAsyncScope(run, undefined, argument);
}

/**
 * Up to Node 22 a storage writes an entered context to the current resource, and follows resources by hooks. From Node 24 on (and on 22, with
 * `--experimental-async-context-frame`) there are no hooks, and no resource is written to: to enter a context makes a new frame, which ends when
 * the call returns. Then one resource serves all calls.
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
 * The same with a context of its own, for users' code: a context that it enters and never leaves (`enterWith`) ends with it. `run` must not throw. It
 * returns the last promise that it made, if any: that shows whether contexts are followed, without making another.
 */
export function inOwnContext<Argument>(run: (argument: Argument) => Promise<unknown> | null, argument: Argument): void {
  if (isApart()) apart(run, argument);
  else wasCalled(run(argument));
}

/** Must a call be made by `apart`? Else report it by `wasCalled` afterwards. These are the two parts of `inOwnContext`, for callers that inline the call. */
export const isApart = (): boolean => isFollowed || hasId(nothing());

export function wasCalled(made: Promise<unknown> | null): void {
  // The first code in the process that enters a context writes to the caller's own resource, which is emptied here.
  if (hasId(made !== null && made.constructor === NodePromise ? made : nothing())) empty(executionAsyncResource());
}

export function apart<Argument>(run: (argument: Argument) => unknown, argument: Argument): void {
  const context = isWrittenTo ? (spares.pop() ?? pristine.runInAsyncScope(makeContexts)) : pristine;
  context.runInAsyncScope(run, undefined, argument);
}

/**
 * The symbol of a promise's async id. A promise has one while anybody follows contexts (an AsyncLocalStorage that was entered, a hook, a domain); if not,
 * there are no contexts to separate: a call without its own saves a twelfth of a flight (513 to 469 ns). `undefined`: the symbol was not found.
 */
const ASYNC_ID = Object.getOwnPropertySymbols(pristine).find(({ description }) => description === 'async_id_symbol');
/** Has anybody ever followed contexts? Then promises are not checked again: one with an id costs a tenth of a flight. Without hooks no promise would show it. */
let isFollowed = ASYNC_ID === undefined || !isByHooks;

function hasId(promise: Promise<unknown>): boolean {
  if ((promise as unknown as Record<symbol, unknown>)[ASYNC_ID as symbol] === undefined) return false;
  return (isFollowed = true);
}

/** Node's own promise class, even if `Promise` was replaced. */
async function ofFunction(): Promise<void> {}
const NodePromise = ofFunction().constructor as PromiseConstructor;
/** Is it really Node's own (a tool that instruments promises may replace it as well)? */
const isNodes =
  typeof NodePromise === 'function' && Function.prototype.toString.call(NodePromise) === 'function Promise() { [native code] }';
const neverSettled = (): void => undefined;
/** This makes a promise and nothing else; an async function that does nothing takes 8 ns more. */
const nothing = isNodes ? (): Promise<unknown> => new NodePromise(neverSettled) : ofFunction;

/** Captures the current context. Returns a function that calls `run` in it. */
export function thisContext(): (run: () => void) => void {
  const context = new AsyncResource('coalescer', NO_DESTROY);
  return (run) => context.runInAsyncScope(run);
}

/** Unused contexts. Made in batches, inside the pristine one, which is then entered once per batch. */
const spares: AsyncResource[] = [];
const SPARES = 32;
function makeContexts(): AsyncResource {
  while (spares.length < SPARES) spares.push(new AsyncResource('coalescer', OF_PRISTINE));
  return spares.pop() as AsyncResource;
}
/** No destroy hook is needed. */
const NO_DESTROY = { requireManualDestroy: true };
/** The trigger is what Node would find anyway: to look for it takes a third of the constructor's time. */
const OF_PRISTINE = { ...NO_DESTROY, triggerAsyncId: pristine.asyncId() };
