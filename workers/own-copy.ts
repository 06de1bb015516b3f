/** Copies of what a target gives: of bytes, which it often fills again, and of whole values, for one who may write to them. */
import * as types from 'node:util/types';

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
export const copyOf = (value: unknown): unknown => (Buffer.isBuffer(value) ? Buffer.from(value) : structuredClone(value));

/** The same where there may be none: then the value itself. */
export function copyIfAny(value: unknown): unknown {
  try {
    return copyOf(value);
  } catch {
    return value;
  }
}
