/** Puts a coalescer together: options are checked first, then front, wheel and links are connected. */
import { seamOf } from '../workers/environment.js';
import { given } from '../workers/given.js';
import { HealthMemory } from '../workers/health-memory.js';
import type { Target, TargetCall, Targets } from '../workers/targets.js';
import { Wheel } from '../workers/wheel.js';
import { FrontedCoalescer } from './coalescer.js';
import type { Coalescer } from './contract.js';
import { Front } from './front.js';
import { InlineLinks } from './inline-links.js';
import type { Hosts } from './hosts.js';
import type { LocalHostsSetup } from './local-hosts.js';
import { fillOptions } from './option-table.js';
import { shardSettings, type CoalescerOptions, type ScopeOption } from './options.js';
import { Reentrance } from './reentrance.js';
import type { RequestArgs } from './requests.js';
import type { Share, Shared } from './share.js';
import { threadsOf, type FilledThreads, type ThreadTargets } from './thread-targets.js';
import { ThreadLinks, type ThreadLinksSetup } from './thread-links.js';

// `any`: the record's functions may take and return anything, and types are inferred from them.
type CallOf<X> = X extends (...args: any[]) => any ? X : X extends { readonly run: infer F extends (...args: any[]) => any } ? F : never;
type Calls<T> = { [K in keyof T]: CallOf<T[K]> }[keyof T];
/** What every target of a record accepts: the intersection of what they take. */
export type PayloadOf<T> = Calls<T> extends (payload: infer P, ...rest: any[]) => any ? P : never;
type ResultOf<T> = Calls<T> extends (...args: any[]) => infer R ? Awaited<R> : never;
/** What `stream` gives: the chunks of targets that stream, the values of those that do not. */
export type ChunkOf<T> = ResultOf<T> extends infer R ? (R extends AsyncIterable<infer C> ? C : R) : never;
/** What `request` gives: values as they are, and the list of a stream's chunks. */
export type ValueOf<T> = ResultOf<T> extends infer R ? (R extends AsyncIterable<infer C> ? C[] : R) : never;
type PlainOf<T> = ResultOf<T> extends infer R ? (R extends AsyncIterable<unknown> ? never : R) : never;
type StreamedOf<T> = ResultOf<T> extends infer R ? (R extends AsyncIterable<infer C> ? C : never) : never;
/** The `collect` option, and what `request` gives with it. */
export interface CollectOption<T, R> {
  /** Makes the value that `request` gives from the chunks of a stream; runs on the caller's thread. If it throws, requests reject with that error. @default the list of chunks */
  readonly collect: (chunks: readonly StreamedOf<T>[]) => R;
}

/** From this version of Node on AsyncLocalStorage costs only those who use it; below, its first use makes every `await` of the process take twice as long. */
const NODE_WITH_CHEAP_CONTEXTS = 24;

/**
 * Makes a coalescer. Targets are a record of functions (they run on this thread, tried in the order written) or `threadTargets(…)`.
 * @throws TypeError or RangeError for a bad option: its path, what was expected, what came
 */
