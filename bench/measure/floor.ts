/** The floors that everything is measured from: a Map of promises, and the least that can do what a flight must. */

export type Call<K, V> = (key: K) => Promise<V>;

/** The least that shares a call, and forgets it when it has settled. */
export function byMap<V>(call: Call<string, V>): Call<string, V> {
  const flights = new Map<string, Promise<V>>();
  return (key) => {
    const known = flights.get(key);
    if (known !== undefined) return known;
    const promise = call(key);
    flights.set(key, promise);
    const done = (): void => {
      if (flights.get(key) === promise) flights.delete(key);
    };
    promise.then(done, done);
    return promise;
  };
}

const MOST_WAITERS = 1_000_000;

/** All that one flight of `byRecord` is. */
interface Bare<V> {
  readonly key: string;
  readonly promise: Promise<V>;
  resolve: (value: V) => void;
  reject: (error: unknown) => void;
  waiters: number;
  attempt: number;
}

/**
 * The least that fails over: a record with a promise of its own, which alone can be settled by another call than the first, or before its
 * call is, and a count of waiters that has a limit. No time, cancel, story, breaker, hook, context or rule of what may be tried again.
 */
export function byRecord<V>(...calls: readonly Call<string, V>[]): Call<string, V> {
  const flights = new Map<string, Bare<V>>();
  const launch = (key: string): Bare<V> => {
    let resolve: Bare<V>['resolve'] | undefined;
    let reject: Bare<V>['reject'] | undefined;
    const promise = new Promise<V>((onValue, onError) => {
      resolve = onValue;
      reject = onError;
    });
    return { key, promise, resolve: resolve as Bare<V>['resolve'], reject: reject as Bare<V>['reject'], waiters: 1, attempt: 0 };
  };
  const attempt = (flight: Bare<V>): void => {
    const call = calls[flight.attempt] as Call<string, V>;
    call(flight.key).then(
      (value) => {
        flights.delete(flight.key);
        flight.resolve(value);
      },
      (error: unknown) => {
        if (++flight.attempt < calls.length) return attempt(flight);
        flights.delete(flight.key);
        flight.reject(error);
      },
    );
  };
  return (key) => {
    const known = flights.get(key);
    if (known !== undefined) {
      if (known.waiters === MOST_WAITERS) throw new RangeError(`more than ${MOST_WAITERS} waiters`);
      known.waiters++;
      return known.promise;
    }
    const flight = launch(key);
    flights.set(key, flight);
    attempt(flight);
    return flight.promise;
  };
}

/** The least that keeps a value until its time, and could tell which was asked for: what a hit costs below any cache. */
export function byKeptRecord<V>(call: Call<string, V>, ttlMs: number): Call<string, V> {
  const kept = new Map<string, { readonly promise: Promise<V>; readonly until: number; asked: boolean }>();
  return (key) => {
    const now = performance.now();
    const known = kept.get(key);
    if (known !== undefined && known.until > now) {
      known.asked = true;
      return known.promise;
    }
    const promise = call(key);
    kept.set(key, { promise, until: now + ttlMs, asked: false });
    return promise;
  };
}
