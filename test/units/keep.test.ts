// What is kept after a flight: for how long, whose it is, what is given when a flight fails, and what goes when there is no room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexOf } from '../../src/flight-table.js';
import { Keep, type KeepSettings, type Settlement } from '../../src/keep.js';
import type { FlightReport } from '../../src/reports.js';
import { type Selection, selectionOf } from '../../src/selection.js';

const settings: KeepSettings = {
  ttlMs: 1_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  errorMs: 0,
  entries: 100,
  bytes: 1_000_000,
};
const keeping = (changed: Partial<KeepSettings> = {}): Keep => new Keep({ ...settings, ...changed });
const report: FlightReport = {
  flight: 'a#1',
  target: 'a',
  attempts: [],
  waiters: 1,
  durationMs: 1,
  failedOver: false,
  relaunches: 0,
};
const selected = (which: { readonly scope: string | null; readonly key?: string }): Selection =>
  selectionOf(which, () => assert.fail('by no payload'), 'keep');
let flights = 0;
const of = (key: string, changed: Partial<Settlement> = {}): Settlement => ({
  scope: null,
  key,
  index: indexOf(key),
  routeId: null,
  flight: ++flights,
  oldest: 0,
  story: { report: () => report },
  ...changed,
});

test('a value is a hit for its time and nothing after it', () => {
  const keep = keeping();
  keep.keepValue(of('k'), 'v', 0);
  assert.equal(keep.find(of('k'), 999)?.answerAt(999), 'hit');
  assert.equal(keep.find(of('k'), 999)?.value, 'v');
  assert.equal(keep.find(of('k'), 1_000), undefined);
  assert.deepEqual([keep.size, keep.bytes], [0, 0], 'it is gone when it was looked for');
});

test('what its time says is no time is not kept for a failure either', () => {
  const keep = keeping({ ttlMs: (value: never) => value, staleIfErrorMs: 60_000 });
  for (const value of [-1, Number.NaN, 'text', undefined]) keep.keepValue(of(String(value)), value, 0);
  assert.equal(keep.size, 0);
});

test('its time may depend on the value; no time, or a function that throws, keeps nothing', () => {
  const keep = keeping({
    ttlMs: (value: never) => {
      if (value === 'throw') throw new Error('boom');
      return value;
    },
  });
  for (const value of [-1, Number.NaN, 'text', 'throw', undefined]) keep.keepValue(of('k'), value, 0);
  assert.equal(keep.size, 0);
  keep.keepValue(of('k'), 50, 0);
  assert.equal(keep.find(of('k'), 49)?.answerAt(49), 'hit');
  assert.equal(keep.find(of('k'), 50), undefined);
  keep.keepValue(of('k'), Infinity, 0);
  assert.equal(keep.find(of('k'), 1e15)?.answerAt(1e15), 'hit');
});

test('a value that is no longer fresh is given while it is refreshed, as long as that is allowed', () => {
  const keep = keeping({ staleWhileRevalidateMs: 500 });
  keep.keepValue(of('k'), 'v', 0);
  const kept = keep.find(of('k'), 0)!;
  assert.deepEqual([kept.answerAt(999), kept.isToBeRefreshed(999)], ['hit', false]);
  assert.deepEqual([kept.answerAt(1_000), kept.isToBeRefreshed(1_000)], ['stale', true]);
  assert.equal(keep.find(of('k'), 1_500), undefined);
});

test('a value may stand in for a failure longer than it is given by itself', () => {
  const keep = keeping({ staleIfErrorMs: 5_000 });
  keep.keepValue(of('k'), 'v', 0);
  const kept = keep.find(of('k'), 2_000)!;
  assert.equal(kept.answerAt(2_000), null, 'a flight comes first');
  assert.equal(kept.isGoodIfError(5_999), true);
  assert.equal(kept.isGoodIfError(6_000), false);
});

