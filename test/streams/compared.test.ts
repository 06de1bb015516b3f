// midStream 'verify' against values that look alike: what differs is never spliced, what is equal is never refused, wherever it is cut. RELIABILITY I17, I19.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoalescerError } from '../../src/index.js';
import { httpError, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll } from './stage.js';

/** Two readers and a late one of a stream that breaks off after `first` and goes on, or not, with `second`. */
async function fly(first: readonly unknown[], second: readonly unknown[]) {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
  const early = readAll(coalescer.stream('a'));
  const slow = coalescer.stream('a');
  const whole = watch(coalescer.request('a'));
  await settled();
  primary.calls[0]!.give(...first);
  primary.calls[0]!.fail(httpError(502));
  for (let turn = 0; turn < 5; turn++) await settled();
  const late = readAll(coalescer.stream('a'));
  assert.equal(calls(), 2);
  // One at a time, as from a network.
  for (const chunk of second) {
    backup.calls[0]!.give(chunk);
    await settled();
  }
  backup.calls[0]!.end();
  await settled();
  const slowReading = readAll(slow);
  for (let turn = 0; turn < 3; turn++) await settled();
  return { readings: [early, slowReading, late], whole };
}

const alike: Readonly<Record<string, readonly [first: readonly unknown[], second: readonly unknown[]]>> = {
  'another lone surrogate': [['a\ud83d'], ['a\ud83e\udd14']],
  'a lone surrogate and what stands for it': [
    ['a\ud83d', 'b'],
    ['a\ufffd', 'b'],
  ],
  'another lone surrogate within an object': [[{ t: '\ud83d' }], [{ t: '\ud83e' }]],
  'another lone surrogate as a name': [[{ '\ud83d': 1 }], [{ '\ud83e': 1 }]],
  'a value that holds a border': [
    ['a', { b: 1 }, 'c'],
    ['a|text 1||value {"b":1}|', 1, 'c'],
  ],
  'text and its bytes': [['ab'], [Buffer.from('abc')]],
  'bytes and their text': [[Buffer.from('ab')], ['abc']],
  'a number and its text': [[1], ['1', '2']],
  'true and its text': [[true], ['true']],
  'null and its text': [[null], ['null']],
  'null and undefined': [[null], [undefined]],
  'a bigint and a number': [[1n], [1]],
  'NaN and null': [[NaN], [null]],
  'zeros of other signs': [[0], [-0]],
  'an empty object and an empty list': [[{}], [[]]],
  'a date and its text': [[new Date(0)], [new Date(0).toISOString()]],
  'other dates': [[new Date(0)], [new Date(1)]],
  'other maps': [[new Map([['a', 1]])], [new Map([['a', 2]])]],
  'other sets': [[new Set([1])], [new Set([2])]],
  'a list with a hole and one with undefined': [[{ a: [1, 2] }], [{ a: [1, undefined] }]],
  'lists in another order': [[[1, 2]], [[2, 1]]],
  'two texts in a list, cut elsewhere': [[['ab', 'c']], [['a', 'bc']]],
  'properties that look like one another': [[{ 'a":1,"b': 1 }], [{ a: 1, b: 1 }]],
  'other bytes within objects': [[{ b: new Uint8Array([1]) }], [{ b: new Uint8Array([2]) }]],
  'other views of bytes': [[new Uint16Array([1])], [new Uint16Array([2])]],
  'nested text that ends otherwise': [[{ t: 'abc' }], [{ t: 'abd' }]],
  'a text twice and once': [
    [{ a: 1 }, { a: 1 }, { b: 1 }],
    [{ a: 1 }, { b: 1 }, { a: 1 }],
  ],
};
for (const [what, [first, second]] of Object.entries(alike)) {
  test(`what differs is no seam: ${what}`, async () => {
    const { readings, whole } = await fly(first, second);
    for (const reading of readings) {
      assert.deepEqual(reading.chunks, first);
      assert.equal(codeOfReading(reading), 'COALESCER_STREAM_DIVERGED');
      assert.equal((reading.error as CoalescerError).chunks, first.length);
    }
    assert.equal(whole.reason, readings[0]!.error);
  });
}

const equal: Readonly<Record<string, readonly [first: readonly unknown[], second: readonly unknown[], rest: readonly unknown[]]>> = {
  'empty texts, wherever they come': [['', 'a', '', 'b'], ['a', '', '', 'b', 'c'], ['c']],
  'empty bytes, wherever they come': [[Buffer.of(), Buffer.of(1)], [Buffer.of(1), Buffer.of(), Buffer.of(2)], [Buffer.of(2)]],
  'nothing but an empty text': [[''], ['ab', 'c'], ['ab', 'c']],
  'a seam within one chunk that spans all': [['a', 'b', 'c'], ['abcdef'], ['def']],
  'a Buffer and a Uint8Array': [[Buffer.of(1, 2)], [new Uint8Array([1, 2, 3])], [new Uint8Array([3])]],
  'undefined and null where they were': [[undefined, null], [undefined, null, 1], [1]],
  'NaN, bigint and minus zero': [[NaN, 5n, -0], [NaN, 5n, -0, 1], [1]],
  'properties deep down in another order': [[{ a: { x: 1, y: [{ p: 1, q: 2 }] } }], [{ a: { y: [{ q: 2, p: 1 }], x: 1 } }, 'end'], ['end']],
  'dates and maps': [[new Date(5), new Map([['a', 1]])], [new Date(5), new Map([['a', 1]]), 1], [1]],
  'a surrogate pair cut by the one, not by the other': [
    ['\ud83d', '\ude00'],
    ['\ud83d\ude00', '\ud83d', '\ude01'],
    ['\ud83d', '\ude01'],
  ],
  'kinds that take turns': [
    ['a', 1, 'b', Buffer.of(1), 'c'],
    ['a', 1, 'b', Buffer.of(1), 'cd', 2],
    ['d', 2],
  ],
};
for (const [what, [first, second, rest]] of Object.entries(equal)) {
  test(`what is equal goes on where it was: ${what}`, async () => {
    const { readings, whole } = await fly(first, second);
    const all = [...first, ...rest];
    for (const { chunks, state, error } of readings) {
      assert.equal(state, 'ended', String(error));
      assert.deepEqual(chunks.filter(isSaid), all.filter(isSaid));
    }
    assert.deepEqual(readings[0]!.chunks, readings[2]!.chunks);
    assert.deepEqual(whole.value, readings[0]!.chunks);
  });
}

/** An empty text says nothing, wherever it stands. */
function isSaid(chunk: unknown): boolean {
  return chunk !== '' && !(chunk instanceof Uint8Array && chunk.length === 0);
}
