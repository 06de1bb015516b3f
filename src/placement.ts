/** Which thread a flight belongs on. */
import type { Flight } from './flight.js';

/** To hash all of a longer key costs a flight more than it is worth; and with a sample of it, keys that differ elsewhere would all fly on one thread. */
const KEY_CHARACTERS_MAX = 64;

/** A hash of its key, or its own number if its key is long or `null`. It spreads flights evenly; correctness does not depend on it. */
export function placeOf({ scope, key, number }: Flight): number {
  if (key === null || key.length > KEY_CHARACTERS_MAX) return number;
  let hash = scope?.length ?? 0;
  for (let at = key.length - 1; at >= 0; at--) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) >>> 0;
  return hash;
}
