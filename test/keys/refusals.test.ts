// Whatever JSON would turn into something else is refused: as COALESCER_NOT_KEYABLE, with the path of the first thing that is wrong,
// before anything is launched. A wrong leaf is put at drawn places, so that the path is right wherever it stands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CoalescerError, createCoalescer, isCoalescerError } from '../../src/index.js';

let calls = 0;
const coalescer = createCoalescer({
  name: 'refusing',
  scope: 'public',
  targets: {
    only: (payload: unknown) => {
      calls++;
      return [payload];
    },
  },
});

function refusal(payload: unknown): CoalescerError {
  let key: string | null;
  try {
    ({ key } = coalescer.identify(payload));
  } catch (error) {
    assert.ok(error instanceof CoalescerError, String(error));
    assert.equal(error.code, 'COALESCER_NOT_KEYABLE');
    return error;
  }
  return assert.fail(`it has the key ${key}`);
}

class Invoice {
  id = 1;
}
class List extends Array<number> {}
const cyclic: unknown[] = [1];
cyclic.push({ inner: cyclic });
const hidden = (value: object, name: string, property: unknown): unknown => Object.defineProperty(value, name, { value: property });

/** What is refused, and what its error says of it. */
const refused: Readonly<Record<string, readonly [value: unknown, reason: RegExp]>> = {
  'a Map': [new Map([[1, 2]]), /Map/],
  'a Set': [new Set([1]), /Set/],
  Headers: [new Headers(), /Headers/],
  URLSearchParams: [new URLSearchParams('a=1'), /URLSearchParams/],
  'a Date': [new Date(0), /Date/],
  'a bigint': [1n, /a bigint/],
  'minus zero': [-0, /-0/],
  NaN: [Number.NaN, /NaN/],
  Infinity: [Number.POSITIVE_INFINITY, /Infinity/],
  'minus Infinity': [Number.NEGATIVE_INFINITY, /-Infinity/],
  'a symbol': [Symbol('s'), /a symbol/],
  'a function': [() => 1, /a function/],
  'a class': [Invoice, /a function/],
  'a class instance': [new Invoice(), /Invoice/],
  'an object made from another': [Object.create({ id: 1 }), /not plain/],
  'a boxed number': [Object(1), /Number/],
  'a boxed string': [Object('1'), /String/],
  'a boxed bigint': [Object(1n), /BigInt/],
  'a typed array': [Uint8Array.of(1), /Uint8Array/],
  'a Buffer': [Buffer.from('1'), /Buffer/],
  'an ArrayBuffer': [new ArrayBuffer(1), /ArrayBuffer/],
  'a URL': [new URL('http://a.test'), /URL/],
  'a RegExp': [/a/, /RegExp/],
  'an Error': [new Error('a'), /Error/],
  'a promise': [Promise.resolve(1), /Promise/],
  'an object with toJSON': [{ toJSON: () => 1 }, /toJSON/],
  'an object with a hidden toJSON': [hidden({}, 'toJSON', () => 1), /toJSON/],
  'an array with toJSON': [Object.assign([1], { toJSON: () => 1 }), /named properties|toJSON/],
  'an array with a hidden toJSON': [hidden([1], 'toJSON', () => 1), /toJSON/],
  'an array that inherits toJSON': [Object.setPrototypeOf([1], Object.assign([], { toJSON: () => 1 })), /toJSON|subclass/],
  'an array with named properties': [Object.assign([1], { total: 1 }), /named properties/],
  'an array with symbols for keys': [Object.assign([1], { [Symbol('s')]: 1 }), /symbols/],
  'an array with holes': [Object.assign([], { length: 2 }), /holes/],
  'an array with a hole and a name': [Object.assign([], { 1: 1, name: 1 }), /holes|named properties/],
  'a subclass of Array': [List.of(1), /List/],
  'an object with symbols for keys': [{ [Symbol('s')]: 1 }, /symbols/],
  'a module': [Math, /symbols|not plain/],
  'an iterator': [[1].values(), /not plain/],
};

for (const [name, [value, reason]] of Object.entries(refused)) {
  test(`${name} is refused where it stands`, () => {
    for (const [payload, path] of [
      [value, '$'],
      [[value], '$[0]'],
      [{ a: value }, '$.a'],
      [{ messages: [null, { 'sent at': value }] }, '$.messages[1]["sent at"]'],
      [{ fine: 1, list: [[], [{}, value]] }, '$.list[1][1]'],
    ] as const) {
      const error = refusal(payload);
      assert.equal(error.path, path);
      assert.match(error.message, reason);
      assert.ok(error.message.startsWith('refusing: ') && error.message.includes(`at ${path}: `), error.message);
    }
  });
}

