/** The library's refusals below the front: plain errors that can cross threads, so that the front can add the coalescer's name and the key. */

export type RefusedCode = 'COALESCER_TARGETS_FAILED' | 'COALESCER_LIMIT' | 'COALESCER_NOT_CLONEABLE' | 'COALESCER_NOT_SHAREABLE';

/** A guard or a limit has refused a payload or a value, or no target may be called. The front turns it into a `CoalescerError`. */
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

/** Refuses values that their first reader uses up: two readers of one Response fail with "Body has already been read". */
export function refusalOfSharing(value: unknown): Refused | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const kind = kindReadOnce(value);
  if (kind === null) return null;
  return new Refused(
    'COALESCER_NOT_SHAREABLE',
    `the target returned ${kind}, which only one waiter could read: return what was read from it (await response.json(), say)`,
  );
}

function kindReadOnce(value: object): string | null {
  const { next } = value as { readonly next?: unknown };
  if (typeof next === 'function') return 'an iterator';
  if (Symbol.asyncIterator in value && !('pipe' in value || 'getReader' in value)) return 'an async iterable';
  // Plain objects, by far the most common, need no further checks.
  if (Object.getPrototypeOf(value) === Object.prototype) return null;
  const { bodyUsed, getReader, pipe } = value as Record<string, unknown>;
  if (bodyUsed !== undefined) return 'a Response';
  if (typeof getReader === 'function') return 'a ReadableStream';
  return typeof pipe === 'function' ? 'a stream' : null;
}
