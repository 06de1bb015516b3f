/**
 * Beside each row that does not hold its bound: what was tried, and what the limit is. A row that is not here has had nothing tried on it, and
 * the page says so. Printed only while the bound does not hold.
 */
const join =
  'One look-up instead of two, a short way for what is a string without options, and one field of the flight that says what a plain waiter joins with (48 to 26 ns, with a scope 80 to 31); no look at whether the promise is true (2 ns). The least, which counts a waiter and knows a limit, takes no more than the Map. What is left above it, 6 ns: is a short way open, is the text short, is a scope asked for, is something kept, does anybody listen, may there be no room for more. In instructions (valgrind) 553 beside the Map’s 275; 43 of them can go (fields that are null and not false, two objects fewer on the way to the table), and no time goes with them.';
const flight =
  'Not at its limit: a record with a promise of its own, the least that fails over, is far below. Inline, a flight that goes straight has no record in its shard, no place in the wheel, and no list of attempts, and who launches it by a plain request waits by the shared promise at once (interleaved: 808 to 586, to 566, to 539 ns among 256, 931 to 578 alone; 3.3 to 2.2 and 3.8 to 2.4 times the Map). Before that: a clock that is read less, a key map that never becomes empty nor shrinks, no object and no list of arguments for each call. Left out: contexts that share one async id (5 % less: what keeps contexts by id would mix requests), fields as assignments (300 instructions fewer, 8 % slower); admission apart for what is not packed, a way of its own for a healthy end, fewer powers, stamps at launch, the clock’s readings in an array brought nothing. In instructions (valgrind) a flight among 256 takes 6,070 (8,350 before), the Map 2,760, the record 2,840. Of these what targets’ health must know takes 700, the context that keeps requests’ async storage out of targets 490, readings of the clock 340; the rest is spread over what a flight’s key, limits, waiters and story need.';
const crossing =
  'A flight that is alone sent at once, no closures for what crosses (alone 25.5 to 22.4 µs of the main thread), envelopes that go as soon as 32 frames wait, and frames without texts (256 in the air, alone in its process: 7.8 to 4.9 µs; 2,048: 5.6 to 4.6); bodies read where they lie, native JSON for keys written in order, no place where there is one thread (256: 2.7 to 2.4 times the raw port, 2,048: 3.3 to 2.9, both alone in their process); a payload that its key tells in full crosses as its key, neither packed nor held twice (2.2 to 1.85, 2.8 to 2.45); one look for key and guard (3 to 6 %). 16 to 128 frames for an envelope, bodies that share the packer’s pool, and attempts that lie in their frames as they are brought nothing more. One at a time, two threads wake each other: 54 of 88 µs, and 22 where Linux puts both on one processor. Fresh, the raw port with batches is itself only 2.4 to 5 times as fast as piscina.run and comlink: there five times is at or beyond what a port can do. What is left beside the raw port: a key derived from the payload, a guard that looks at every value that crosses, and packing on both sides.';

export const limits: Readonly<Record<string, string>> = {
  'join/coalescer': join,
  'join/coalescer, a scope per request': join,
  'flight/coalescer, 1 in the air': flight,
  'flight/coalescer, 256 in the air': flight,
  'flight/coalescer, 256 in the air, chat answer': flight,
  'failover/coalescer, first target rejects':
    'Since breakers came this row had measured one that was open (1.6 µs), and no failover; it measures failovers again, and counts them. Fields of errors are read where V8 remembers each, a status once for all who ask, spend caps looked for at one look, the clock once less, a list of two attempts in two places (2.8 to 1.8 µs; the raw Map 0.7); failures that are added to the budget once a tick brought nothing. What is left: two attempts, each with its context, its time and its record, and an error that is looked through for a status, a Retry-After and a spend cap: 1,170 of 18,400 instructions, the Map by hand 7,800. Beside the plain flight it was 2.4 times as dear until plain flights went straight, which made them a third cheaper and failovers a twentieth.',
  'threads/coalescer, 1 in the air': crossing,
  'threads/coalescer, 256 in the air': crossing,
  'threads/coalescer, 2,048 in the air': crossing,
  'memory/coalescer, joins at 10^6 keys':
    'It is what misses the processor’s caches that costs here, a record more than the Map has. What a join touches lies side by side (1,480 to 1,310 ns), the promise itself is not touched any more (whether an object is true is read from it: a third), and flights begin in the shape that they have when they are over (1,310 to 870). Its rounds differ by a half.',
  'memory/coalescer, a key in the air':
    'What most flights never need lies beside them, in one object for all (1,046 to 915 B), inline one that goes straight has no record (709 B), what it was asked for is its key where it is no more than that, terms of attempts are shared, its promise is rejected through the function that resolves it, and a field stands for one thing or another (453 B). The least takes 325 B.',
  'memory/coalescer, flights at 10^6 keys':
    'It is what misses the processor’s caches that costs here, and rounds differ by three: a table that grows falls into some of them. A flight is three objects where the Map has one.',
  'threads/event loop delay p99, parsing on a thread':
    'Threads step back for the caller’s loop (niceness 5: 3.5 to 0.7 ms, beside 4 to 7 inline; 0.2 when nothing runs). What is left is in which round another process of the machine computes.',
  'memory/coalescer, hits at 10^6 keys':
    'Second chance instead of an order of who was asked for last, one promise for all who share a value, one look-up (2,550 to 1,150 ns); the promise itself is not touched, reports of values are made when they are asked for (664 to 488 bytes a value: nothing measurable). What is left beside the Map: a clock, a mark that is written, and an entry that lies in a heap ten times as large; a promise made when the value is kept, not at its first hit, brought nothing. Values by number in dense arrays beside the Map were not tried.',
  'start/import of coalescer':
    'One bundled file instead of some 90 modules, with the library in it that writes keys, and node:crypto and node:v8 loaded when they are needed (65 to 12 ms on a quiet machine). What is left is the parsing of 280 kB, 6 ms; without line breaks it takes as long, with short names 1 ms less, and frames say nothing then.',
};