test('undefined is refused in a list, where JSON makes it null, and is no property in an object', () => {
  assert.equal(refusal([undefined]).path, '$[0]');
  assert.equal(refusal({ a: [1, undefined] }).path, '$.a[1]');
  assert.equal(refusal([{ a: undefined }, [0, undefined]]).path, '$[1][1]');
  assert.deepEqual(coalescer.identify({ a: undefined, b: [{ c: undefined }] }), { scope: null, key: '{"b":[{}]}' });
});

test('raw JSON is refused: it would be taken for the text or number that it says', (context) => {
  const { rawJSON } = JSON as { readonly rawJSON?: (text: string) => object };
  if (rawJSON === undefined) return context.skip('this Node has no JSON.rawJSON');
  assert.match(refusal(rawJSON('12')).message, /at \$: raw JSON/);
  assert.match(refusal({ a: [rawJSON('"x"')] }).message, /at \$\.a\[0\]: raw JSON/);
});

test('a Proxy that is no object or list any more when its key is written is refused', () => {
  for (const record of [
    { a: 1, b: 2 },
    { b: 1, a: 2 },
  ])
    for (const later of [undefined, null, 5, 'text', true]) {
      let looks = 0;
      const payload = new Proxy(record, {
        get: (target, name) => (name === 'toJSON' ? ++looks > 1 && (() => later) : Reflect.get(target, name)),
      });
      assert.match(refusal(payload).message, /at \$: it changed between two reads, as a Proxy may/);
    }
});

test('a cycle, and what is nested too deep, is refused and does not hang or overflow', () => {
  assert.match(refusal(cyclic).message, /cycle/);
  assert.match(refusal({ a: { b: cyclic } }).path ?? '', /^\$\.a\.b\[1\]\.inner\[1\]/);
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = { deep };
  assert.match(refusal(deep).message, /nested deeper than \d+ levels/);
});

test('of several things that are wrong the first one is named', () => {
  assert.equal(refusal({ a: 1, b: [new Date(0), Number.NaN], c: new Map() }).path, '$.b[0]');
});

test('the path leads to the wrong thing wherever it stands', () => {
  const step = fc.oneof(
    fc.nat({ max: 3 }),
    fc.constantFrom('a', '$', '_b', 'a b', '', '0', 'é', '"', '__proto__', 'constructor', '\n'),
    fc.string({ maxLength: 5 }),
  );
  const wrong = fc.constantFrom(...Object.values(refused).map(([value]) => value));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), wrong, (steps, leaf) => {
      const payload = steps.reduceRight<unknown>(
        (inner, name) =>
          typeof name === 'number'
            ? [...Array.from({ length: name }, () => ({})), inner]
            : Object.defineProperty({ ' before': [] }, name, { value: inner, enumerable: true, configurable: true }),
        leaf,
      );
      const path = steps.map((name) =>
        typeof name === 'number' ? `[${name}]` : /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`,
      );
      assert.equal(refusal(payload).path, `$${path.join('')}`);
    }),
    { numRuns: 2_000 },
  );
});

test('a refused request rejects, is counted as refused, and calls no target', async () => {
  const before = calls;
  const { refused: counted, launched } = coalescer.stats();
  const promise = coalescer.request({ at: new Date(0) });
  await assert.rejects(promise, (error) => isCoalescerError(error, 'COALESCER_NOT_KEYABLE') && error.path === '$.at');
  await assert.rejects(coalescer.outcome([1n]), (error) => isCoalescerError(error, 'COALESCER_NOT_KEYABLE') && error.path === '$[0]');
  assert.throws(
    () => coalescer.waiters({ payload: new Map() }),
    (error) => isCoalescerError(error, 'COALESCER_NOT_KEYABLE'),
  );
  assert.equal(calls, before);
  assert.equal(coalescer.stats().refused, counted + 2);
  assert.equal(coalescer.stats().launched, launched);
});

test('a payload that cannot be keyed flies with a key of its own, or unshared', async () => {
  const at = new Date(0);
  const [one, other] = await Promise.all([coalescer.request(at, { key: 'epoch' }), coalescer.request(new Date(0), { key: 'epoch' })]);
  assert.equal(one, other);
  assert.deepEqual(await coalescer.request(new Map([[1, 2]]), { key: null }), [new Map([[1, 2]])]);
});
