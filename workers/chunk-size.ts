/** The size of a chunk that was not packed: good enough for a limit, cheap enough for each chunk. */
import * as types from 'node:util/types';

/** How many parts of one chunk are counted; a larger chunk counts as at least as much. */
const PARTS_MAX = 1_000;
/** A number, a reference, a small object's own cost. */
const PART_BYTES = 8;

/** Bytes of a chunk, roughly: a string's length, a byte array's, and the sum over plain data. Never throws, whatever the chunk's getters do. */
export function chunkSize(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return PART_BYTES;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return value.byteLength;
  let size = 0;
  const waiting: unknown[] = [value];
  for (let looked = 0; looked < PARTS_MAX && waiting.length > 0; looked++) {
    const part = waiting.pop();
    if (typeof part === 'string') size += part.length;
    else if (typeof part !== 'object' || part === null) size += PART_BYTES;
    else if (ArrayBuffer.isView(part)) size += part.byteLength;
    else size += weighOne(part, waiting);
  }
  return size;
}

/** Counts the names in `part`; their values are counted later. */
function weighOne(part: object, waiting: unknown[]): number {
  let size = 0;
  try {
    for (const [name, inner] of Object.entries(part)) {
      size += name.length + PART_BYTES;
      waiting.push(inner);
    }
  } catch {
    // A getter or a trap threw. The chunk is given as it is; whoever reads that property gets the error.
    return size + PART_BYTES;
  }
  return size;
}
