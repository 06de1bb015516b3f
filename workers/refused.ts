/** What the library itself refuses below the front: as plain as an error can be, so that it crosses threads and the front can name the coalescer and the key. */

export type RefusedCode = 'COALESCER_LIMIT' | 'COALESCER_NOT_CLONEABLE' | 'COALESCER_NOT_SHAREABLE';

/** A guard or a limit refused a payload or a value. The front turns it into a `CoalescerError`. */
export class Refused extends Error {
  readonly code: RefusedCode;
  declare readonly path?: string;
  declare readonly limit?: string;
  constructor(code: RefusedCode, message: string, details: { readonly path?: string; readonly limit?: string } = {}) {
    super(message);
    this.code = code;
    if (details.path !== undefined) this.path = details.path;
    if (details.limit !== undefined) this.limit = details.limit;
  }
}

/** Values that are used up by their first reader: two readers of one Response fail with "Body has already been read". */
export function refusalOfSharing(value: unknown): Refused | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) return null;
  const { bodyUsed, getReader, pipe, next } = value as Record<string, unknown>;
  const kind =
    bodyUsed !== undefined ? 'a Response' : typeof getReader === 'function' ? 'a ReadableStream' : typeof pipe === 'function' ? 'a stream'
    : typeof next === 'function' ? 'an iterator' : Symbol.asyncIterator in value ? 'an async iterable' : null; // biome-ignore format: a table
  if (kind === null) return null;
  return new Refused(
    'COALESCER_NOT_SHAREABLE',
    `the target returned ${kind}, which only one waiter could read: return what was read from it (await response.json(), say)`,
  );
}
