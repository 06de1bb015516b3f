// What crosses arrives equal or is refused with its path, and owns its bytes: none of the packer's pool, of the envelope or of the input. Values are
// drawn; envelopes are as large as a busy tick makes them; bytes that are not ours are refused, never hung on.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { isLarger, packBody, packKeyed } from '../../workers/body.js';
import { Delivered } from '../../workers/delivered.js';
import { canonicalKey, formedKey, payloadOf } from '../../workers/canonical.js';
import {
  ABANDON,
  ATTEMPTED,
  BREAKER,
  BUFFER,
  BYTES,
  CHUNK,
  CLONED,
  CREDIT,
  FAILED,
  OPENED,
  READ,
  TEXT,
  WRITTEN,
  FULFILLED,
  KEYED,
  LAUNCH,
  PACKED,
  STREAMED,
  type AbandonFrame,
  type BodyKind,
  type FrontFrame,
  type FulfilledFrame,
  type LaunchFrame,
} from '../../workers/protocol.js';
import { Refused } from '../../workers/refused.js';
import { type Envelope, Wire } from '../../workers/wire.js';
import { collected } from './collected.js';

const wire = new Wire();
const trip = (value: unknown): unknown => {
  const { kind, data: bytes } = packBody(value, wire.packValue);
  return new Wire().unpackBody(kind, bytes);
};

const typedArray = fc.oneof(
  fc.int8Array(), fc.uint8Array(), fc.uint8ClampedArray(), fc.int16Array(), fc.uint16Array(), fc.int32Array(), fc.uint32Array(),
  fc.float32Array({ noNaN: false }), fc.float64Array(), fc.bigInt64Array(), fc.bigUint64Array(), fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ minLength: 16 }).map((bytes) => new Float64Array(bytes.slice(0, 16).buffer, 8, 1)),
); // biome-ignore format: a list
const leaf = fc.oneof(
  fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary-ascii' }), fc.integer(), fc.maxSafeInteger(), fc.double(), fc.boolean(), fc.constantFrom(null, undefined, -0, Number.NaN),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), fc.date({ noInvalidDate: true }), typedArray,
); // biome-ignore format: a list
const name = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('constructor', 'toString', '', '0', 'length', '_proto_'),
);
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    leaf,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      name.filter((text) => text !== '__proto__'),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
})).value;

test('any plain value arrives equal', () => {
  fc.assert(
    fc.property(plain, (value) => assert.deepStrictEqual(trip(value), value)),
    { numRuns: 5_000 },
  );
});

test('any value at all arrives equal or is refused with a path, before anything is packed', () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  });
  let refused = 0;
  fc.assert(
    fc.property(anything, (value) => {
      let arrived: unknown;
      try {
        arrived = trip(value);
      } catch (error) {
        assert.ok(
          error instanceof Refused && error.code === 'COALESCER_NOT_CLONEABLE' && error.path?.startsWith('$') === true,
          String(error),
        );
        refused++;
        return;
      }
      assert.deepStrictEqual(arrived, value);
    }),
    { numRuns: 5_000 },
  );
  assert.ok(refused > 100);
});

class Stamp extends Date {}
class Bytes extends Uint8Array {}
const refused: Readonly<Record<string, unknown>> = {
  'a Map': new Map(), 'a Set': new Set(), 'an Error': new Error('a'), 'a RegExp': /a/, 'a URL': new URL('http://a.test'), 'a function': () => 1, 'a symbol': Symbol('a'),
  'a class instance': new (class Invoice { id = 1; })(), 'toJSON': { toJSON: () => 1 }, 'a lone surrogate in a name': { '\ud800': 1 }, 'holes': Object.assign([], { length: 1 }),
  'a getter': { get a() { return 1; } }, 'an own __proto__': JSON.parse('{"__proto__":1}'), 'no prototype': Object.create(null), 'a bigint of 65 bits': 2n ** 64n, 'a negative bigint of 65 bits': -(2n ** 63n) - 1n,
  'an invalid Date': new Date(Number.NaN), 'a subclass of Date': new Stamp(0), 'a Date with properties': Object.assign(new Date(0), { a: 1 }), 'a subclass of Uint8Array': new Bytes(1),
  'a typed array with properties': Object.assign(new Uint16Array(1), { a: 1 }), 'a typed array with symbols': Object.assign(new Uint8Array(1), { [Symbol('a')]: 1 }), 'shared memory': new Uint8Array(new SharedArrayBuffer(1)),
  'an ArrayBuffer': new ArrayBuffer(1), 'a DataView': new DataView(new ArrayBuffer(1)), 'a list with symbols': Object.assign([1], { [Symbol('a')]: 1 }), 'a promise': Promise.resolve(),
}; // biome-ignore format: a table