export function createCoalescer<T extends Targets, const S extends ScopeOption<PayloadOf<T>>, R, const H extends Share = 'readonly'>(
  options: { readonly targets: ThreadTargets<T> } & CollectOption<T, R> & CoalescerOptions<PayloadOf<T>, R | PlainOf<T>, S, H>,
): Coalescer<PayloadOf<T>, Shared<R | PlainOf<T>, H>, Shared<ChunkOf<T>, H>, S>;
export function createCoalescer<T extends Targets, const S extends ScopeOption<PayloadOf<T>>, R, const H extends Share = 'readonly'>(
  options: { readonly targets: T } & CollectOption<T, R> & CoalescerOptions<PayloadOf<T>, R | PlainOf<T>, S, H>,
): Coalescer<PayloadOf<T>, Shared<R | PlainOf<T>, H>, Shared<ChunkOf<T>, H>, S>;
export function createCoalescer<T extends Targets, const S extends ScopeOption<PayloadOf<T>>, const H extends Share = 'readonly'>(
  options: { readonly targets: ThreadTargets<T> } & CoalescerOptions<PayloadOf<T>, ValueOf<T>, S, H>,
): Coalescer<PayloadOf<T>, Shared<ValueOf<T>, H>, Shared<ChunkOf<T>, H>, S>;
export function createCoalescer<T extends Targets, const S extends ScopeOption<PayloadOf<T>>, const H extends Share = 'readonly'>(
  options: { readonly targets: T } & CoalescerOptions<PayloadOf<T>, ValueOf<T>, S, H>,
): Coalescer<PayloadOf<T>, Shared<ValueOf<T>, H>, Shared<ChunkOf<T>, H>, S>;
export function createCoalescer(setup: { readonly targets: unknown } & object): unknown {
  const options = fillOptions(setup);
  const seam = seamOf(options.environment);
  const wheel = new Wheel(seam);
  const threads = threadsOf(setup.targets);
  const isDetecting =
    options.detectReentrance ?? (threads === null && Number.parseInt(process.versions.node, 10) >= NODE_WITH_CHEAP_CONTEXTS);
  if (isDetecting && threads !== null)
    throw new RangeError('options.detectReentrance: works inline only; targets on threads cannot be followed');
  if (options.environment !== undefined && threads !== null && threads.threads > 0) {
    throw new RangeError(
      'options.environment: threads keep the time of the process; with threads: 0 the module runs here, in this environment',
    );
  }
  const reentrance = isDetecting ? new Reentrance() : null;
  const front = new Front({
    seam,
    wheel,
    options,
    reentrance,
    connect: (receiver) =>
      threads === null
        ? new InlineLinks({ targets: setup.targets, seam, wheel, options, reentrance, receiver })
        : threadLinks({ threads, seam, options, receiver }),
  });
  return new FrontedCoalescer(front, options, seam);
}

function threadLinks(setup: Pick<ThreadLinksSetup, 'seam' | 'options' | 'receiver'> & { readonly threads: FilledThreads }): ThreadLinks {
  const { threads, options, seam } = setup;
  const healthMemory = HealthMemory.ofTargets();
  const settings = { name: options.name, resultBytes: options.limits.resultBytes, health: healthMemory.buffer, ...shardSettings(options) };
  return new ThreadLinks({
    healthMemory,
    openHosts: () => openHosts({ threads, settings, slots: options.limits.flights, seam }),
    ...setup,
  });
}

/** What threads need is loaded only here: it would cost inline users 30 to 50 ms at start-up. */
async function openHosts(setup: LocalHostsSetup): Promise<Hosts> {
  if (setup.threads.threads > 0) {
    const entry = (await import('./thread-entry.js')).threadEntry();
    return new (await import('./shards.js')).ShardHosts({ entry, ...setup });
  }
  return new (await import('./local-hosts.js')).LocalHosts(setup);
}

/** A function whose equal calls share one flight. */
export interface CoalescedFunction<P, V, S, C = V> {
  (payload: P, ...options: RequestArgs<S>): Promise<V>;
  readonly coalescer: Coalescer<P, V, C, S>;
}

/**
 * A function in, a function out. One target: no failover, no retry; errors are rejected with as thrown.
 * @example const readUser = coalesce(fetchUser, { scope: 'public' });
 */
export function coalesce<P, R, const S extends ScopeOption<P>, const H extends Share = 'readonly'>(
  call: TargetCall<P, R>,
  options: CoalescerOptions<P, ValueOf<{ readonly call: () => R }>, S, H>,
): CoalescedFunction<P, Shared<ValueOf<{ readonly call: () => R }>, H>, S, Shared<ChunkOf<{ readonly call: () => R }>, H>> {
  if (typeof call !== 'function') throw new TypeError(`coalesce: expected a function, got ${given(call)}`);
  const targets: Record<string, Target> = { call };
  // The record is made here, so its types follow from this function's own.
  const coalescer = createCoalescer({ ...options, targets } as never) as unknown as Coalescer<
    P,
    Shared<ValueOf<{ readonly call: () => R }>, H>,
    Shared<ChunkOf<{ readonly call: () => R }>, H>,
    S
  >;
  return Object.assign((payload: P, ...rest: RequestArgs<S>) => coalescer.request(payload, ...rest), { coalescer });
}
