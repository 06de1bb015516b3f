// midStream 'verify' for values that are no plain JSON: what is equal is equal, whatever V8 keeps it as, and what differs differs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { said } from '../../src/said.js';
import { fedTarget, openStreams, readAll, turns } from './stage.js';
import { httpError } from '../inline/stage.js';

const wide = `\u{1f600}${'a'.repeat(20)}`.slice(2);
const date = new Date(7);
const circle: unknown[] = [1];
circle.push(circle);
const otherCircle: unknown[] = [1, [1]];
(otherCircle[1] as unknown[]).push(otherCircle);

/** Equal pairs; V8 serializes some of each in two ways. */
const EQUAL: Readonly<Record<string, readonly [one: unknown, other: unknown]>> = {
  'numbers that are fractions elsewhere': [
    { at: date, score: 1 },
    Object.assign(JSON.parse('{"at":0,"score":0.5}'), { at: date, score: 1 }),
  ],
  'a text cut out of a wide one': [
    { at: date, text: wide },
    { at: date, text: 'a'.repeat(20) },
  ],
  'properties in another order': [
    { at: date, score: 1 },
    { score: 1, at: date },
  ],
  'one date twice, and two dates': [
    [date, date],
    [new Date(7), new Date(7)],
  ],
  'bytes as Buffer and as such': [{ bytes: Buffer.from([1, 2]) }, { bytes: new Uint8Array([1, 2]) }],
  'maps and sets': [new Map([['a', new Set([1, undefined])]]), new Map([['a', new Set([1, undefined])]])],
  'errors made elsewhere': [{ error: new TypeError('a') }, { error: new TypeError('a') }],
};
for (const [what, [one, other]] of Object.entries(EQUAL)) {
  test(`${what} say the same`, () => assert.equal(said(one), said(other)));
}

const DIFFERENT: readonly unknown[] = [
  0, -0, '0', 0n, null, undefined, 'null', true, 'true', NaN, Infinity, [], {}, [undefined], Object.assign([], { length: 1 }), [null], ['a,b'], ['a', 'b'], { a: 1 }, { a: '1' }, { 'a":1,"b': 1 },
  new Date(0), new Date(1), new Date(Number.NaN), /a/g, /a/i, new Map(), new Set(), new Map([[1, 2]]), new Set([1]), new Set(['1']), Object(1), Object('1'),
  new Uint8Array([1]), new Uint8ClampedArray([1]), new Int8Array([1]), new Float32Array([1]), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1), new ArrayBuffer(2),
  new Error('a', { cause: 1 }), new Error('a', { cause: 2 }), new AggregateError([1], 'a'), new AggregateError([2], 'a'), new Error('a'), new TypeError('a'),
  [1, 2], [1, '2'], [1, -0], [1, 0], [NaN, 1], Object.assign([1, 2], { a: 1 }), Object.assign(new Error('a'), { code: 1 }), circle, otherCircle, Object.assign([1], { a: 1 }),
]; // biome-ignore format: a list
test('what differs says something else, each of each', () => {
  const texts = DIFFERENT.map(said);
  for (const [at, text] of texts.entries()) assert.equal(texts.indexOf(text), at, `${text} is said of two`);
});

test('what cannot be cloned says nothing, and what is there a thousand times a thousand times is no endless text', () => {
  for (const value of [() => 1, { run: () => 1 }, Symbol('a'), new Proxy({}, {}), Promise.resolve()]) assert.throws(() => said(value));
  let twice: unknown = new Date(0);
  for (let level = 0; level < 40; level++) twice = [twice, twice];
  assert.throws(() => said(twice), RangeError);
});

for (const [what, [one, other]] of Object.entries(EQUAL)) {
  test(`a stream goes on behind ${what}`, async () => {
    const [primary, backup] = [fedTarget(), fedTarget()];
    const { coalescer, calls, settled } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
    const reading = readAll(coalescer.stream('a'));
    await settled();
    primary.calls[0]!.give(one);
    primary.calls[0]!.fail(httpError(502));
    await turns(settled);
    backup.calls[0]!.give(other, 'new');
    backup.calls[0]!.end();
    await turns(settled);
    assert.equal(calls(), 2);
    assert.deepEqual([reading.state, reading.chunks.length, reading.chunks.at(-1)], ['ended', 2, 'new']);
  });
}

for (const [first, second] of [
  [[{ v: 1 }], ['', { v: 1 }, 'new']],
  [
    [{ v: 1 }, ''],
    [{ v: 1 }, 'new'],
  ],
  [
    [Buffer.from('ab'), Buffer.alloc(0)],
    [Buffer.from('a'), Buffer.alloc(0), '', Buffer.from('b'), 'new'],
  ],
  [
    ['', 'ab'],
    ['ab', 'new'],
  ],
  [[''], ['', 'new']],
  [[''], ['new']],
] as const) {
  test(`text and bytes of no length say nothing, wherever they stand: ${JSON.stringify(first)} and ${JSON.stringify(second)}`, async () => {
    const [primary, backup] = [fedTarget(), fedTarget()];
    const { coalescer, settled } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
    const reading = readAll(coalescer.stream('a'));
    await settled();
    primary.calls[0]!.give(...first);
    primary.calls[0]!.fail(httpError(502));
    await turns(settled);
    backup.calls[0]!.give(...second);
    backup.calls[0]!.end();
    await turns(settled);
    assert.deepEqual([reading.state, reading.chunks], ['ended', [...first, 'new']]);
  });
}