for (const [what, value] of Object.entries(refused)) {
  test(`${what} cannot cross, and the path says where it stands`, () => {
    const refusal = (path: string) => (error: unknown) =>
      error instanceof Refused && error.code === 'COALESCER_NOT_CLONEABLE' && error.path?.startsWith(path) === true;
    assert.throws(() => packBody(value, wire.packValue), refusal('$'));
    assert.throws(() => packBody({ a: [0, value] }, wire.packValue), refusal('$.a[1]'));
    assert.throws(() => packBody({ a: [0, value] }, null), refusal('$.a[1]'));
  });
}

test('dates and bytes of another realm arrive as dates and bytes', () => {
  const value = runInNewContext('({ at: new Date(7), bytes: new Uint8Array([1, 2]), more: [new Float64Array([1.5])] })') as object;
  assert.deepEqual(trip(value), { at: new Date(7), bytes: Uint8Array.of(1, 2), more: [Float64Array.of(1.5)] });
  assert.deepEqual(trip(runInNewContext('new Uint8Array([1, 2])')), Uint8Array.of(1, 2));
});

test('each kind of body is told apart, and without the packing library a value arrives equal too', () => {
  const long = 'x'.repeat(300);
  const kinds: readonly (readonly [unknown, BodyKind])[] = [
    [undefined, PACKED], [{ a: undefined }, PACKED], [5n, PACKED], [[new Date(3)], PACKED], [Number.NaN, PACKED], [{ long }, PACKED], [[0.1, 0.2, 0.3], PACKED],
    [{ a: 1 }, WRITTEN], [null, WRITTEN], [-1, WRITTEN], [true, WRITTEN], ['text', WRITTEN], ['"ü\u0000', WRITTEN], [{ '': [[], {}] }, WRITTEN], [0.1, WRITTEN],
    [Array.from({ length: 100 }, () => true), PACKED], [Array.from({ length: 100 }, () => null), PACKED], [Array.from({ length: 100 }, () => []), PACKED],
    ['\0'.repeat(200), PACKED], [long, TEXT], ['ü'.repeat(256), TEXT], [Uint8Array.of(1), BYTES], [Buffer.from('a'), BUFFER], [[-0], CLONED], [-0, CLONED],
    [`\ufeff${long}`, CLONED], [{ [`\ufeff${long}`]: 1 }, CLONED], [[1, { a: `\ufeff${long}` }], CLONED], ['\ufeff', WRITTEN],
    ['\ud83d', WRITTEN], [{ delta: 'half of an emoji \ud83d' }, WRITTEN], [`${long}\ud83d`, CLONED], [{ text: [`\ude00${long}`] }, CLONED],
  ]; // biome-ignore format: a table
  for (const [value, kind] of kinds) {
    const body = packBody(value, wire.packValue);
    assert.equal(body.kind, kind, inspect(value));
    assert.deepStrictEqual(wire.unpackBody(kind, body.data), value);
  }
  for (const value of [{ a: [1, new Date(3)] }, { long }, undefined, 5n, [new Uint16Array(2)]]) {
    const { kind, data: bytes } = packBody(value, null);
    assert.equal(kind, CLONED);
    assert.deepStrictEqual(wire.unpackBody(kind, bytes), value);
  }
});