test('a failure is given to late-comers for its moment, unless a value may stand in for it', () => {
  const alone = keeping({ errorMs: 200 });
  const error = new Error('down');
  alone.keepError(of('k'), error, { isAnswer: false, now: 0 });
  assert.equal(alone.find(of('k'), 199)?.answerAt(199), 'failure');
  assert.equal(alone.find(of('k'), 199)?.error, error);
  assert.equal(alone.find(of('k'), 200), undefined);
  const keep = keeping({ errorMs: 200, staleIfErrorMs: 5_000, staleWhileRevalidateMs: 1_000 });
  keep.keepValue(of('k'), 'v', 0);
  keep.keepError(of('k'), error, { isAnswer: false, now: 1_100 });
  const kept = keep.find(of('k'), 1_200)!;
  assert.deepEqual([kept.answerAt(1_200), kept.isToBeRefreshed(1_200)], ['stale', false], 'asked again only when the moment is over');
  assert.deepEqual([kept.answerAt(1_300), kept.isToBeRefreshed(1_300)], ['stale', true]);
});

test('an error that is the answer ends what was kept; a failure does not', () => {
  const keep = keeping({ staleIfErrorMs: 5_000 });
  keep.keepValue(of('k'), 'v', 0);
  keep.keepError(of('k'), new Error('down'), { isAnswer: false, now: 100 });
  assert.equal(keep.find(of('k'), 100)?.answerAt(100), 'hit');
  keep.keepError(of('k'), new Error('404'), { isAnswer: true, now: 100 });
  assert.equal(keep.find(of('k'), 100), undefined);
});

test('of two flights of one key the newer one’s value stays, whichever ends first', () => {
  const keep = keeping();
  const older = of('k');
  keep.keepValue(of('k'), 'new', 0);
  keep.keepValue(older, 'old', 1);
  assert.equal(keep.find(of('k'), 2)?.value, 'new');
  keep.keepError({ ...older }, new Error('404'), { isAnswer: true, now: 3 });
  assert.equal(keep.find(of('k'), 3)?.value, 'new');
});

test('an older flight that ends with nothing to keep takes nothing from a newer one', () => {
  const keep = keeping();
  const older = of('k');
  keep.keepValue(of('k', { oldest: older.flight }), 'new', 0);
  keep.keepNothing(older, 1);
  assert.equal(keep.find(of('k'), 2)?.value, 'new');
});

test('what a newer flight ended with counts also where nothing is kept of it: the older one’s value is not kept', () => {
  for (const end of ['an answer', 'no time', 'nothing to keep'] as const) {
    const keep = keeping({ ttlMs: (value: never) => (value === 'none' ? -1 : 1_000) });
    const older = of('k');
    const newer = of('k', { oldest: older.flight });
    if (end === 'an answer') keep.keepError(newer, new Error('404'), { isAnswer: true, now: 0 });
    else if (end === 'no time') keep.keepValue(newer, 'none', 0);
    else keep.keepNothing(newer, 0);
    keep.keepValue(of('other', { oldest: older.flight }), 'other', 0);
    keep.keepValue(older, 'old', 1);
    assert.equal(keep.find(of('k'), 1), undefined, end);
    keep.keepValue(of('k'), 'newest', 2);
    assert.equal(keep.find(of('k'), 2)?.value, 'newest', end);
  }
});

test('a value that an answer has ended is no longer counted, and the errors that are held are', () => {
  const keep = keeping({ errorMs: 1_000, bytes: 100_000 });
  keep.keepValue(of('k'), 'x'.repeat(40_000), 0);
  keep.keepError(of('k'), new Error('404'), { isAnswer: true, now: 1 });
  assert.ok(keep.bytes < 10_000, `${keep.bytes}`);
  for (let key = 0; key < 100; key++) {
    const error = Object.assign(new Error('503'), { body: Buffer.alloc(10_000) });
    keep.keepError(of(String(key)), error, { isAnswer: false, now: 2 });
    assert.ok(keep.bytes <= 100_000, `${keep.bytes}`);
  }
  assert.ok(keep.size < 15, `${keep.size}`);
});

