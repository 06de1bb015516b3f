// From async-cache-dedupe with `ttl: 0`, its way to join without keeping. What changes:
// - one coalescer for each function; statistics, events and errors carry its name;
// - callers that retry in their `catch` start a new call: there they joined the failed one again;
// - `forget({ payload })` instead of `clear('user', id)`: a call that began before cannot disturb the one that begins after;
// - unequal arguments never make equal keys: there a Map, a Set and `{}` are one, and all their callers get one answer;
// - a second target may follow: `createCoalescer({ targets: { primary, replica } })`.
import { createCache } from 'async-cache-dedupe';
import { coalesce } from 'coalescer';

export type Search = (filter: unknown) => Promise<string>;

export function before(search: Search): Search {
  const cache = createCache({ ttl: 0, storage: { type: 'memory' } }).define('search', (filter: unknown) => search(filter));
  return (filter) => cache.search(filter);
}

export const after = (search: Search): Search => coalesce((filter: unknown) => search(filter), { scope: 'public' });
