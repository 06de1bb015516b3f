/**
 * What a value says, as text: equal texts for equal values, whatever V8 made of them. (It serializes one number as two kinds, by what stood in that place
 * before, and one text as two, by what it was cut out of.) For values that have no canonical form, and can be cloned.
 */
import * as types from 'node:util/types';

/** Larger ones cannot be compared: what is there twice is said twice, and that twice over is no end. */
const PARTS_MAX = 1_000_000;

/** @throws what the value's own code throws, and for what cannot be cloned */
export function said(value: unknown): string {
  // First: what has no clone (a function, a Proxy, a promise) is nothing that could be said again.
  process.getBuiltinModule('node:v8').serialize(value);
  return say(value, [], { left: PARTS_MAX });
}

function say(value: unknown, above: readonly object[], parts: { left: number }): string {
  if (--parts.left < 0) throw new RangeError(`a value of more than ${PARTS_MAX} parts`);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  const depth = above.indexOf(value);
  // In a circle.
  if (depth !== -1) return `^${depth}`;
  const inner = [...above, value];
  const each = (part: unknown): string => say(part, inner, parts);
  if (types.isDate(value)) return `Date(${value.getTime()})`;
  if (types.isRegExp(value)) return `RegExp(${String(value)})`;
  if (types.isBoxedPrimitive(value)) return `Object(${each(value.valueOf())})`;
  if (types.isMap(value)) return `Map(${Array.from(value, ([key, held]) => `${each(key)}=${each(held)}`).join()})`;
  if (types.isSet(value)) return `Set(${Array.from(value, each).join()})`;
  if (types.isAnyArrayBuffer(value)) return `ArrayBuffer(${base64(new Uint8Array(value))})`;
  // A Buffer is a Uint8Array to this.
  if (ArrayBuffer.isView(value))
    return `${Object.prototype.toString.call(value)}(${base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))})`;
  // Its stack is of the place where it was made, and says nothing.
  const name = types.isNativeError(value) ? `Error(${each(value.name)},${each(value.message)})` : '';
  const record = value as Readonly<Record<string, unknown>>;
  // Of a list too: it may have holes, and properties of its own.
  const own = Object.keys(record).sort().map((key) => `${JSON.stringify(key)}:${each(record[key])}`); // biome-ignore format: one line
  return Array.isArray(value) ? `[${value.length};${own.join()}]` : `${name}{${own.join()}}`;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
