/** Roughly what a value takes in memory, for the limit of kept values where nothing was packed that could be measured. */

const REFERENCE = 8;
const OBJECT = 32;

/**
 * Bytes of a value and all that it references, as a rough lower bound. Stops counting once they are more than `most`: a value that is too large to be
 * kept need not be walked to its end. Getters are not called.
 */
export function weightOf(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return bytesOf(value); // the collections below cost half a flight
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  let bytes = 0;
  while (waiting.length > 0 && bytes <= most) {
    const part = waiting.pop();
    bytes += bytesOf(part);
    if (typeof part === 'object' && part !== null && !seen.has(part)) {
      seen.add(part);
      bytes += OBJECT + partsOf(part, waiting, most);
    }
  }
  return bytes;
}

/** Bytes of one part without what it references. */
const bytesOf = (part: unknown): number => REFERENCE + (typeof part === 'string' ? 2 * part.length : typeof part === 'bigint' ? OBJECT : 0);

/** Adds the parts of `part` to `waiting`; returns the bytes that are known at once. */
function partsOf(part: object, waiting: unknown[], most: number): number {
  try {
    if (ArrayBuffer.isView(part)) return part.buffer.byteLength;
    if (part instanceof ArrayBuffer || part instanceof SharedArrayBuffer) return part.byteLength;
    if (part instanceof Map) for (const [key, value] of part) waiting.push(key, value);
    else if (part instanceof Set) for (const member of part) waiting.push(member);
    else if (Array.isArray(part)) return itemsOf(part, waiting, most);
    let names = 0;
    // One by one: asking for all descriptors takes ten times as long, and the value's waiters wait for this.
    for (const name of Object.getOwnPropertyNames(part)) {
      names += 2 * name.length;
      waiting.push(Object.getOwnPropertyDescriptor(part, name)?.value);
    }
    return names;
  } catch {
    return 0; // a Proxy that cannot be inspected
  }
}

/** A list, by index: a million descriptors take a second. Holes count too, so that even a huge sparse list ends. */
function itemsOf(list: readonly unknown[], waiting: unknown[], most: number): number {
  const length = Math.min(list.length, 1 + most / REFERENCE);
  let bytes = 0;
  for (let at = 0; at < length; at++) {
    const item = list[at];
    if (typeof item === 'string' || typeof item === 'bigint' || typeof item === 'object') waiting.push(item);
    else bytes += REFERENCE;
  }
  return bytes;
}