test('a failure of which nothing is remembered takes no place', () => {
  const keep = keeping();
  for (const isAnswer of [true, false]) keep.keepError(of('k'), new Error('down'), { isAnswer, now: 0 });
  assert.deepEqual([keep.size, keep.bytes], [0, 0]);
});

test('a failure takes the place of the one before it, and need not find room beside it', () => {
  const keep = keeping({ errorMs: 100, bytes: 30_000 });
  const failed = (now: number): Error => Object.assign(new Error(`at ${now}`), { body: Buffer.alloc(20_000) });
  for (const now of [0, 50]) keep.keepError(of('k'), failed(now), { isAnswer: false, now });
  assert.equal((keep.find(of('k'), 120)?.error as Error | undefined)?.message, 'at 50');
});

test('an error that is too large to be held does not cost the value that may stand in for it', () => {
  const keep = keeping({ errorMs: 1_000, staleIfErrorMs: 60_000, bytes: 100_000 });
  keep.keepValue(of('k'), 'v', 0);
  keep.keepError(of('k'), Object.assign(new Error('503'), { body: Buffer.alloc(1_000_000) }), { isAnswer: false, now: 2_000 });
  assert.equal(keep.find(of('k'), 2_000)?.isGoodIfError(2_000), true);
});

test('scope, key and targets are compared in full', () => {
  const keep = keeping();
  const long = 'x'.repeat(9_000);
  const identities = [
    of('k'), of('k', { scope: 's' }), of('k', { scope: '' }), of('k', { routeId: '["a"]' }), of('k', { scope: 's', routeId: '["a"]' }), of('sk'), of(long), of(indexOf(long)),
  ]; // biome-ignore format: a table
  for (const [number, identity] of identities.entries()) keep.keepValue(identity, number, 0);
  for (const [number, identity] of identities.entries()) assert.equal(keep.find(identity, 1)?.value, number);
  assert.equal(keep.find(of('K'), 1), undefined);
  assert.equal(keep.size, identities.length);
});

test('forget frees what fits, and its bytes', () => {
  const keep = keeping();
  keep.keepValue(of('k'), 'v'.repeat(1_000), 0);
  keep.keepValue(of('l'), 'w', 0);
  const before = keep.bytes;
  assert.equal(keep.forget(selected({ scope: null, key: 'k' })), 1);
  assert.ok(before - keep.bytes >= 2_000);
  assert.equal(keep.find(of('k'), 0), undefined);
  assert.equal(keep.find(of('l'), 0)?.value, 'w');
});

test('one key is forgotten with each list of targets, and nothing else is even asked', () => {
  const long = 'x'.repeat(9_000);
  const kept = [
    of('k'),
    of('k', { routeId: '["a"]' }),
    of('k', { scope: 's' }),
    of('k', { scope: 's', routeId: '["a"]' }),
    of(long),
    of('l'),
  ];
  for (const [which, left] of [
    [{ scope: null, key: 'k' }, [2, 3, 4, 5]],
    [{ scope: 's', key: 'k' }, [0, 1, 4, 5]],
    [{ scope: null, key: long }, [0, 1, 2, 3, 5]],
    [{ scope: null, key: indexOf(long) }, [0, 1, 2, 3, 4, 5]],
  ] as const) {
    const keep = keeping();
    for (const [number, identity] of kept.entries()) keep.keepValue(identity, number, 0);
    const { one } = selected(which);
    assert.equal(keep.forget({ fits: () => assert.fail('it looks at all'), one }), kept.length - left.length);
    assert.deepEqual(
      kept.flatMap((identity) => keep.find(identity, 1)?.value ?? []),
      left,
    );
  } // biome-ignore format: a table
});

test('all of a scope is forgotten, and of no other', () => {
  const keep = keeping();
  for (const scope of [null, 's', 't']) for (const key of ['k', 'l']) keep.keepValue(of(key, { scope }), key, 0);
  assert.equal(keep.forget(selected({ scope: 's' })), 2);
  assert.deepEqual([keep.size, keep.find(of('k', { scope: 's' }), 1)], [4, undefined]);
});