test('a payload whose key tells all of it crosses as its key; one whose properties come in another order, or are undefined, does not', () => {
  const told: readonly unknown[] = [
    'text',
    '',
    '{a}',
    '=1',
    '"',
    5,
    true,
    null,
    {},
    [],
    { a: 1, b: [{ c: null, d: 'e' }] },
    { '9': 1, a: 2 },
  ];
  for (const payload of told) {
    assert.equal(packKeyed(payload, formedKey(payload, null, true).form, wire.packValue).kind, KEYED, JSON.stringify(payload));
    assert.deepStrictEqual(payloadOf(canonicalKey(payload)), payload);
  }
  const untold: readonly unknown[] = [undefined, { b: 1, a: 2 }, [{ z: 1, y: 2 }], { a: { d: 1, c: 2 } }, { a: undefined }, { a: [{ b: undefined }] }, { '9': 1, '10': 2 }]; // biome-ignore format: a list
  for (const payload of untold)
    assert.notEqual(packKeyed(payload, formedKey(payload, null, true).form, wire.packValue).kind, KEYED, inspect(payload));
});

test('a payload whose key tells all of it is refused like any other', () => {
  for (const value of [{ get a() { return 1; } }, JSON.parse('{"__proto__":1}'), Object.create(null), { '\ud800': 1 }]) // biome-ignore format: one line
    assert.throws(() => packKeyed(value, formedKey(value, null, true).form, wire.packValue), { code: 'COALESCER_NOT_CLONEABLE' });
  const halves = { text: 'half \ud800' };
  assert.equal(packKeyed(halves, formedKey(halves, null, true).form, wire.packValue).kind, WRITTEN);
});

const buffersOf = (value: unknown): ArrayBufferLike[] =>
  ArrayBuffer.isView(value) ? [value.buffer] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersOf) : [];

test('packed bytes are exactly their own, and what arrives has no view on them, on the input or on the pool', () => {
  fc.assert(
    fc.property(plain, (value) => {
      const { kind, data: bytes } = packBody(value, wire.packValue);
      if (typeof bytes === 'string') {
        assert.deepStrictEqual(new Wire().unpackBody(kind, bytes), value);
        return;
      }
      assert.equal(bytes.buffer.byteLength, bytes.byteLength);
      assert.equal(bytes.byteOffset, 0);
      const arrived = new Wire().unpackBody(kind, bytes);
      const own = new Set(buffersOf(arrived));
      for (const foreign of [bytes.buffer, ...buffersOf(value)]) assert.ok(!own.has(foreign));
      const before = structuredClone(arrived);
      bytes.fill(0xff);
      assert.deepStrictEqual(structuredClone(arrived), before);
    }),
    { numRuns: 1_000 },
  );
});

const attempt = [0, 1, 0, 1, 0, null] as const;
const fulfilled = (number: number, value: unknown): FulfilledFrame => {
  const { kind, data: bytes } = packBody(value, wire.packValue);
  return [FULFILLED, number, number, attempt, kind, bytes];
};
/** So many frames more that they are packed. */
const others = Array.from({ length: 8 }, (_, index): AbandonFrame => [ABANDON, 1_000 + index, 7]);
const posted = (envelope: Envelope, transfer: ArrayBuffer[]): Envelope => structuredClone<Envelope>(envelope, { transfer });

function framesOf(envelope: Envelope): unknown[] {
  const frames: unknown[] = [];
  new Wire().read(envelope, (frame) => frames.push(frame));
  return frames;
}

test('a wire holds on to no envelope that it has read, nor to one whose reader threw', async () => {
  const receiver = new Wire();
  const read = (each: () => void): WeakRef<object> => {
    const { envelope } = wire.pack([fulfilled(1, 'x'.repeat(1_000)), ...others], false);
    const bytes = envelope as Uint8Array;
    try {
      receiver.read(bytes, each);
    } catch (error) {
      assert.equal((error as Error).message, 'the reader');
    }
    return new WeakRef(bytes.buffer);
  };
  const held = [
    read(() => {}),
    read(() => {
      throw new Error('the reader');
    }),
  ];
  // The packing library remembers the one that was read last in the process.
  new Wire().read(wire.pack(others, false).envelope, () => {});
  await collected();
  assert.deepEqual(
    held.map((envelope) => envelope.deref()),
    [undefined, undefined],
  );
  assert.equal(receiver.unpackBody(PACKED, wire.packValue(1)), 1);
});

