/** Values to bytes, guarded: a value that cannot cross is refused with its path before anything is packed. */
import { TOLD, type KeyForm } from './canonical.js';
import { messageOf } from './classify.js';
import { inspectCrossing, type Crossing } from './crossing.js';
import { BUFFER, BYTES, CLONED, KEYED, PACKED, TEXT, WRITTEN, type Body } from './protocol.js';
import { Refused } from './refused.js';

/** A copy with a buffer of its own: a user's view, or the packer's pool, may share its buffer with others. */
const exact = (view: Uint8Array): Uint8Array => new Uint8Array(view);

type Pack = (value: unknown) => Uint8Array;

/** What may cross at most, and the limit that says so. What is sure to take more is refused before it is packed. */
export interface Bound {
  readonly limit: 'payloadBytes' | 'resultBytes';
  readonly bytes: number;
}

/**
 * Values whose JSON is at most this long cross as JSON: packed on its own, a number takes twice as long (490 ns and 280 to read it; 240 and 200), and a
 * record of two fields a quarter longer. From 300 characters on it is the other way round.
 */
const WRITTEN_MAX = 256;
/**
 * Texts from this length on cross as they are (2,000 characters: 0.8 µs and 0.4 to read them, not 2.3 and 0.7). Shorter ones cross as JSON: the packing
 * library returns them as slices of a text of several kB, which is held as long as one of them.
 */
const TEXT_MIN = 256;

/** The bytes of a body that cross. */
export const bytesOf = (data: Uint8Array | string): number => (typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength);

/** Is it larger than `bytesMax`? A text's bytes are only counted if they might be: a character takes at most three. */
export const isLarger = (data: Uint8Array | string, bytesMax: number): boolean =>
  typeof data === 'string' ? 3 * data.length > bytesMax && Buffer.byteLength(data) > bytesMax : data.byteLength > bytesMax;

/**
 * Packs a value. Bytes and texts cross unparsed, and short values as JSON if that preserves them; the rest is packed by `pack`, or (before the
 * packing library has loaded, and for values that packing would change, like -0) by structured clone. All arrive equal.
 * @throws Refused COALESCER_NOT_CLONEABLE, or COALESCER_LIMIT
 */
export function packBody(value: unknown, pack: Pack | null, bound: Bound | null = null): Body {
  try {
    return packed(value, pack, bound);
  } catch (error) {
    if (error instanceof Refused) throw error;
    // It threw when it was read: detached bytes, or a revoked Proxy.
    throw refused('$', messageOf(error));
  }
}

function packed(value: unknown, pack: Pack | null, bound: Bound | null): Body {
  if (value instanceof Uint8Array && !(value.buffer instanceof SharedArrayBuffer) && Object.getOwnPropertySymbols(value).length === 0) {
    // A real copy of a Buffer's bytes: Buffer.prototype.slice would share them.
    if (Buffer.isBuffer(value)) return { kind: BUFFER, data: exact(value) };
    if (Object.getPrototypeOf(value) === Uint8Array.prototype) return { kind: BYTES, data: exact(value) };
  }
  return packInspected(value, inspect(value, bound), pack);
}

/** One for all, since it holds nothing. */
const TOLD_BY_KEY: Body = { kind: KEYED, data: new Uint8Array() };

/**
 * Packs a payload whose key has this form. If the key tells the whole payload, that crosses as its key, which the flight holds anyway: neither packed nor
 * held twice (256 in the air: 4.4 to 3.7 µs a flight). Otherwise it is checked again directly before packing, since it may have changed.
 * @throws Refused COALESCER_NOT_CLONEABLE
 */
export function packKeyed(payload: unknown, form: KeyForm, pack: Pack | null, bound: Bound | null = null): Body {
  return form === TOLD ? TOLD_BY_KEY : packBody(payload, pack, bound);
}

function inspect(value: unknown, bound: Bound | null): Crossing {
  const crossing = inspectCrossing(value, bound?.bytes);
  const { refusal } = crossing;
  if (refusal === null) return crossing;
  if (refusal.isTooLarge && bound !== null) {
    const { limit, bytes } = bound;
    throw new Refused('COALESCER_LIMIT', `limits.${limit} is reached: at most ${bytes} bytes may cross, and ${refusal.reason}`, { limit });
  }
  throw refused(refusal.path, refusal.reason);
}

const refused = (path: string, reason: string): Refused =>
  new Refused('COALESCER_NOT_CLONEABLE', `cannot cross between threads at ${path}: ${reason}`, { path });

function packInspected(value: unknown, { needsClone, isJson, characters }: Crossing, pack: Pack | null): Body {
  if (typeof value === 'string' && value.length >= TEXT_MIN && !needsClone) return { kind: TEXT, data: value };
  if (isJson && characters <= WRITTEN_MAX) {
    const json = JSON.stringify(value) as string | undefined;
    // A Proxy may change between reads, and escaped characters make the JSON longer than counted.
    if (json !== undefined && json.length <= 2 * WRITTEN_MAX) return { kind: WRITTEN, data: json };
  }
  if (needsClone || pack === null) return { kind: CLONED, data: exact(process.getBuiltinModule('node:v8').serialize(value)) };
  return { kind: PACKED, data: pack(value) };
}
