/**
 * For each row that does not hold its bound: what limits it, and what was tried. On a row that is not here nothing was tried, and the page says
 * so. Printed only while the bound does not hold. Figures read "before to after".
 */

/** What limits rows of one kind, and what was tried on them. */
export interface Limit {
  readonly rows: readonly string[];
  /** What is in the way; printed first. */
  readonly limit: readonly string[];
  /** Steps that were tried, by their result. */
  readonly tried: Readonly<Record<string, readonly string[]>>;
}

const GAINED = 'Done, and what it gained';
const NOTHING = 'Tried and left out';

export const limits: readonly Limit[] = [
  {
    rows: ['join/coalescer', 'join/coalescer, a scope per request'],
    limit: [
      'The minimum that counts a waiter and knows a limit takes no more than the Map.',
      'Against async-cache-dedupe it depends on the machine: 0.97 on an AMD EPYC, 0.97 to 1.00 on an Intel Xeon, and there 1.1 in one process of eight, with the same machine code: that depends on memory layout, which we do not control.',
    ],
    tried: {
      [GAINED]: [
        'One look-up instead of two, a fast path for a string without options, and one field of the flight with the promise that a plain waiter joins with: 48 to 26 ns, with a scope 80 to 31.',
        'Testing the promise for truth avoided: 2 ns.',
        'A check for room that is short enough for V8 to inline anywhere: 29.7 to 25.8 ns.',
        'In a burst, the key is compared with the last one’s before anything is looked up: 25 to 18 ns, with a scope 33 to 23; where keys take turns 38 to 40, the Map 49.',
        'The long way of a request in a function of its own: 15.4 to 14.1 ns in a third of all processes, in the others as before.',
        'The launch that a thousand joins share: the look-up of a key that flies again and again walked past all of its deleted entries: 15.5 to 15.0 ns.',
        'The length of a text is not read if it equals the last key, and joins are counted at the flight: 15.0 to 14.6 ns.',
      ],
      [NOTHING]: [
        'Requests with and without a scope in functions of their own, or the comparison with the last key in the very first function: 0.98 to 1.02 of the peer, and 1.12 in two processes of eight.',
        'No count of all joins, only one per flight: 0.2 ns.',
      ],
    },
  },
  {
    rows: ['flight/coalescer, 1 in the air', 'flight/coalescer, 256 in the air', 'flight/coalescer, 256 in the air, chat answer'],
    limit: [
      'Not at its limit: a record with a promise of its own, the minimum that fails over, is far below (0.7 of async-cache-dedupe).',
      'The difference to async-cache-dedupe is what that does without: a flight’s own promise besides its target’s, an attempt that its target may read, a place in the order of times, health, story and limits.',
      'V8 inlines at most 920 bytes of bytecode into a function; a launch and an end had three times as many, so no single cut gained anything.',
    ],
    tried: {
      [GAINED]: [
        'First: fewer readings of the clock, a key map that never becomes empty nor shrinks, no object and no argument list per call.',
        'Inline, a straight flight has no record in its shard, no entry in the wheel and no list of attempts, and the leader of a plain request waits with the shared promise at once: among 256 808 to 586, to 566, to 539 ns (interleaved), alone 931 to 578; 3.3 to 2.2 and 3.8 to 2.4 times the Map.',
        'Successful ends are counted in batches of 32: 2.23 to 2.14 times the Map.',
        'A target is called without an async context of its own if nobody in the process follows contexts: 540 to 493 ns. (If somebody does: 973 to 988, the Map 481 to 487: 2.0 times, too.)',
        'Rare cases in functions of their own, so that V8 inlines the rest: 493 to 476 ns.',
        'The published bundle is measured, not single modules: 466 to 452 ns.',
        'Launches of one turn share readings of the clock, and get their own time from the next reading: one for 16 took 466 to 428 ns among 256 and 475 to 427 alone, one for 32 430 to 415.',
        'Attempts that began and ended at the same readings are counted together: 433 to 417 ns.',
        'Many cuts at once: admission in a function of its own, one check for a healthy target, a linked list of flights with a sentinel, a separate path for ends of plain flights, two functions so large that they are inlined nowhere, a promise that is made without a function. Of async-cache-dedupe: 256 in the air 0.93 to 0.84, one 0.95 to 1.0 to 0.78, with a chat answer 0.94 to 0.86. (Without limits on inlining, 0.82, 0.74 and 0.86 were possible before.)',
      ],
      [NOTHING]: [
        'Contexts that share one async id: 5 % less, but code that keeps contexts by id would mix requests up.',
        'Fields set by assignments in the constructor: 300 instructions fewer, 8 % slower.',
        'Reusing the handlers of a target’s answer instead of making new ones: slower (448 ns).',
        'No gain: fewer powers, the clock’s readings in an array, another clock, classes and functions as constants of the bundle; and, after the many cuts, private fields replaced by plain ones, which are shorter.',
      ],
      'Where fresh memory is expensive': [
        'All of the above is from machines where a fresh page is cheap: a flight 400 ns, the Map 235, async-cache-dedupe 390; on a faster one 245, 180 and 300.',
        'Where a page takes 10 µs (linux 6.18.44-fc-v782 is such a machine, and runs there vary by a half within themselves) a flight takes 315 to 335 ns, the Map 430 and async-cache-dedupe 480 to 620.',
        'Why: for a Map that is written to all the time V8 keeps the outgrown tables, and what they reference, until a major collection, and each page of that must be allocated afresh. Alone in a process with a young generation of 16 MB the Map takes 170 ns there, async-cache-dedupe 320 to 350, a flight 360.',
        'Tried there, and all left out: a key map that deletes in bulk, a separate path for launches of plain requests, and using the shared promise in place of the one that is made to see whether contexts are followed (48 of 995 bytes).',
      ],
    },
  },
  {
    rows: ['failover/coalescer, first target rejects'],
    limit: [
      'What is left: two attempts, each with its context, its time and its record, and an error that is searched for a status, a Retry-After and a spending limit: 1,170 of 18,400 instructions; the Map by hand has 7,800. Against that Map it is at 0.97 to 1.00 on an AMD EPYC and at 0.98 to 1.05 on an Intel Xeon.',
      'In the profile no function has more than 4 %; by groups, judging has 5, the clock 3, the record and its steps 15.',
      'Without limits on inlining it would be 0.93 of the Map.',
      'For a while after breakers were added, this row measured an open breaker (1.6 µs), and no failover; it measures failovers again, and counts them.',
      'It cost 2.4 times a plain flight until plain flights went straight, which made them a third cheaper and failovers a twentieth.',
    ],
    tried: {
      [GAINED]: [
        'Fields of errors are read with an inline cache each, a status once for all who need it, spending limits in one check, one clock reading fewer, a list of two attempts in two places: 2.8 to 1.8 µs (the raw Map 0.7).',
        'One reading of the clock for the end of one attempt and the start of the next, and no lists and closures for a single item: 1,504 to 1,337 ns; 3.6 to 3.4 times the plain flight, 2.1 to 1.9 times the Map.',
        'A failover without a record, steps, or an entry in the wheel: 1,010 to 730 ns; one reading of the clock per burst: to 675; the last attempt reported only when somebody asks: to 647.',
        'An error that says nothing is not judged, and failures are added to the budget once a tick if no other thread draws from it: to 587 ns.',
        'No objects that only pass arguments, and a call that V8 can inline: to 555 ns; in all 4.0 to 2.2 times the plain flight, 1.8 to 1.0 of the Map.',
        'Records of failures, and the terms of the next attempt, are written once by their constructors, not first by field initializers, which V8 does not inline there: 3 %. For all classes: no gain elsewhere.',
        'Classes in place of literals: in a third to a half of all processes it took a quarter longer, since V8 allocated objects of literals in the old generation.',
      ],
      [NOTHING]: [
        'Failures added to the budget once a tick, while there still was a record: no gain.',
        'Merging the objects that an attempt has, and reading its error’s fields without functions: 1 % each, or no gain.',
      ],
    },
  },
  {
    rows: ['threads/coalescer, 1 in the air', 'threads/coalescer, 256 in the air', 'threads/coalescer, 2,048 in the air'],
    limit: [
      'Fresh, the raw port with batches, which shares nothing and keeps no key, is itself at 0.24 to 0.42 of piscina.run among 256, by machine (the last column has this run): a fifth is more than a port can reach there. Among 2,048, and against comlink, it is at 0.13 to 0.19, which leaves a flight with all that it does 5 to 20 % over a bare message.',
      'What is left against the raw port: a key derived from the payload, a guard that walks every value that crosses, and packing on both sides.',
      'The main thread is the bottleneck, at 256 as at 2,048: a worker that takes a fifth less changes nothing. Without the guard over payloads a flight would take 14 to 19 % less, with a key that is not written as JSON 13 to 22 %.',
      'Half of the guard’s time goes to checks for symbols and getters, and nothing cheaper finds them (for...in, __lookupGetter__: 0 to 2 %).',
      'One at a time, two threads wake each other: 55 of 70 µs, and 20 where Linux puts both on one processor. Of the rest nothing stands out: when a thread wakes, its code is in no cache any more, and takes five times as long as in a busy thread.',
    ],
    tried: {
      [GAINED]: [
        'A flight that is alone is sent at once, and no closures are made for crossing: alone 25.5 to 22.4 µs of the main thread.',
        'Envelopes are sent as soon as some frames wait, and frames have no texts: 256 in the air, alone in its process, 7.8 to 4.9 µs; 2,048: 5.6 to 4.6.',
        'Bodies read in place, native JSON for keys written in order, no hashing of keys if there is one thread: 256: 2.7 to 2.4 times the raw port, 2,048: 3.3 to 2.9, both alone in their process.',
        'A payload that its key tells in full crosses as its key, neither packed nor held twice: 2.2 to 1.85 and 2.8 to 2.45 times the raw port.',
        'One walk for key and guard: 3 to 6 %.',
        'Short values cross as JSON, and texts unpacked: saves 0.2 of 3.1 µs on the main thread, and 0.1 of 2.9 on the worker; with a text of 2,000 characters 5.1 to 3.1 µs in all.',
        'Frames as columns, and fewer than eight unpacked: a launch 355 to 116 ns to pack and 150 to 92 to read; saves a tenth of the main thread’s time, and a tenth of the worker’s; one at a time 88 to 70 µs.',
        'Straight flights on the worker, too: another tenth of its time.',
        'Envelopes of up to 128 frames when many are in the air: 2,048 between rounds of 256: 3.79 to 3.42 µs.',
        'Short JSON of an envelope parsed in one piece, no atomics for what is written per flight, and first envelopes of 24 frames: 256 alone in its process 2.06 to 1.80 µs, 2,048 1.75 to 1.55.',
        'Rows of this area used to be measured among others that leave processors idle: then two threads share one for some 50 ms, and all rows of more than one message took 1.5 to 2 times as long.',
      ],
      [NOTHING]: [
        'A key writer of our own, fast for small flat records: saves 8 to 10 % on those, and costs 5 to 20 % on all other payloads. The same writer only for payloads that it suits: 256 in the air 4 % less, 2,048 3 % more.',
        '48 frames throughout: 4 % less at 256 alone, 8 to 14 % more at 64. Answers of two envelopes in one: no difference.',
        'Columns cloned by the port instead of packed: a quarter less of that step (32 frames: 308 to 226 ns each), which is 3 % of a flight.',
        'A ring buffer in shared memory that both sides poll while they are busy, in place of ports: an envelope costs each thread 3.7 µs through a port and 1.5 to 3 through the ring, which is 0.05 of a flight’s 1.8 µs among 256, for a loop that must poll at every turn.',
        'No gain: fewer clock readings on either side, bodies that share the packer’s pool, attempts inside their frames without packing, a port that is not unreferenced in between.',
      ],
    },
  },
  {
    rows: ['loop/timers late p99, parsing on a thread'],
    limit: [
      'A thread that only sleeps for the time of a parse makes timers as late: libuv waits in whole milliseconds, so a message shortly before a timer is due makes it late by up to one (0.2 ms when nothing runs at all).',
      'How long an event waits for the loop is in the neighbouring row.',
    ],
    tried: {
      [GAINED]: ['Threads yield to the caller’s loop: p99 of an event’s wait at niceness 0 to 8 0.3 to 1.3 ms, at 10 0.1 to 0.2.'],
    },
  },
  {
    rows: ['memory/coalescer, joins at 10^6 keys'],
    limit: ['Cache misses are the cost here: one record more than the Map has. Its rounds vary by a half.'],
    tried: {
      [GAINED]: [
        'What a join touches lies side by side in memory: 1,480 to 1,310 ns.',
        'The promise itself is not touched any more (to test an object for truth reads it): a third.',
        'Flights begin with the hidden class that they end with: 1,310 to 870 ns.',
      ],
    },
  },
  {
    rows: ['memory/coalescer, a key in the air'],
    limit: ['The minimum takes 325 B.'],
    tried: {
      [GAINED]: [
        'Fields that most flights never need are in one object that all share: 1,046 to 915 B.',
        'Inline, a straight flight has no record: 709 B.',
        'A request that is only its key is stored as the key, terms of attempts are shared, the promise is rejected through the function that resolves it, and one field has several uses: 453 B.',
        'Launches at one reading of the clock share its heap number: 438 B.',
      ],
    },
  },
  {
    rows: ['memory/coalescer, hits at 10^6 keys'],
    limit: [
      'What is left against the Map: a clock, a mark that is written, and an entry in a heap ten times as large. The minimum reads the clock for each hit, too.',
      'Reading the clock costs more than its 43 ns: it waits for all earlier loads, so those of several hits never overlap.',
    ],
    tried: {
      [GAINED]: [
        'Second chance instead of an LRU list, one promise for all who share a value, one look-up: 2,550 to 1,150 ns.',
        'Hits of one turn share readings of the clock if the value is good for another second: 1,400 to 1,010 ns.',
        'A kept key is no slice: it is copied by joining, not by slicing, and below thirteen characters not at all: 1,010 to 720 ns; by keys of 25 characters 2,100 to 1,300, the Map 750.',
        'The promise itself is not touched, and reports of values are made only when asked for: 664 to 488 bytes a value, no measurable time.',
      ],
      [NOTHING]: [
        'A promise made when the value is kept, not at its first hit: no gain.',
        'Values by number in dense arrays: in a model 870 to 1,060 ns with a reading of the clock for each hit and 540 to 620 with one for sixteen (the Map 430), while one for sixteen in a turn gained a tenth with the present layout. By now they would take no less: 710 ns, by strings that are equal but not identical 1,020, against 920 now.',
      ],
    },
  },
  {
    rows: ['memory/coalescer, flights at 10^6 keys'],
    limit: [
      'Cache misses are the cost here: a flight is three objects where the Map has one.',
      'Rounds vary by a factor of three: a table grows in some of them.',
    ],
    tried: {},
  },
  {
    rows: ['start/import of coalescer'],
    limit: [
      'What is left is the parsing of 280 kB, 6 ms.',
      'Where a page of fresh memory takes 10 µs, a thousand of them are 10 of 26 ms, and all parsing is slower, too.',
    ],
    tried: {
      [GAINED]: [
        'One bundled file instead of some 90 modules, including the library that writes keys, with node:crypto and node:v8 loaded only when needed: 65 to 12 ms on a quiet machine.',
      ],
      [NOTHING]: [
        'Without line breaks: no difference. With short names: 1 ms less (3 ms, and half the text, where memory is expensive), but stack frames would say nothing.',
        'Node’s util/types alone, without the rest of util, where memory is expensive: 1 ms less.',
      ],
    },
  },
];
