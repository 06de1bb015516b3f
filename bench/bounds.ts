/** What the speed must be: every bound in one table. A row, what it is held against, and how many times that it may take. */

export interface Bound {
  /** What is promised, in words. */
  readonly what: string;
  readonly row: string;
  /** Rows of the same run; without one, `most` is in the row's own unit. */
  readonly against: string | null;
  readonly most: number;
  /** The least that does the row's work, measured in the same run: where that is above `most`, the bound cannot be held. */
  readonly least?: string;
}

const peerNames = ['promise-coalesce', 'async-cache-dedupe', 'p-memoize', 'lru-cache fetch', 'opossum coalesce', 'undici deduplicate'];
const flightPeers = ['async-cache-dedupe', 'promise-coalesce'];

const joins: readonly Bound[] = [
  { what: 'join, string key', row: 'join/coalescer', against: 'join/raw Map', most: 1.5, least: 'join/record with its own promise' },
  ...peerNames.map((peer) => ({
    what: 'join, no slower than a peer',
    row: 'join/coalescer',
    against: `join/${peer}`,
    most: 1,
    least: 'join/record with its own promise',
  })),
  { what: 'join, a scope per request', row: 'join/coalescer, a scope per request', against: 'join/raw Map', most: 2 },
];

/**
 * p-memoize, opossum and async-cache-dedupe give unequal values one key; they are shown, and not what is promised. No peer derives keys without that:
 * canonicalize, which takes properties in any order, is the nearest (it has `{}` for a Map, too).
 */
const keys: readonly Bound[] = [['chat request', 1.3] as const, ['40 small objects', 1.8] as const].flatMap(([kind, most]) => [
  { what: `join by an object, ${kind}`, row: `key/coalescer, ${kind}`, against: `key/JSON.stringify and raw Map, ${kind}`, most },
  {
    what: 'faster than a canonical form and a Map',
    row: `key/coalescer, ${kind}`,
    against: `key/canonicalize and raw Map, ${kind}`,
    most: 1,
  },
]);

const flights: readonly Bound[] = ['1 in the air', '1 in the air, of one key', '256 in the air', '256 in the air, chat answer'].flatMap(
  (how) => [
    {
      what: 'flight beside a Map with then',
      row: `flight/coalescer, ${how}`,
      against: `flight/raw Map, ${how}`,
      most: 2,
      least: `flight/record with its own promise, ${how}`,
    },
    ...flightPeers.map((peer) => ({
      what: 'flight beside a peer',
      row: `flight/coalescer, ${how}`,
      against: `flight/${peer}, ${how}`,
      most: 0.9,
      least: `flight/record with its own promise, ${how}`,
    })),
  ],
);

const failovers: readonly Bound[] = [
  {
    what: 'first target rejects, beside the plain flight',
    row: 'failover/coalescer, first target rejects',
    against: 'failover/coalescer, plain flight',
    most: 2.5,
  },
  {
    what: 'first target rejects, beside a Map doing the same',
    row: 'failover/coalescer, first target rejects',
    against: 'failover/raw Map, first target rejects',
    most: 1,
    least: 'failover/record with its own promise, first target rejects',
  },
  {
    what: '10,000 waiters on one key, first target fails',
    row: 'failover/coalescer, 10,000 waiters',
    against: 'failover/raw Map, 10,000 waiters',
    most: 1.5,
  },
];

const threads: readonly Bound[] = [
  ...['256 in the air', '2,048 in the air'].flatMap((how) => [
    ...[
      ['5 times the throughput of piscina.run', 'piscina.run'],
      ['5 times one comlink call each', 'comlink call'],
    ].map(([what = '', peer]) => ({
      what,
      row: `threads/coalescer, ${how}`,
      against: `threads/${peer}, ${how}`,
      most: 0.2,
      least: `threads/raw port, batches, ${how}`,
    })),
    { what: 'beside a raw port with batches', row: `threads/coalescer, ${how}`, against: `threads/raw port, batches, ${how}`, most: 2 },
  ]),
  {
    what: 'one at a time, beside a postMessage round trip',
    row: 'threads/coalescer, 1 in the air',
    against: 'threads/raw port, a message each, 1 in the air',
    most: 1.25,
  },
  ...(
    [
      ['event loop delay p99 while 1 MB answers are parsed', 'event loop delay p99'],
      ['the same by timers, which count whole milliseconds', 'timers late p99'],
    ] as const
  ).map(([what, row]) => ({
    what,
    row: `loop/${row}, parsing on a thread`,
    against: `loop/${row}, parsing inline`,
    most: 0.2,
    least: `loop/${row}, a thread that sleeps`,
  })),
];

const streams: readonly Bound[] = [
  {
    what: '1,000 chunks to 1,000 readers, for each of both',
    row: 'streams/coalescer, 1,000 readers, chunk by chunk',
    against: null,
    most: 150,
  },
  {
    what: 'a chunk for a reader, beside tee()',
    row: 'streams/coalescer, 1,000 readers, chunk by chunk',
    against: 'streams/tee() chain, 50 readers',
    most: 1,
  },
  {
    what: 'a chunk for a reader, beside a PassThrough each',
    row: 'streams/coalescer, 1,000 readers, chunk by chunk',
    against: 'streams/PassThrough each, 200 readers',
    most: 1,
  },
  // 300,000 a second.
  { what: 'small chunks from one thread', row: 'streams/coalescer, from a thread, chunk by chunk', against: null, most: 3_333 },
];

const rest: readonly Bound[] = [
  { what: 'table step, 500 times a live actor', row: 'table/four events', against: 'table/live XState actor, four events', most: 1 / 500 },
  {
    what: 'memory of a key in the air',
    row: 'memory/coalescer, a key in the air',
    against: 'memory/raw Map, a key in the air',
    most: 1.6,
    least: 'memory/record with its own promise, a key in the air',
  },
  {
    what: 'memory of a key, below a peer',
    row: 'memory/coalescer, a key in the air',
    against: 'memory/async-cache-dedupe, a key in the air',
    most: 1,
    least: 'memory/record with its own promise, a key in the air',
  },
  ...['joins', 'hits', 'flights'].map((how) => ({
    what: `${how} at 10^6 keys`,
    row: `memory/coalescer, ${how} at 10^6 keys`,
    against: `memory/raw Map, ${how} at 10^6 keys`,
    most: 2,
    ...(how === 'hits' ? { least: 'memory/record with its time, hits at 10^6 keys' } : {}),
  })),
  { what: 'import, over an empty module', row: 'start/import of coalescer', against: null, most: 15 },
  { what: 'waiters that a kill costs', row: 'recovery/coalescer, waiters lost, failed or answered wrongly', against: null, most: 0 },
  {
    what: 'attempts that a kill costs beyond one',
    row: 'recovery/coalescer, attempts beyond one more for a death',
    against: null,
    most: 0,
  },
];

export const bounds: readonly Bound[] = [...joins, ...keys, ...flights, ...failovers, ...threads, ...streams, ...rest];
