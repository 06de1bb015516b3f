/** Which thread a flight belongs on. */
import type { Flight } from './flight.js';

/** Looking at all of a longer key costs a flight more than it is worth; and where not all is looked at, keys that differ just there would all fly on one thread. */
const KEY_CHARACTERS_MAX = 64;

/** A number for its key, or for itself where its key is long or its own. It spreads flights evenly, and no one depends on it. */
export function placeOf({ scope, key, number }: Flight): number {
  if (key === null || key.length > KEY_CHARACTERS_MAX) return number;
  let hash = scope?.length ?? 0;
  for (let at = key.length - 1; at >= 0; at--) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) >>> 0;
  return hash;
}
