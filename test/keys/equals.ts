// Values that are the same to whoever asks: written in another order, made in another way, or
// from another realm. All values of one group must share.
import { runInNewContext } from 'node:vm';

const bare = (properties: object): object => Object.assign(Object.create(null) as object, properties);
const there = (expression: string): unknown => runInNewContext(`(${expression})`);
const parsed = (text: string): unknown => JSON.parse(text);

/** By what is the same about them. */
export const equals: Readonly<Record<string, readonly unknown[]>> = {
  'no properties': [
    {}, { a: undefined }, { a: undefined, b: undefined }, bare({}), bare({ a: undefined }), there('{}'), parsed('{}'), Object.freeze({}),
    structuredClone({}),
    new Object(),
  ],
  'order of properties': [
    { a: 1, b: 2, c: 3 }, { c: 3, b: 2, a: 1 }, { b: 2, a: 1, c: 3 }, parsed('{"c":3,"a":1,"b":2}'), there('{ b: 2, c: 3, a: 1 }'),
    bare({ c: 3, a: 1, b: 2 }), { a: 1, x: undefined, b: 2, c: 3 },
    Object.fromEntries(new Map([['b', 2], ['c', 3], ['a', 1]])), Object.defineProperty({ a: 1, b: 2, c: 3 }, 'hidden', { value: 4 }),
  ],
  'order at depth': [
    { a: { b: { c: 1, d: 2 }, e: [{ f: 1, g: 2 }] }, h: 0 }, { h: 0, a: { e: [{ g: 2, f: 1 }], b: { d: 2, c: 1 } } },
    { h: 0, a: { b: { d: 2, c: 1, x: undefined }, e: [{ g: 2, f: 1, x: undefined }] } },
    parsed('{"h":0,"a":{"e":[{"g":2,"f":1}],"b":{"d":2,"c":1}}}'), there('{ a: { e: [{ f: 1, g: 2 }], b: { d: 2, c: 1 } }, h: 0 }'),
    bare({ h: 0, a: bare({ e: [bare({ g: 2, f: 1 })], b: bare({ d: 2, c: 1 }) }) }),
  ],
  'order of names like integers': [{ 10: 'b', 9: 'a', x: 1 }, { x: 1, 9: 'a', 10: 'b' }, parsed('{"x":1,"10":"b","9":"a"}')],
  'order beyond ASCII': [
    { é: 1, z: 2, '\u{1f600}': 3, '\uffff': 4 }, { '\uffff': 4, '\u{1f600}': 3, z: 2, é: 1 },
    parsed('{"\\ud83d\\ude00":3,"z":2,"\\uffff":4,"\\u00e9":1}'),
  ],
  'many properties': [
    Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${index}`, index])),
    Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${499 - index}`, 499 - index])),
  ],
  one: [1, Number('1.0'), parsed('1.0'), parsed('1e0'), parsed('10e-1'), there('1'), Math.sqrt(1), 2 - 1, 0x01],
  'a large number': [1e21, parsed('1000000000000000000000'), parsed('1E21'), parsed('10e20')],
  'no number': [0, parsed('0'), parsed('0.0'), parsed('0e5'), 1 - 1],
  text: ['text', parsed('"text"'), there('"text"'), 'te'.concat('xt'), parsed('"\\u0074ext"'), 'xtext'.slice(1)],
  'quoted text': ['"x"', parsed('"\\"x\\""'), '"'.concat('x"')],
  lists: [
    [1, [2, { a: 3 }]], parsed('[1,[2,{"a":3}]]'), there('[1, [2, { a: 3 }]]'), Array.of<unknown>(1, Array.of<unknown>(2, bare({ a: 3 }))),
    Object.freeze([1, [2, { a: 3, b: undefined }]]),
  ],
  'an empty list': [[], parsed('[]'), there('[]'), Array.from({ length: 0 }), Array.from([])],
  'the same part twice': [
    ((part: object) => ({ a: part, b: part }))({ c: [1] }), { b: { c: [1] }, a: { c: [1] } },
  ],
  'a property called __proto__': [
    parsed('{"__proto__":{"a":1,"b":2}}'), parsed('{"__proto__":{"b":2,"a":1}}'),
    Object.defineProperty({}, '__proto__', { value: { b: 2, a: 1 }, enumerable: true }),
  ],
  'a property called toJSON': [{ toJSON: 'text', a: 1 }, parsed('{"a":1,"toJSON":"text"}')],
  'a getter': [{ get a() { return 1; } }, { a: 1 }],
  'no payload': [undefined, there('undefined'), (() => undefined)()],
  'truth': [true, parsed('true'), there('true'), !false],
  'a chat request': [
    { model: 'm', messages: [{ role: 'user', content: 'hi' }], temperature: 0, stop: undefined },
    { temperature: 0, messages: [{ content: 'hi', role: 'user' }], model: 'm' },
    there("{ messages: [{ content: 'hi', role: 'user', name: undefined }], model: 'm', temperature: 0 }"),
    structuredClone({ temperature: 0, model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
  ],
}; // biome-ignore format: a table
