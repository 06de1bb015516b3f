/** What a value takes in memory, roughly: for the bound of what is kept, where nothing was packed that could be measured. */

const REFERENCE = 8;
const OBJECT = 32;

/**
 * Bytes of a value and all that hangs on it, at least about so many. Stops counting once they are more than `most`: what is too large to be kept
 * need not be walked to its end. Getters are not called.
 */
export function weightOf(value: unknown, most: number): number {
  const seen = new Set<object>();
  const waiting: unknown[] = [value];
  let bytes = 0;
  while (waiting.length > 0 && bytes <= most) {
    const part = waiting.pop();
    bytes += REFERENCE;
    if (typeof part === 'string') bytes += 2 * part.length;
    else if (typeof part === 'bigint') bytes += OBJECT;
    else if (typeof part === 'object' && part !== null && !seen.has(part)) {
      seen.add(part);
      bytes += OBJECT + partsOf(part, waiting);
    }
  }
  return bytes;
}

/** What lies in it waits to be weighed; what is known of it at once is told. */
function partsOf(part: object, waiting: unknown[]): number {
  if (ArrayBuffer.isView(part)) return part.buffer.byteLength;
  if (part instanceof ArrayBuffer || part instanceof SharedArrayBuffer) return part.byteLength;
  try {
    if (part instanceof Map) for (const [key, value] of part) waiting.push(key, value);
    else if (part instanceof Set) for (const member of part) waiting.push(member);
    let names = 0;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(part))) {
      names += 2 * name.length;
      waiting.push(value);
    }
    return names;
  } catch {
    return 0; // a Proxy that does not let itself be looked at
  }
}