test('there are never more entries than allowed, and what was looked at last goes last', () => {
  const keep = keeping({ entries: 3 });
  for (const key of ['a', 'b', 'c']) keep.keepValue(of(key), key, 0);
  keep.find(of('a'), 1);
  keep.keepValue(of('d'), 'd', 2);
  assert.equal(keep.size, 3);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => keep.find(of(key), 3)?.value),
    ['a', undefined, 'c', 'd'],
  );
});

test('nobody who was asked for since its turn goes before one who was not, and what comes never goes for itself', () => {
  const keep = keeping({ entries: 4 });
  const held = (): string[] => ['a', 'b', 'c', 'd', 'e', 'f', 'g'].filter((key) => keep.find(of(key), 1) !== undefined);
  for (const key of ['a', 'b', 'c', 'd']) keep.keepValue(of(key), key, 0);
  assert.deepEqual(held(), ['a', 'b', 'c', 'd']);
  keep.keepValue(of('e'), 'e', 0);
  // All had been asked for: it was the oldest one's turn, and the others' marks are spent.
  assert.deepEqual([keep.size, keep.findShort(null, 'a') ?? null], [4, null]);
  keep.find(of('b'), 1);
  keep.keepValue(of('f'), 'f', 0);
  keep.keepValue(of('g'), 'g', 0);
  assert.deepEqual(held(), ['b', 'e', 'f', 'g']);
});

test('a failure that is remembered beside a value is no question for it: it goes when its turn comes', () => {
  const keep = keeping({ entries: 2, errorMs: 100, staleIfErrorMs: 500 });
  for (const key of ['a', 'b']) keep.keepValue(of(key), key, 0);
  keep.keepError(of('a'), new Error('x'), { isAnswer: false, now: 1 });
  for (const key of ['c', 'd']) keep.keepValue(of(key), key, 2);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => keep.find(of(key), 3)?.value),
    [undefined, undefined, 'c', 'd'],
  );
});

test('what is forgotten, grows or is replaced leaves the order whole: what is counted is what is held', () => {
  const keep = keeping({ entries: 5, bytes: 3_000, staleIfErrorMs: 500, errorMs: 100 });
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (let turn = 0; turn < 400; turn++) {
    const key = keys[(turn * 7 + (turn >> 3)) % keys.length] as string;
    if (turn % 5 === 4) keep.forget(selected({ scope: null, key }));
    else if (turn % 7 === 6) keep.keepError(of(key), new Error('x'), { isAnswer: turn % 2 === 0, now: turn });
    else if (turn % 3 === 2) keep.find(of(key), turn);
    else keep.keepValue(of(key), 'x'.repeat((turn * 37) % 400), turn);
    const held = keys.map((each) => keep.findShort(null, each)).filter((kept) => kept !== undefined && kept !== null);
    assert.equal(keep.size, held.length);
    assert.equal(
      keep.bytes,
      held.reduce((sum, kept) => sum + kept.bytes, 0),
    );
    assert.ok(keep.size <= 5 && keep.bytes <= 3_000);
  }
});

test('there are never more bytes than allowed, and a value too large for all of them is not kept', () => {
  const keep = keeping({ bytes: 11_000 });
  for (let key = 0; key < 100; key++) {
    keep.keepValue(of(String(key)), { text: 'x'.repeat(1_000) }, 0);
    assert.ok(keep.bytes <= 11_000, `${keep.bytes}`);
  }
  assert.equal(keep.size, 4);
  keep.keepValue(of('99'), 'x'.repeat(6_000), 0);
  assert.equal(keep.find(of('99'), 0), undefined, 'the older value is no longer what the key stands for');
  assert.equal(keep.size, 3, 'others stay');
});

test('what names a value counts, too: its key and its scope', () => {
  const bytesOf = (key: string, scope: string | null): number => {
    const keep = keeping();
    keep.keepValue(of(key, { scope }), 1, 0);
    return keep.bytes;
  };
  const least = bytesOf('', null);
  assert.deepEqual([bytesOf('k'.repeat(500), null) - least, bytesOf('', 's'.repeat(300)) - least], [1_000, 600]);
});
