/** Copies of what a target gives: of bytes, which it often fills again, and of whole values, for one who may write to them. */
import * as types from 'node:util/types';
import { inspectCrossing } from './crossing.js';
import { isPlainObject } from './plain.js';

/** Bytes that only readers see, of the same kind; all else as it is. */
export function ownBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(ArrayBuffer.isView(value) || types.isArrayBuffer(value))) return value;
  try {
    if (types.isArrayBuffer(value)) return value.slice(0);
    const { buffer, byteOffset, byteLength } = value;
    if (value instanceof DataView) return new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
    // The same function for typed arrays of all kinds.
    const own: Uint8Array = Uint8Array.prototype.slice.call(value);
    return Buffer.isBuffer(value) ? Buffer.from(own.buffer, own.byteOffset, own.byteLength) : own;
  } catch {
    // It was transferred away: there are no bytes to be had.
    return value;
  }
}

/** A structured clone; that of a Buffer itself would be a plain Uint8Array. @throws DataCloneError for what has none */
export const copyOf = (value: unknown): unknown =>
  // With memory of its own: `Buffer.from(value)` lies in Node's pool, among others' bytes, and whoever posts or clones it takes all of them along.
  Buffer.isBuffer(value) ? Buffer.from(new Uint8Array(value).buffer) : structuredClone(value);

/** One's own of plain data and its bytes. What is of a class is no data, and stays what it is. */
export function ownData(value: unknown): unknown {
  try {
    return typeof value === 'object' ? dataOf(value, new Map()) : value;
  } catch {
    // In a circle, or it throws when it is looked at.
    return value;
  }
}

/** What is in it twice is copied once: twice over and over is no end. */
function dataOf(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!copies.has(value)) copies.set(value, copied(value, copies));
  return copies.get(value);
}

function copied(value: object, copies: Map<object, unknown>): unknown {
  if (Array.isArray(value)) return value.map((part) => dataOf(part, copies));
  if (types.isDate(value)) return new Date(value);
  if (types.isProxy(value) || !isPlainObject(value)) return ownBytes(value);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, dataOf(part, copies)]));
}

/** The same of what is to cross to a thread, which is such data. What may not cross stays what it is: whoever packs it says why. */
export function ownCrossing(value: unknown, bytesMax: number): unknown {
  try {
    return inspectCrossing(value, bytesMax).refusal === null ? ownData(value) : value;
  } catch {
    return value;
  }
}