test('a wire holds on to nothing that it has packed, nor to short values that it has read', async () => {
  const WIRES = 100;
  await collected();
  const before = process.memoryUsage().heapUsed;
  const wires = Array.from({ length: WIRES }, (_, at) => {
    const own = new Wire();
    const values = Array.from({ length: 128 }, (_unused, slot) => ({ text: `${at} ${slot} ${'.'.repeat(200)}` }));
    const { envelope } = own.pack(
      values.map((value, slot) => fulfilled(slot, value)),
      false,
    );
    own.read(envelope, () => {});
    return own;
  });
  await collected();
  const each = (process.memoryUsage().heapUsed - before) / WIRES;
  assert.equal(wires.length, WIRES);
  // What it packed, or read, would be 28,000 more.
  assert.ok(each < 20_000, `${each} bytes`);
});

test('a text that was read holds none of those that came with it', async () => {
  const ENVELOPES = 2_000;
  const receiver = new Wire();
  for (const size of [20, 200, 260, 2_000]) {
    await collected();
    const before = process.memoryUsage().heapUsed;
    const held: unknown[] = [];
    for (let at = 0; at < ENVELOPES; at++) {
      const texts = Array.from({ length: 32 }, (_, index) => `${at} ${index} ${'x'.repeat(size)}`);
      receiver.read(
        wire.pack(
          texts.map((text, index) => fulfilled(index, text)),
          false,
        ).envelope,
        (frame: FulfilledFrame) => {
          const value = receiver.unpackBody(frame[4], frame[5]);
          if (frame[1] === 7) held.push(value);
        },
      );
    }
    await collected();
    const each = (process.memoryUsage().heapUsed - before) / ENVELOPES;
    assert.equal(held.length, ENVELOPES);
    assert.ok(each < size + 400, `${each} bytes for a text of ${size}`);
  }
});

test('what a target sees of its request holds nothing of those that came with it', async () => {
  const ENVELOPES = 1_000;
  const receiver = new Wire();
  const dots = '.'.repeat(40);
  for (const sees of [
    (frame: LaunchFrame) => payloadOf(frame[8] as string),
    (frame: LaunchFrame) => frame[3],
    (frame: LaunchFrame) => frame[4],
  ]) {
    await collected();
    const before = process.memoryUsage().heapUsed;
    const held: unknown[] = [];
    for (let at = 0; at < ENVELOPES; at++) {
      const launches = Array.from({ length: 128 }, (_, slot): LaunchFrame => {
        const own = `${at} ${slot} ${dots}`;
        return [LAUNCH, slot, slot, `of ${own}`, `key ${own}`, 0, null, KEYED, `asked ${own}`];
      });
      receiver.read(wire.pack(launches, false).envelope, (frame: LaunchFrame) => {
        if (frame[1] === 7) held.push(sees(frame));
      });
    }
    await collected();
    const each = (process.memoryUsage().heapUsed - before) / ENVELOPES;
    assert.match(held[3] as string, /3 7 \.{40}$/);
    assert.ok(each < 400, `${each} bytes`);
  }
});

test('chunks that came with a relaunch hold none of the payloads that came with them', async () => {
  const FLIGHTS = 500;
  const receiver = new Wire();
  const held: Delivered[] = [];
  await collected();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < FLIGHTS; at++) {
    const { kind, data } = packBody([`chunk ${at}`], wire.packValue);
    const frames: LaunchFrame[] = [[LAUNCH, 0, 1, null, 'key', 0, [null, 0, 0, -1, null, 1, [kind, data]], KEYED, '1']];
    for (let other = 1; other < 200; other++) {
      const body = packBody(`another's ${at} ${other} ${'.'.repeat(60)}`, wire.packValue);
      frames.push([LAUNCH, other, 1, null, false, 0, null, body.kind, body.data]);
    }
    receiver.read(wire.pack(frames, false).envelope, ([, slot, , , , , extras]: LaunchFrame) => {
      if (slot === 0) held.push(new Delivered(receiver, 1_000_000, extras![6]));
    });
  }
  await collected();
  const each = (process.memoryUsage().heapUsed - before) / FLIGHTS;
  assert.deepEqual(held[7]!.all(), ['chunk 7']);
  assert.ok(each < 2_000, `${each} bytes`);
});

