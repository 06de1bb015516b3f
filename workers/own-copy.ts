/** Copies of what a target gives: of bytes, since it often reuses its buffer, and of whole values, for somebody who may write to them. */
import * as types from 'node:util/types';
import { inspectCrossing } from './crossing.js';
import { isPlainObject } from './plain.js';

/** A copy of bytes, of the same kind; any other value as it is. */
export function ownBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(ArrayBuffer.isView(value) || types.isArrayBuffer(value))) return value;
  try {
    if (types.isArrayBuffer(value)) return value.slice(0);
    const { buffer, byteOffset, byteLength } = value;
    if (value instanceof DataView) return new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
    // The same function works for all kinds of typed arrays.
    const own: Uint8Array = Uint8Array.prototype.slice.call(value);
    return Buffer.isBuffer(value) ? Buffer.from(own.buffer, own.byteOffset, own.byteLength) : own;
  } catch {
    // It was transferred away: its bytes are gone.
    return value;
  }
}

/** A structured clone, which for a Buffer itself would be a plain Uint8Array. @throws DataCloneError if it cannot be cloned */
export const copyOf = (value: unknown): unknown =>
  // With memory of its own: `Buffer.from(value)` is in Node's pool, among other bytes, all of which are copied when it is posted or cloned.
  Buffer.isBuffer(value) ? Buffer.from(new Uint8Array(value).buffer) : structuredClone(value);

/** A copy of plain data and its bytes. Class instances are not copied. */
export function ownData(value: unknown): unknown {
  try {
    return typeof value === 'object' ? dataOf(value, new Map()) : value;
  } catch {
    // A cycle, or it throws when it is read.
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

/** The same for data that may cross to a thread. Data that may not is returned as it is: packing it will say why. */
export function ownCrossing(value: unknown, bytesMax: number): unknown {
  try {
    return inspectCrossing(value, bytesMax).refusal === null ? ownData(value) : value;
  } catch {
    return value;
  }
}
