// Values that are easily taken for one another: by JSON, by String(), by a delimiter, by a hash, or by
// eye. No two values of one group may share.
import { runInNewContext } from 'node:vm';

class Invoice {
  readonly id = 1;
}
class Empty {
  #hidden = 1;
  get hidden(): number {
    return this.#hidden;
  }
}
class List extends Array<number> {}
const tagged = <V extends object>(value: V, properties: object): V => Object.assign(value, properties);
const parsed = (text: string): unknown => JSON.parse(text);
const cycle = (): unknown => {
  const value: Record<string, unknown> = { id: 1 };
  value['self'] = value;
  return value;
};
const deep = (levels: number, leaf: unknown): unknown => {
  let value = leaf;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
};
/** A list as old functions see their arguments: no array, though its prototype is that of plain objects. */
function listed(first: number): IArguments {
  return first === 1 ? arguments : listed(1);
}
const holed = (length: number, elements: Readonly<Record<number, unknown>> = {}): unknown[] => Object.assign([], elements, { length });
const long = (end: string): string => 'x'.repeat(20_000) + end;
const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** By what they are taken for. */
export const lookAlikes: Readonly<Record<string, readonly unknown[]>> = {
  nothing: [
    undefined, null, '', 'undefined', 'null', '=undefined', '=null', '""', ' ', '\0', 0, false, 'false', '0', [], '[]', '{}', {}, '{', '[',
    '=', '"',
    [null], [[]], [{}], ['', ''], [''], { '': null }, { '': '' }, [undefined], new Map(), new Set(), new WeakMap(), new Empty(),
    Object.create({ id: 1 }),
    Number.NaN, -0, Symbol('empty'), () => undefined, /(?:)/, new Error(''), Buffer.alloc(0), new ArrayBuffer(0), new Date(Number.NaN),
    Promise.resolve(),
    new URLSearchParams(), new Headers(),
  ],
  one: [
    1, '1', '=1', '"1"', '[1]', ['1'], [1], [[1]], [['1']], { 0: 1 }, { 0: '1' }, { 1: 1 }, 1n, Object(1), Object('1'), Object(1n), true,
    'true', '=true', Object(true),
    bytesOf(1), new Float64Array([1]), new Set([1]), new Map([[0, 1]]), new Map([['0', 1]]), new Date(1), 1 + Number.EPSILON, '1.0', '01',
    ' 1', '1 ', '１', List.of(1),
    Symbol.for('1'), new Invoice(), { id: 1 }, '{"id":1}', { id: '1' }, { ID: 1 }, { id: [1] }, { id: 1, extra: null }, { id: 1, '': 1 },
  ],
  'a property': [
    { a: 1 }, '{"a":1}', '{"a": 1}', [{ a: 1 }], ['a', 1], [['a', 1]], 'a=1', 'a,1', new Map([['a', 1]]), new URLSearchParams({ a: '1' }),
    new Headers({ a: '1' }),
    new FormData(), { a: 1n }, { a: '1' }, { a: [1] }, { a: { 0: 1 } }, { a: true }, { a: 1, b: null }, { a: 1, b: false }, { 'a ': 1 },
    { A: 1 }, { a: 1.5 },
    tagged([1], { a: 1 }), tagged(new Date(1), { a: 1 }), { 'a":1,"b': 1 }, { a: '1,"b":2' }, { a: 1, b: 2 }, { a: { b: 2 } },
    { a: [{ b: 2 }] }, { 'a.b': 2 },
    { a: Symbol('1') }, { a: () => 1 }, { a: new Date(1) }, { a: Number.NaN }, { a: -0 }, { a: 0 }, { a: Number.POSITIVE_INFINITY },
    { a: Number.NEGATIVE_INFINITY }, { a: null },
  ],
  'what toJSON says': [
    { toJSON: () => 'x' }, { toJSON: () => ({ a: 1 }), a: 2 }, 'x', '"x"', { toJSON: 'x' }, { toJSON: null }, new Date('2026-01-01'),
    '2026-01-01T00:00:00.000Z',
    '"2026-01-01T00:00:00.000Z"', 1_767_225_600_000, new Date('2026-01-01T00:00:00.001Z'), [new Date('2026-01-01')],
    ['2026-01-01T00:00:00.000Z'],
    new URL('http://a.test/'), 'http://a.test/', Buffer.from('x'), { type: 'Buffer', data: [120] }, '{"type":"Buffer","data":[120]}',
  ],
  bytes: [
    bytesOf(1, 2), [1, 2], { 0: 1, 1: 2 }, '1,2', '[1,2]', '{"0":1,"1":2}', Int8Array.of(1, 2), Uint8ClampedArray.of(1, 2),
    Uint16Array.of(1, 2), Float32Array.of(1, 2),
    BigInt64Array.of(1n, 2n), Buffer.from([1, 2]), bytesOf(1, 2).buffer, new DataView(bytesOf(1, 2).buffer), '\u0001\u0002',
    new Blob(['\u0001\u0002']), [2, 1],
    new SharedArrayBuffer(2), [1, 2, null], holed(3, { 0: 1, 2: 2 }), holed(3, { 0: 1, 1: 2 }), holed(3, { 1: 1, 2: 2 }),
    tagged([1, 2], { more: 3 }), [[1, 2]], [[1], [2]], [1, [2]],
    ['1', '2'], ['1,2'], [12],
  ],
  collections: [
    new Map([['a', 1]]), new Map([['a', 2]]), new Map([['b', 1]]), new Set(['a']), new Set(['b']), new WeakSet(), {}, [], [['a', 1]],
    { a: 1 }, ['a'], new Map([[1, 1]]),
    new Headers({ accept: 'text/html' }), new Headers({ accept: 'application/json' }), new URLSearchParams('q=a'),
    new URLSearchParams('q=b'), new Map([['a', new Map()]]),
    [1][Symbol.iterator](), new Map().entries(), { tenants: new Set(['a']) }, { tenants: new Set(['b']) }, { tenants: {} },
    { tenants: ['a'] },
  ],
  numbers: [
    Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 'NaN', 'Infinity', '-Infinity', null, 'null', 0, -0, '0', '-0', 1e21,
    '1e+21', '1e21', 10n ** 21n,
    2 ** 53, 2n ** 53n, 2n ** 53n + 1n, '9007199254740992', 2 ** 53 + 2, 0.1 + 0.2, 0.3, 5e-324, 1e308, [Number.NaN], [null],
    [Number.POSITIVE_INFINITY], [0], [-0], -1, '-1', '=-1',
  ],
  'holes and undefined': [
    [undefined], [null], [], holed(1), holed(2), [null, null], [undefined, undefined], { length: 1 }, { length: 0 },
    [[undefined]], [[null]], [[]],
    { a: [undefined] }, { a: [null] }, { a: [] }, { a: {} }, { a: holed(1) }, [{ a: undefined }, undefined], [{}, null], [{}],
  ],
  'classes and errors': [
    new Invoice(), { id: 1 }, Object.create({ id: 1 }), Object.create(new Invoice()), Invoice, new Error('a'), new Error('b'),
    new TypeError('a'), new DOMException('a'), {},
    { message: 'a' }, new AggregateError([new Error('a')]), Object.create({ id: 2 }), runInNewContext('new (class Invoice { id = 1 })()'),
    new Proxy(new Map(), {}),
    listed(1),
    { 0: 1 }, Symbol('id'), Symbol.for('id'), { [Symbol('id')]: 1 }, { [Symbol('id')]: 2 }, Math, Reflect, globalThis,
    new AbortController().signal,
  ],
  expressions: [
    /a/, /a/g, /b/, '/a/', new URL('http://a.test/?b=c'), new URL('http://b.test/?b=c'), 'http://a.test/?b=c',
    new Request('http://a.test/'), new Response('a'),
    new Response('b'), {}, function named() {}, () => 1, () => 2, '() => 1', Function.prototype, new WeakRef({}), Intl,
    new Intl.Locale('en'), 'en',
  ],
  text: [
    'caf\u00e9', 'cafe\u0301', 'CAF\u00c9', 'cafe', 'ﬁ', 'fi', '\u212b', '\u00c5', 'A\u030a', 'a\u200bb', 'ab', 'a b', 'a\u00a0b', 'a\tb',
    'a\\tb', 'a\nb', 'a\r\nb', 'a\u2028b',
    '\ud800', '\ud801', '\udc00', '\ufffd', '\\ud800', '"\\ud800"', ['\ud800'], ['\ud801'], ['\ufffd'], { '\ud800': 1 }, { '\ud801': 1 },
    { '\ufffd': 1 }, '😀', '\ud83d', '\ude00',
    { 'caf\u00e9': 1 }, { 'cafe\u0301': 1 }, { '\u{1f600}': 1 }, { '\uffff': 1 }, 'ß', 'ss', 'ı', 'i', 'İ',
  ],
  delimiters: [
    'a:b', ['a', 'b'], 'a,b', '["a","b"]', ['a,b'], ['a","b'], "['a','b']", 'a|b', 'a\0b', 'a/b', { a: 'b' }, { 'a:b': '' }, '{a:b}',
    ['a:b'], [['a'], ['b']], ['a', ['b']], ['a', 'b', ''],
    ['', 'a', 'b'], ['ab'], [['a', 'b']], ['b', 'a'], { a: 'b', c: 'd' }, { a: 'b","c":"d' }, { 'a":"b","c': 'd' }, '=["a","b"]', '="a"',
    '"a"', 'a', '"a', 'a"', '=a', '==a', '"=a"', '[a', '{a',
  ],
  'properties of odd names': [
    {}, parsed('{"__proto__":null}'), parsed('{"__proto__":{}}'), parsed('{"__proto__":{"admin":true}}'),
    parsed('{"__proto__":{"admin":false}}'), { admin: true },
    Object.create({ admin: true }), { __proto_: {} }, { constructor: null }, { constructor: { name: 'Object' } }, { prototype: {} },
    { hasOwnProperty: 1 }, { isPrototypeOf: 1 },
    { toString: null }, { valueOf: 1 }, { length: 0 }, { '0': null }, { '00': null }, { '-0': null }, { ' ': null }, { '': null },
    { null: null }, { undefined: null }, { NaN: null },
    [parsed('{"__proto__":1}')], [{}], { a: parsed('{"__proto__":1}') }, { a: {} },
  ],
  depth: [
    deep(3, 1), deep(4, 1), deep(150, 1), deep(151, 1), deep(150, 2), deep(150, '1'), deep(150, null), deep(150, []), deep(500, 1),
    deep(501, 1), cycle(), [cycle()], { id: 1, self: null },
    { id: 1 }, { a: { b: { c: { d: 1 } } } }, { a: { b: { c: { d: 2 } } } }, { a: { b: { c: 1, d: 1 } } }, { a: { b: { c: { d: [1] } } } },
    { a: { b: [{ c: { d: 1 } }] } },
  ],
  'length and beginning': [
    long('a'), long('b'), long('\ud800'), long('\ud801'), long('\ufffd'), long(''), { text: long('a') }, { text: long('b') },
    { text: long('') }, [long('a')], [long('b')], [long('a'), long('b')],
    'y' + long('a').slice(1), long('a').toUpperCase(), `"${long('a')}"`, `=${long('a')}`, [long('b'), long('a')], { [long('a')]: 1 },
    { [long('b')]: 1 },
  ],
}; // biome-ignore format: a table
