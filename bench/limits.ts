/**
 * Beside each row that does not hold its bound: what it is up against, and what was tried. A row that is not here has had nothing tried on it,
 * and the page says so. Printed only while the bound does not hold. Figures read "before to after".
 */

/** What rows of one kind are up against. */
export interface Limit {
  readonly rows: readonly string[];
  /** What is in the way, first. */
  readonly limit: readonly string[];
  /** Steps that were tried, by what became of them. */
  readonly tried: Readonly<Record<string, readonly string[]>>;
}

const GAINED = 'Done, and what it brought';
const NOTHING = 'Tried and left out';

export const limits: readonly Limit[] = [
  {
    rows: ['join/coalescer', 'join/coalescer, a scope per request'],
    limit: [
      'The least, which counts a waiter and knows a limit, takes no more than the Map.',
      'Beside async-cache-dedupe it is by machine: 0.97 on an AMD EPYC, 0.97 to 1.00 on an Intel Xeon, and there 1.1 in one process of eight, with the same machine code: what lies where then is not ours to say.',
    ],
    tried: {
      [GAINED]: [
        'One look-up instead of two, a short way for a string without options, and one field of the flight that says what a plain waiter joins with: 48 to 26 ns, with a scope 80 to 31.',
        'No look at whether the promise is true: 2 ns.',
        'A look whether there is room that is short enough for V8 to inline it anywhere: 29.7 to 25.8 ns.',
        'The next of a burst is compared with the last one’s key before anything is looked up: 25 to 18 ns, with a scope 33 to 23; where keys take turns 38 to 40, the Map 49.',
        'The long way of a request stands apart: 15.4 to 14.1 ns in a third of all processes, in the others as before.',
        'The launch that a thousand joins share: a key that flies again and again passed over all of its flights that were gone: 15.5 to 15.0 ns.',
        'A text’s length is not asked where it equals the last key, and who joins is counted at its flight: 15.0 to 14.6 ns.',
      ],
      [NOTHING]: [
        'Requests with a scope and without in pieces of their own, or the look at the last key in the very first function: 0.98 to 1.02 of the peer, and 1.12 in two processes of eight.',
        'No count of all joins, only one of each flight: 0.2 ns.',
      ],
    },
  },
  {
    rows: ['flight/coalescer, 1 in the air', 'flight/coalescer, 256 in the air', 'flight/coalescer, 256 in the air, chat answer'],
    limit: [
      'Not at its limit: a record with a promise of its own, the least that fails over, is far below (0.7 of async-cache-dedupe).',
      'What is left beside async-cache-dedupe is what it does without: a flight’s own promise besides its target’s, an attempt that its target may ask, a place in the order of times, health, story and limits.',
      'V8 inlines 920 bytes of bytecode into a function; a launch and an end had three times as many, so no single cut brought anything.',
    ],
    tried: {
      [GAINED]: [
        'First: a clock that is read less, a key map that never becomes empty nor shrinks, no object and no list of arguments for each call.',
        'Inline, a flight that goes straight has no record in its shard, no place in the wheel and no list of attempts, and who launches it by a plain request waits by the shared promise at once: among 256 808 to 586, to 566, to 539 ns (interleaved), alone 931 to 578; 3.3 to 2.2 and 3.8 to 2.4 times the Map.',
        'Ends that went well are counted 32 at once: 2.23 to 2.14 times the Map.',
        'A target is called without an async context of its own where nobody in the process follows contexts: 540 to 493 ns. (Where somebody does: 973 to 988, the Map 481 to 487: 2.0 times, too.)',
        'What is seldom needed stands apart, so that V8 inlines the rest: 493 to 476 ns.',
        'What is measured is the bundle that is published, not single modules: 466 to 452 ns.',
        'Launches of one turn share readings of the clock, and get their own time from the next: one reading for 16 took 466 to 428 ns among 256 and 475 to 427 alone, one for 32 430 to 415.',
        'Attempts that began and ended together are counted at once: 433 to 417 ns.',
        'Many cuts at once: admission apart, a healthy target at one look, a list of flights without ends, an end that asks for nothing that has not befallen, two functions so large that they are inlined nowhere, a promise that is made without a function. Of async-cache-dedupe: 256 in the air 0.93 to 0.84, one 0.95 to 1.0 to 0.78, with a chat answer 0.94 to 0.86. (Without limits on inlining 0.82, 0.74 and 0.86 were in it before.)',
      ],
      [NOTHING]: [
        'Contexts that share one async id: 5 % less, but what keeps contexts by id would mix requests.',
        'Fields as assignments: 300 instructions fewer, 8 % slower.',
        'Handlers of a target’s answer that are used again instead of made anew: slower (448 ns).',
        'Nothing: fewer powers, the clock’s readings in an array, another clock, classes and functions as constants of the bundle; and, after the many cuts, private fields as plain ones, which are shorter.',
      ],
      'Where fresh memory is dear': [
        'All that is from machines where a page of it costs little: a flight 400 ns, the Map 235, async-cache-dedupe 390; on a faster one 245, 180 and 300.',
        'Where a page takes 10 µs (linux 6.18.44-fc-v782 is one, and the runs there differ by a half within themselves) a flight takes 315 to 335 ns, the Map 430 and async-cache-dedupe 480 to 620.',
        'Why: a Map that is written to all the time makes V8 keep tables that it outgrew, and what they hold, until a major collection, and each page of that has to be had anew. Alone in a process with a young generation of 16 MB the Map takes 170 ns there, async-cache-dedupe 320 to 350, a flight 360.',
        'Tried there, and nothing of it stays: a key map that deletes in bulk, launches of plain requests by a way of their own, and the shared promise in the place of the one that is made to see whether contexts are followed (48 of 995 bytes).',
      ],
    },
  },
  {
    rows: ['failover/coalescer, first target rejects'],
    limit: [
      'What is left: two attempts, each with its context, its time and its record, and an error that is looked through for a status, a Retry-After and a spend cap: 1,170 of 18,400 instructions; the Map by hand has 7,800. Beside that Map it is at 0.97 to 1.00 on an AMD EPYC and at 0.98 to 1.05 on an Intel Xeon.',
      'By samples no function has more than 4 % of it; by groups judging has 5, the clock 3, the record and its steps 15.',
      'Without limits on inlining it would be 0.93 of the Map.',
      'For a while after breakers came this row had measured one that was open (1.6 µs), and no failover; it measures failovers again, and counts them.',
      'Beside the plain flight it was 2.4 times as dear, until plain flights went straight, which made them a third cheaper and failovers a twentieth.',
    ],
    tried: {
      [GAINED]: [
        'Fields of errors are read where V8 remembers each, a status once for all who ask, spend caps at one look, the clock once less, a list of two attempts in two places: 2.8 to 1.8 µs (the raw Map 0.7).',
        'One reading of the clock for the end of one attempt and the time of the next, and no lists and closures for what is one: 1,504 to 1,337 ns; 3.6 to 3.4 times the plain flight, 2.1 to 1.9 times the Map.',
        'A failover that has no record either, no steps and no entry in the wheel: 1,010 to 730 ns; one reading of the clock for a burst: to 675; the last attempt told when somebody asks: to 647.',
        'An error that is not judged where it says nothing, and failures that are added to the budget once a tick where no other thread draws from it: to 587 ns.',
        'No objects that only hand things over, and a call that V8 can inline: to 555 ns; in all 4.0 to 2.2 times the plain flight, 1.8 to 1.0 of the Map.',
        'What is told of a failure, and the terms of what follows, written once by their constructors, and not first by initializers, which V8 calls apart there: 3 %. For all classes: nothing elsewhere.',
        'Classes in the place of literals: in a third to a half of all processes it took a quarter longer, since V8 took what literals had made for old objects.',
      ],
      [NOTHING]: [
        'Failures that are added to the budget once a tick, while the record was there: nothing.',
        'Merging the objects that an attempt has, and reading its error’s fields without functions: 1 % each, or nothing.',
      ],
    },
  },
  {
    rows: ['threads/coalescer, 1 in the air', 'threads/coalescer, 256 in the air', 'threads/coalescer, 2,048 in the air'],
    limit: [
      'Fresh, the raw port with batches, which shares nothing and keeps no key, is itself at 0.24 to 0.42 of piscina.run among 256, by machine (the last column has this run): a fifth is beyond what a port can do there. Among 2,048, and beside comlink, it is at 0.13 to 0.19, which leaves a flight with all that it does 5 to 20 % over a bare message.',
      'What is left beside the raw port: a key derived from the payload, a guard that looks at every value that crosses, and packing on both sides.',
      'The main thread is what is full, at 256 as at 2,048: a worker that takes a fifth less changes nothing. Without the guard over payloads a flight would take 14 to 19 % less, with a key that is not written as JSON 13 to 22 %.',
      'Half of the guard is what asks for symbols and getters, and nothing cheaper tells them (for...in, __lookupGetter__: 0 to 2 %).',
      'One at a time, two threads wake each other: 55 of 70 µs, and 20 where Linux puts both on one processor. Of what is left nothing stands out: code that no cache holds any more when its thread wakes takes five times as long as it does among others.',
    ],
    tried: {
      [GAINED]: [
        'A flight that is alone is sent at once, no closures for what crosses: alone 25.5 to 22.4 µs of the main thread.',
        'Envelopes that go as soon as some frames wait, and frames without texts: 256 in the air, alone in its process, 7.8 to 4.9 µs; 2,048: 5.6 to 4.6.',
        'Bodies read where they lie, native JSON for keys written in order, no place where there is one thread: 256: 2.7 to 2.4 times the raw port, 2,048: 3.3 to 2.9, both alone in their process.',
        'A payload that its key tells in full crosses as its key, neither packed nor held twice: 2.2 to 1.85 and 2.8 to 2.45 times the raw port.',
        'One look for key and guard: 3 to 6 %.',
        'Short values cross as JSON, and texts as they are: of 3.1 µs on the main thread 0.2 go, of the worker’s 2.9 0.1; with a text of 2,000 characters 5.1 to 3.1 µs in all.',
        'Frames as columns, and fewer than eight as they are: a launch 355 to 116 ns to pack and 150 to 92 to read; a tenth of the main thread’s time goes, and a tenth of the worker’s; one at a time 88 to 70 µs.',
        'Flights that go straight on the worker, too: another tenth of its time.',
        'Envelopes of up to 128 frames where many are in the air: 2,048 between rounds of 256: 3.79 to 3.42 µs.',
        'Short JSON of an envelope parsed in one piece, plain writes for what is written for each flight, and first envelopes of 24 frames: 256 alone in its process 2.06 to 1.80 µs, 2,048 1.75 to 1.55.',
        'Rows of this area used to be measured among some that leave processors idle: then two threads share one for some 50 ms, and all rows of more than one message took 1.5 to 2 times as long.',
      ],
      [NOTHING]: [
        'The key written by hand, as small flat records are looked at: 8 to 10 % off those, and 5 to 20 % on all other payloads. The same writer for those alone, which others are let pass for: 256 4 % less, 2,048 3 % more.',
        '48 frames throughout: 4 % less at 256 alone, 8 to 14 % more at 64. Answers of two envelopes in one: the same.',
        'Columns that are cloned by the port and not packed: a quarter less of that piece (32 frames: 308 to 226 ns each), which is 3 % of a flight.',
        'A ring in shared memory that both sides ask while they are busy, in the place of ports: an envelope takes each thread 3.7 µs through a port and 1.5 to 3 through the ring, which is 0.05 of a flight’s 1.8 µs among 256, for a loop that is asked at every turn.',
        'Nothing: clocks that are read less often on either side, bodies that share the packer’s pool, attempts that lie in their frames as they are, a port that is not released in between.',
      ],
    },
  },
  {
    rows: ['loop/timers late p99, parsing on a thread'],
    limit: [
      'A thread that sleeps as long as a parse takes makes timers as late: libuv waits in whole milliseconds, so that a message shortly before a timer is due makes it late by up to one (0.2 ms when nothing runs at all).',
      'How long an event waits for the loop is in the row beside it.',
    ],
    tried: {
      [GAINED]: ['Threads step back for the caller’s loop: p99 of an event’s wait at niceness 0 to 8 0.3 to 1.3 ms, at 10 0.1 to 0.2.'],
    },
  },
  {
    rows: ['memory/coalescer, joins at 10^6 keys'],
    limit: ['What misses the processor’s caches is what costs here: a record more than the Map has. Its rounds differ by a half.'],
    tried: {
      [GAINED]: [
        'What a join touches lies side by side: 1,480 to 1,310 ns.',
        'The promise itself is not touched any more (whether an object is true is read from it): a third.',
        'Flights begin in the shape that they have when they are over: 1,310 to 870 ns.',
      ],
    },
  },
  {
    rows: ['memory/coalescer, a key in the air'],
    limit: ['The least takes 325 B.'],
    tried: {
      [GAINED]: [
        'What most flights never need lies beside them, in one object for all: 1,046 to 915 B.',
        'Inline, one that goes straight has no record: 709 B.',
        'What it was asked for is its key where it is no more than that, terms of attempts are shared, its promise is rejected through the function that resolves it, and a field stands for one thing or another: 453 B.',
        'Launches of one reading of the clock share its number: 438 B.',
      ],
    },
  },
  {
    rows: ['memory/coalescer, hits at 10^6 keys'],
    limit: [
      'What is left beside the Map: a clock, a mark that is written, and an entry that lies in a heap ten times as large. The least reads the clock for each hit, too.',
      'Reading the clock costs more than its 43 ns: it waits for all loads before it, so that those of several hits never overlap.',
    ],
    tried: {
      [GAINED]: [
        'Second chance instead of an order of who was asked for last, one promise for all who share a value, one look-up: 2,550 to 1,150 ns.',
        'Hits of one turn share readings of the clock where the value is good for another second: 1,400 to 1,010 ns.',
        'A key is looked at in one place: it is copied by joining, not by cutting, and shorter than thirteen characters not at all: 1,010 to 720 ns; by keys of 25 characters 2,100 to 1,300, the Map 750.',
        'The promise itself is not touched, and reports of values are made when they are asked for: 664 to 488 bytes a value, in time nothing measurable.',
      ],
      [NOTHING]: [
        'A promise made when the value is kept, not at its first hit: nothing.',
        'Values by number in dense arrays: in a model 870 to 1,060 ns with a reading of the clock for each hit and 540 to 620 with one for sixteen (the Map 430), where one for sixteen of a turn brought a tenth as things are laid out. Now they take no less any more: 710 ns, by strings that are equal and not the same 1,020, as they are now 920.',
      ],
    },
  },
  {
    rows: ['memory/coalescer, flights at 10^6 keys'],
    limit: [
      'What misses the processor’s caches is what costs here: a flight is three objects where the Map has one.',
      'Rounds differ by three: a table that grows falls into some of them.',
    ],
    tried: {},
  },
  {
    rows: ['start/import of coalescer'],
    limit: [
      'What is left is the parsing of 280 kB, 6 ms.',
      'Where a page of fresh memory takes 10 µs, a thousand of them are 10 of 26 ms, and all that is parsed is slower, too.',
    ],
    tried: {
      [GAINED]: [
        'One bundled file instead of some 90 modules, with the library in it that writes keys, and node:crypto and node:v8 loaded when they are needed: 65 to 12 ms on a quiet machine.',
      ],
      [NOTHING]: [
        'Without line breaks: as long. With short names: 1 ms less (3 ms, and half the text, where memory is dear), and frames say nothing then.',
        'Node’s util/types alone, without the rest of util, where memory is dear: 1 ms less.',
      ],
    },
  },
];
