/** The floor that everything is measured from: a Map of promises. */

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