test('an envelope of 10,000 frames arrives frame by frame, large bodies beside it', () => {
  const values = Array.from({ length: 10_000 }, (_, index) =>
    index % 1_000 === 0 ? Buffer.alloc(70_000 + index, index % 251) : { index, text: `value ${index}` },
  );
  const { envelope, transferList } = wire.pack(
    values.map((value, index) => fulfilled(index, value)),
    true,
  );
  assert.ok(Array.isArray(envelope));
  assert.deepEqual([envelope.length, transferList.length, new Set(transferList).size], [11, 11, 11]);
  const receiver = new Wire();
  const frames: FulfilledFrame[] = [];
  const bodies: unknown[] = [];
  receiver.read<FulfilledFrame>(posted(envelope, transferList), (frame) => {
    frames.push(frame);
    bodies.push(receiver.unpackBody(frame[4], frame[5]));
  });
  assert.deepEqual(
    frames.map(([op, slot, number]) => [op, slot, number]),
    values.map((_, index) => [FULFILLED, index, index]),
  );
  assert.deepStrictEqual(bodies, values);
  // Also later, when the envelope is no longer the one that is being read.
  for (const [index, [, , , , kind, body]] of frames.entries())
    assert.deepStrictEqual(receiver.unpackBody(kind, body as Uint8Array), values[index]);
});

test('a large payload that crosses as its key lies beside the envelope, as text', () => {
  const launch = (number: number, key: string): LaunchFrame => [LAUNCH, number, number, null, false, 2, null, KEYED, key];
  const frames = [launch(1, 'x'.repeat(65_535)), launch(2, '\u2603'.repeat(65_536)), launch(3, 'small'), ...others];
  const { envelope, transferList } = wire.pack(frames, true);
  assert.ok(Array.isArray(envelope));
  assert.deepEqual([envelope.length, envelope[1], transferList.length], [2, '\u2603'.repeat(65_536), 1]);
  assert.deepEqual(framesOf(posted(envelope, transferList)), frames);
});

test('a large text lies beside the envelope, and is not taken for the number that comes with it', () => {
  const values = [1, 'x'.repeat(70_000), 0, '\u2603'.repeat(65_536), 2, 'short', 3, 4];
  const { envelope } = wire.pack(
    values.map((value, index) => fulfilled(index, value)),
    true,
  );
  assert.ok(Array.isArray(envelope));
  assert.equal(envelope.length, 3);
  const receiver = new Wire();
  const bodies: unknown[] = [];
  receiver.read<FulfilledFrame>(posted(envelope, []), (frame) => bodies.push(receiver.unpackBody(frame[4], frame[5])));
  assert.deepStrictEqual(bodies, values);
});

test('a large value that was packed lies beside the envelope, and is read from there; so are those in it', () => {
  const large = Array.from({ length: 1_000 }, (_, at) => ({ at, text: 'x'.repeat(70) }));
  const values = Array.from({ length: 9 }, (_, index) => (index === 4 ? large : large.slice(index, index + 10)));
  const { envelope } = wire.pack(
    values.map((value, index) => fulfilled(index, value)),
    true,
  );
  assert.ok(Array.isArray(envelope));
  assert.equal(envelope.length, 2);
  const receiver = new Wire();
  const bodies: unknown[] = [];
  receiver.read<FulfilledFrame>(posted(envelope, []), (frame) => bodies.push(receiver.unpackBody(frame[4], frame[5])));
  assert.deepStrictEqual(bodies, values);
});

test('what is posted is exactly the envelope, none of the pool it was packed in', () => {
  const { envelope, transferList } = wire.pack(others, true);
  assert.ok(envelope instanceof Uint8Array);
  assert.equal(envelope.buffer.byteLength, envelope.byteLength);
  assert.deepEqual(transferList, [envelope.buffer]);
  assert.deepEqual(framesOf(posted(envelope, transferList)), others);
});

test('without transfer large bodies stay with the sender: they are its copy for a relaunch', () => {
  for (const frames of [[], others]) {
    const frame = fulfilled(1, new Uint8Array(100_000).fill(7));
    const { envelope, transferList } = wire.pack([frame, ...frames], false);
    posted(envelope, transferList);
    assert.equal((frame[5] as Uint8Array).byteLength, 100_000);
    const moved = wire.pack([frame, ...frames], true);
    const [arrived] = framesOf(posted(moved.envelope, moved.transferList)) as [FulfilledFrame];
    assert.equal((frame[5] as Uint8Array).byteLength, 0);
    assert.deepStrictEqual(arrived[5], new Uint8Array(100_000).fill(7));
  }
});

