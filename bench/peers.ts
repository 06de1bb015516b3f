/** The peers, each turned into one thing: a function that shares one call among equal keys. Beside each, what it does not do. */
import { createCache } from 'async-cache-dedupe';
import { LRUCache } from 'lru-cache';
import CircuitBreaker from 'opossum';
import pMemoize from 'p-memoize';
import { coalesceAsync } from 'promise-coalesce';
import { interceptors } from 'undici';
import { byMap, byRecord, type Call } from './measure/floor.js';

export interface Peer {
  readonly name: string;
  /** Where its version stands; `null`: a few lines written here. */
  readonly from: string | null;
  /** What a user of it has to do without. Printed beside its figure. */
  readonly lacks: string;
  readonly share: <V>(call: Call<string, V>) => Call<string, V>;
}

const NOTHING_BUT_SHARING = 'no failover, cancel or limits';

export const rawMap: Peer = { name: 'raw Map', from: null, lacks: NOTHING_BUT_SHARING, share: byMap };

/** No peer, and of no use: what the least that fails over costs, below which nothing that does can be. */
export const least: Peer = {
  name: 'record with its own promise',
  from: null,
  lacks: 'the least that fails over: no time, cancel, story, breakers or rules',
  share: (call) => byRecord(call),
};

export const promiseCoalesce: Peer = {
  name: 'promise-coalesce',
  from: 'promise-coalesce',
  lacks: NOTHING_BUT_SHARING,
  share: (call) => (key) => coalesceAsync(key, () => call(key)),
};

export const asyncCacheDedupe: Peer = {
  name: 'async-cache-dedupe',
  from: 'async-cache-dedupe',
  lacks: `${NOTHING_BUT_SHARING}; unequal objects may get one key`,
  share<V>(call: Call<string, V>) {
    const cache = createCache({ ttl: 0 }).define('call', call);
    return (key: string) => (cache as unknown as { call: Call<string, V> }).call(key);
  },
};

export const memoize: Peer = {
  name: 'p-memoize',
  from: 'p-memoize',
  lacks: NOTHING_BUT_SHARING,
  // Without a cache it shares what is in the air and keeps nothing.
  share: (call) => pMemoize(call, { cache: false }),
};

export const lruCache: Peer = {
  name: 'lru-cache fetch',
  from: 'lru-cache',
  lacks: 'no failover; one signal aborts all; keeps values',
  share<V>(call: Call<string, V>) {
    const fetchMethod = async (key: string): Promise<{ readonly value: V }> => ({ value: await call(key) });
    // Larger than any that is kept: a value that stayed would be given to the next who ask, who are to join the next call as with all others.
    const cache = new LRUCache<string, { readonly value: V }>({ max: 4_096, maxEntrySize: 1, sizeCalculation: () => 2, fetchMethod });
    return (key: string) => cache.fetch(key) as unknown as Promise<V>;
  },
};

export const opossum: Peer = {
  name: 'opossum coalesce',
  from: 'opossum',
  lacks: 'no failover to a target, no cancel; unequal objects may get one key',
  share: (call) => {
    const breaker = new CircuitBreaker(call, {
      coalesce: true,
      timeout: false,
      coalesceResetOn: ['success', 'error', 'timeout'],
    } as object);
    return (key) => breaker.fire(key);
  },
};

interface Handler {
  onRequestStart?(controller: object, context: object): void;
  onResponseStart?(controller: object, status: number, headers: object, text: string): void;
  onResponseData?(controller: object, bytes: Uint8Array): void;
  onResponseEnd?(controller: object, trailers: object): void;
  onResponseError?(controller: object, error: Error): void;
}
type Dispatch = (options: object, handler: Handler) => boolean;

const CONTROLLER = { abort: () => undefined, pause: () => undefined, resume: () => undefined, aborted: false, paused: false };

/** Its interceptor over a dispatcher that answers from this process: what it costs, without any HTTP. */
export const undiciShare: Peer = {
  name: 'undici deduplicate',
  from: 'undici',
  lacks: 'HTTP only; the first signal aborts all; no failover',
  share<V>(call: Call<string, V>) {
    const answers = new Map<string, V>();
    const upstream: Dispatch = ({ path }: { path?: string }, handler) => {
      handler.onRequestStart?.(CONTROLLER, {});
      void call(path as string).then((answer) => {
        answers.set(path as string, answer);
        handler.onResponseStart?.(CONTROLLER, 200, {}, 'OK');
        handler.onResponseEnd?.(CONTROLLER, {});
      });
      return true;
    };
    const intercept = interceptors.deduplicate() as unknown as (dispatch: Dispatch) => Dispatch;
    const dispatch = intercept(upstream);
    const settled = (path: string, resolve: (value: V) => void): Handler => ({
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: () => undefined,
      onResponseEnd: () => resolve(answers.get(path) as V),
      onResponseError: () => undefined,
    });
    return (key: string) =>
      new Promise<V>((resolve) => {
        dispatch({ origin: 'http://bench', method: 'GET', path: key, headers: {} }, settled(key, resolve));
      });
  },
};

/** Those that share by a string. */
export const peers: readonly Peer[] = [promiseCoalesce, asyncCacheDedupe, memoize, lruCache, opossum, undiciShare];
