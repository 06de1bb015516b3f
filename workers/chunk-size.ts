/** The size of a chunk that was not packed: good enough for a limit, cheap enough for each chunk. */
import * as types from 'node:util/types';

/** The first objects of a chunk are weighed as they come; later ones once each, and none that could make more without end (a Proxy). */
const QUICK_MAX = 1_000;
/** The most that any limit may be: a larger chunk need not be weighed to its end. */
const BYTES_MAX = 1_073_741_824;
/** A number, a reference, a small object's own cost. */
const PART_BYTES = 8;

/** Bytes of a chunk, roughly: a string's length, a byte array's, and the sum over plain data. Never throws, whatever the chunk's getters do. */
export function chunkSize(value: unknown): number {
  if (typeof value !== 'object' || value === null) return flatSize(value);
  const waiting: object[] = [value];
  let seen: Set<object> | null = null;
  let size = 0;
  let looked = 0;
  for (let part = waiting.pop(); part !== undefined && size < BYTES_MAX; part = waiting.pop()) {
    if (++looked > QUICK_MAX) seen ??= new Set();
    if (seen?.has(part) === true) continue;
    seen?.add(part);
    size += bytesOf(part) ?? weighOne(part, waiting, seen !== null);
  }
  return size;
}

/** The size of a primitive. */
const flatSize = (value: unknown): number => (typeof value === 'string' ? value.length : PART_BYTES);

/** `null`: it is not bytes. */
const bytesOf = (part: object): number | null =>
  ArrayBuffer.isView(part) || types.isAnyArrayBuffer(part) ? (part as ArrayBufferView | ArrayBuffer).byteLength : null;

/** Weighs its names and primitive values at once, since a large text must not wait behind a thousand small objects; objects in it come later. */
function weighOne(part: object, waiting: object[], isCautious: boolean): number {
  let size = 0;
  try {
    if (isCautious && types.isProxy(part)) return PART_BYTES;
    if (types.isMap(part) || types.isSet(part)) waiting.push([...(part as Iterable<unknown>)]);
    for (const name of Object.keys(part)) {
      const inner: unknown =
        isCautious && !Array.isArray(part) ? Object.getOwnPropertyDescriptor(part, name)?.value : Reflect.get(part, name);
      size += name.length + PART_BYTES;
      if (typeof inner === 'object' && inner !== null) waiting.push(inner);
      else size += flatSize(inner);
    }
  } catch {
    // A getter or a trap threw. The chunk is given as it is; whoever reads that property gets the error.
    return size + PART_BYTES;
  }
  return size;
}
