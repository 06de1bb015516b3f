/** Which thread a flight belongs on. */
import type { Flight } from './flight.js';

/** A hash of its key. A sample of the characters is enough to spread keys, and correctness does not depend on it. */
export function placeOf({ scope, key, number }: Flight): number {
  if (key === null) return number;
  const step = Math.max(1, Math.floor(key.length / 32));
  let hash = scope?.length ?? 0;
  for (let at = key.length - 1; at >= 0; at -= step) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) >>> 0;
  return hash;
}
