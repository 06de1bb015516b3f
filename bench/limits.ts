/**
 * Beside each row that does not hold its bound: what was tried, and what the limit is. A row that is not here has had nothing tried on it, and
 * the page says so. Printed only while the bound does not hold.
 */
const join =
  'One look-up instead of two, and a short way for what is a string without options (48 to 25 ns, with a scope 80 to 37). What is left beside the Map: a request is counted, its flight may be too old or too full, and somebody may be listening.';
const flight =
  'No entry in the wheel for each flight, a clock that is read less, a key map that never becomes empty, no object for each call (963 to 600 ns alone, 882 to 590 among 256, before breakers, holds and kept values came). What is left beside the Map: a record with attempts, a deadline, a story and a context of its own for the target.';
const crossing =
  'Envelopes packed once for a tick, a flight that is alone sent at once, no closures for what crosses (4.36 to 4.03 µs of the main thread among 256, alone 25.5 to 22.4). What is left beside the raw port: a key derived from the payload, a guard that looks at every value that crosses, and packing on both sides.';

export const limits: Readonly<Record<string, string>> = {
  'join/coalescer': join,
  'join/coalescer, a scope per request': join,
  'flight/coalescer, 1 in the air': flight,
  'flight/coalescer, 256 in the air': flight,
  'flight/coalescer, 256 in the air, chat answer': flight,
  'failover/coalescer, first target rejects':
    'Attempts that failed have one shape from the start (5.46 to 1.57 µs; the raw Map 0.78). What is left: each failed attempt is judged, kept for the story and told in the outcome.',
  'threads/coalescer, 1 in the air': crossing,
  'threads/coalescer, 256 in the air': crossing,
  'threads/coalescer, 2,048 in the air': crossing,
  'memory/coalescer, joins at 10^6 keys':
    'What a join touches lies side by side (1,480 to 1,310 ns): it is what misses the processor’s caches that costs here, a record more than the Map has.',
  'memory/coalescer, a key in the air':
    'What most flights never write stands on prototypes (1,046 to 852 B). A promise that is shared takes some 200 B by itself; the flight, its shard’s record and its attempt are three objects where the Map has none.',
  'start/import of coalescer':
    'An inline user loads no thread, no packing library and no XState. What is left is 0.7 ms for each of some 90 small modules: only one bundled file would come near the bound, and nothing of that was tried.',
};