const short = fc.oneof(fc.string(), fc.constantFrom('', '\u2603', 'x'.repeat(128), 'x'.repeat(129), '\u00e4'.repeat(300)));
/** Of a kind that stays what it is where its envelope is read, */
const body = fc.tuple(
  fc.constantFrom(PACKED, BYTES, BUFFER, CLONED, TEXT),
  fc.oneof(
    short,
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  ),
);
/** or JSON, of which what is short is read with its envelope. */
const json = fc
  .oneof(fc.jsonValue(), short, fc.constantFrom('x'.repeat(510), 'x'.repeat(511), 7, null))
  .map((value) => JSON.stringify(value));
const written = fc.oneof(
  json.map((text) => [WRITTEN, text] as const),
  json.map((text) => [KEYED, /^[[{"]/.test(text) ? text : `=${text}`] as const),
  short.filter((text) => !/^[[{"=]/.test(text)).map((text) => [KEYED, text] as const),
);
const crossing = fc.oneof(body, written);
const count = fc.nat();
const instant = fc.double({ min: 0, max: 1e12, noNaN: true });
const attemptWith = <Details>(told: fc.Arbitrary<Details>) => fc.tuple(fc.nat(23), fc.nat(40), instant, instant, fc.nat(6), told);
const details = [null, 503, 'busy', 'failover', 'b', null, [{ target: 'c', why: 'open' }], false, false, null];
const anyFrame = fc.oneof(
  fc.tuple(fc.constant(LAUNCH), count, count, fc.oneof(fc.constantFrom(null, 'one', 'two'), short), fc.oneof(fc.constantFrom(null, false), short), instant, fc.constant(null), crossing),
  fc.tuple(fc.constant(LAUNCH), count, count, short, short, instant, fc.constant([['b'], 1, 3, -1, null, 0, null]), crossing),
  fc.tuple(fc.constant(FULFILLED), count, count, attemptWith(fc.constant(null)), fc.oneof(fc.constant([STREAMED, null]), crossing)),
  fc.tuple(fc.constant(FULFILLED), count, count, attemptWith(fc.constant(details)), crossing),
  fc.tuple(fc.constant(CHUNK), count, count, crossing),
  fc.tuple(fc.constant(ATTEMPTED), count, count, attemptWith(fc.constant(details))),
  fc.tuple(fc.constant(FAILED), count, count, fc.constant(null), short, crossing),
  fc.tuple(fc.constant(OPENED), count, count, count, short),
  fc.tuple(fc.constant(BREAKER), fc.constant(-1), fc.constant(-1), short, short, short),
  fc.tuple(fc.constant(CREDIT), count, count, count),
); // biome-ignore format: a table
/** With kind and body in their places. */
const laid = (frame: readonly unknown[]): unknown[] =>
  Array.isArray(frame.at(-1)) && frame[0] !== ATTEMPTED ? frame.slice(0, -1).concat(frame.at(-1)) : [...frame];

test('frames of any kind arrive as they were and in their order, few and many', () => {
  const asBuffers = (part: unknown): unknown =>
    Array.isArray(part) ? part.map(asBuffers) : part instanceof Uint8Array ? Buffer.from(part) : part;
  const sizes = new Set<number>();
  let areRead = 0;
  const isListed = (frame: readonly unknown[], together: number): boolean => {
    const [kind, data] = frame.slice(-2);
    const mayBe = together >= 8 && (frame[0] === LAUNCH || frame[0] === FULFILLED) && typeof data === 'string' && data.length <= 512;
    return mayBe && (kind === WRITTEN || (kind === KEYED && /^[[{"]/.test(data)));
  };
  const arrive = (frames: readonly unknown[][]): void => {
    sizes.add(frames.length);
    const { envelope, transferList } = wire.pack(frames as unknown as FrontFrame[], false);
    const arrived = asBuffers(framesOf(posted(envelope, transferList))) as unknown[][];
    assert.equal(arrived.length, frames.length);
    for (const [index, frame] of arrived.entries()) {
      const sent = frames[index] as unknown[];
      if (!isListed(sent, frames.length)) assert.deepStrictEqual(frame, sent);
      else {
        areRead++;
        assert.deepStrictEqual(frame, [...sent.slice(0, -2), READ, JSON.parse(sent.at(-1) as string)]);
      }
    }
  };
  fc.assert(
    fc.property(
      fc.array(anyFrame, { minLength: 1, maxLength: 12, size: 'max' }),
      fc.array(anyFrame, { minLength: 8, maxLength: 200, size: 'max' }),
      (few, many) => {
        arrive(few.map(laid));
        arrive(many.map(laid));
      },
    ),
    { numRuns: 1_000 },
  );
  assert.ok(areRead > 1_000, String(areRead));
  assert.ok(sizes.has(1) && sizes.has(7) && sizes.has(8) && Math.max(...sizes) > 64);
});

test('columns that do not fit to each other are refused as a whole', () => {
  const numbers = (...list: number[]): Uint8Array => new Uint8Array(Float64Array.from(list).buffer);
  const chunk = [CHUNK, 1, 2, BYTES, 3];
  const end = [FULFILLED, 1, 2, WRITTEN, 0, 1, 0, 1, 0, -1, -5];
  const read = (...columns: unknown[]): unknown[] => framesOf(wire.packValue(columns));
  assert.deepEqual(read(numbers(...chunk), ' abc', '[]'), [[CHUNK, 1, 2, BYTES, 'abc']]);
  assert.deepEqual(read(numbers(...end), ' ', '[{"a":1}]'), [[FULFILLED, 1, 2, [0, 1, 0, 1, 0, null], READ, { a: 1 }]]);
  for (const unfit of [
    [numbers(...chunk), ' abcd', '[]'],
    [numbers(...chunk), ' ab', '[]'],
    [numbers(...chunk), ' abc', '[]', 'left over'],
    [numbers(...chunk), ' abc', '[1]'],
    [numbers(...chunk), ' abc'],
    [numbers(...chunk.slice(0, -1)), ' abc', '[]'],
    [numbers(...chunk, ...chunk), ' abc', '[]'],
    [numbers(...end), ' ', '[]'],
    [numbers(...end), ' ', '[1,2]'],
    [numbers(...end), ' ', '{}'],
    [numbers(...end), ' ', 'null'],
    [numbers(...end), ' ', '"a"'],
    [numbers(...end), ' ', '{"length":1,"0":1}'],
    [numbers(...end), ' ', [1]],
    [numbers(-1), ' ', '[]'],
    [numbers(...chunk).subarray(1), ' abc', '[]'],
    [numbers(9), ' ', '[]'],
    ['', ' ', '[]'],
    [numbers(), 7, '[]'],
  ])
    assert.throws(() => read(...unfit), TypeError, inspect(unfit));
  for (const broken of ['', '[', '[1']) assert.throws(() => read(numbers(...end), ' ', broken), SyntaxError);
});

test('short JSON of one envelope is read in one piece, and holds none of what came with it', async () => {
  const receiver = new Wire();
  const held: unknown[] = [];
  await collected();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < 1_000; at++) {
    const ends = Array.from({ length: 128 }, (_, slot) => fulfilled(slot, { text: `${at} ${slot} ${'.'.repeat(100)}` }));
    receiver.read(wire.pack(ends, false).envelope, (frame: FulfilledFrame) => {
      assert.equal(frame[4], READ);
      if (frame[1] === 7) held.push(receiver.unpackBody(frame[4], frame[5]));
    });
  }
  await collected();
  const each = (process.memoryUsage().heapUsed - before) / 1_000;
  assert.deepEqual(held[3], { text: `3 7 ${'.'.repeat(100)}` });
  // Its envelope would be 20,000.
  assert.ok(each < 2_000, `${each} bytes`);
});

test('a byte order mark arrives also where the packing library has no native part', () => {
  const modules = ['wire', 'body', 'protocol', 'canonical'].map((file) =>
    JSON.stringify(new URL(`../../workers/${file}.js`, import.meta.url)),
  );
  const script = `
    import assert from 'node:assert/strict';
    const [{ Wire }, { packBody, packKeyed }, { LAUNCH, FULFILLED }, { formedKey, payloadOf }] = await Promise.all([${modules.map((url) => `import(${url})`).join()}]);
    const wire = new Wire();
    const texts = [10, 100, 200, 1_000].map((length) => '\ufeff' + 'x'.repeat(length));
    const values = texts.flatMap((text) => [text, { [text]: [text] }, [1, text]]);
    const arrived = [];
    const launches = values.map((value, slot) => {
      const { key, form } = formedKey(value, null, true);
      const { kind, data } = packKeyed(value, form, wire.packValue);
      return [LAUNCH, slot, slot, texts[slot % 4], texts[(slot + 1) % 4], 0, slot % 2 ? null : [['b'], 1, 1, 0, null, 0, null], kind, kind === 5 ? key : data];
    });
    new Wire().read(wire.pack(launches, false).envelope, ([, slot, , scope, key, , , kind, body]) => {
      assert.deepEqual([scope, key], [texts[slot % 4], texts[(slot + 1) % 4]]);
      assert.deepEqual(kind === 5 ? payloadOf(body) : wire.unpackBody(kind, body), values[slot]);
    });
    const ends = values.map((value, slot) => {
      const { kind, data } = packBody(value, wire.packValue);
      return [FULFILLED, slot, slot, [0, 1, 0, 1, 0, null], kind, data];
    });
    new Wire().read(wire.pack(ends, false).envelope, (frame) => arrived.push(wire.unpackBody(frame[4], frame[5])));
    assert.deepEqual(arrived, values);
  `;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, MSGPACKR_NATIVE_ACCELERATION_DISABLED: 'true' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
});

test('bytes that are not ours are refused or read as frames, and never hang or pollute', () => {
  const valid = wire.pack([fulfilled(1, { a: 1 }), [ATTEMPTED, 1, 1, attempt], ...others], false).envelope as Uint8Array;
  const damaged = fc
    .tuple(
      fc.array(fc.tuple(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 5 }),
      fc.nat({ max: valid.length }),
    )
    .map(([changes, length]) => {
      const bytes = valid.slice(0, length);
      for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
      return bytes;
    });
  const tries = (bytes: Uint8Array): void => {
    try {
      const frames: readonly unknown[] = framesOf(bytes);
      for (const frame of frames) assert.ok(Array.isArray(frame) && typeof frame[0] === 'number');
    } catch (error) {
      assert.ok(error instanceof Error && error.name !== 'AssertionError', String(error));
    }
    for (const kind of [PACKED, CLONED] as const) {
      try {
        wire.unpackBody(kind, bytes);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), tries), { numRuns: 5_000 });
  fc.assert(fc.property(damaged, tries), { numRuns: 5_000 });
  // Columns of which one does not fit to the others, and what is no frame where none was packed.
  const numbers = fc
    .array(fc.oneof(fc.integer({ min: -6, max: 9 }), fc.double()), { maxLength: 30 })
    .map((list) => new Uint8Array(Float64Array.from(list).buffer));
  const columns = fc.tuple(
    fc.oneof(numbers, fc.uint8Array()),
    fc.oneof(fc.string(), fc.nat()),
    fc.oneof(fc.json(), fc.anything()),
    fc.anything(),
  );
  fc.assert(
    fc.property(columns, (message) => tries(wire.packValue(message))),
    { numRuns: 5_000 },
  );
  fc.assert(
    fc.property(fc.array(fc.anything()), (message) => tries(message as unknown as Uint8Array)),
    { numRuns: 2_000 },
  );
  for (const head of [0xc1, 0xc6, 0xc9, 0xdb, 0xdd, 0xdf]) tries(Uint8Array.of(head, 0xff, 0xff, 0xff, 0xff, 1, 2, 3));
  assert.deepEqual(Object.keys(Object.prototype), []);
  assert.throws(() => wire.unpackBody(9 as never, Uint8Array.of(1)), TypeError);
});

test('a text is as large as its bytes, of which a character takes up to three', () => {
  for (const [character, bytes] of [['a', 1], ['\u00e9', 2], ['\u2603', 3]] as const)
    assert.deepEqual([isLarger(character.repeat(40), 40 * bytes), isLarger(character.repeat(40), 40 * bytes - 1)], [false, true]); // biome-ignore format: a table
});
