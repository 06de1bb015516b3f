// From p-memoize, where it was there to join calls. What changes:
// - a value is gone when its call has settled, unless you say `keep`, and nothing grows without a bound;
// - the key is the whole payload, properties in any order, instead of the first argument by identity: equal objects join;
// - what cannot be a key (a Map, a Date, a class instance) is refused with its path, instead of never being found again;
// - a function takes one payload: put several arguments into an object;
// - a function that throws before it returns a promise rejects like any other, and the next call starts anew.
import { coalesce } from 'coalescer';
import pMemoize from 'p-memoize';

export interface Query {
  readonly city: string;
  readonly day: string;
}
export type Forecast = (query: Query) => Promise<string>;

export const before = (forecast: Forecast): Forecast => pMemoize(forecast, { cacheKey: ([query]) => `${query.city} ${query.day}` });

export const after = (forecast: Forecast): Forecast => coalesce((query: Query) => forecast(query), { scope: 'public' });
