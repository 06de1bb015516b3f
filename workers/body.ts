/** Values to bytes, guarded: what cannot cross is refused with its path before anything is packed. */
import { TOLD, type KeyForm } from './canonical.js';
import { messageOf } from './classify.js';
import { inspectCrossing, type Crossing } from './crossing.js';
import { BUFFER, BYTES, CLONED, KEYED, PACKED, TEXT, WRITTEN, type Body } from './protocol.js';
import { Refused } from './refused.js';

/** Bytes of their own: what comes from a user's view, or from the packer's pool, has neighbours. */
const exact = (view: Uint8Array): Uint8Array => new Uint8Array(view);

type Pack = (value: unknown) => Uint8Array;

/** What may cross at most, and the limit that says so. What is sure to take more is refused before it is packed. */
export interface Bound {
  readonly limit: 'payloadBytes' | 'resultBytes';
  readonly bytes: number;
}

/**
 * What is shorter as JSON is written so: packed on its own, a number takes twice as long (490 ns and 280 to read it; 240 and 200), and a record of two
 * fields a quarter longer. From 300 characters on it is the other way round.
 */
const WRITTEN_MAX = 256;
/**
 * Texts from this size on cross as they are (2,000 characters: 0.8 µs and 0.4 to read them, not 2.3 and 0.7). Shorter ones are written: the packing
 * library cuts those out of a text of several kB, all of which is held as long as one of them.
 */
const TEXT_MIN = 256;

/** What crosses of a body. */
export const bytesOf = (data: Uint8Array | string): number => (typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength);

/** Is it more than that? A text is only counted where it might be: a character takes three bytes at most. */
export const isLarger = (data: Uint8Array | string, bytesMax: number): boolean =>
  typeof data === 'string' ? 3 * data.length > bytesMax && Buffer.byteLength(data) > bytesMax : data.byteLength > bytesMax;

/**
 * Packs a value. Bytes and texts cross unparsed, and what is short as JSON, where that tells all of it; the rest is packed by `pack`, or (before the
 * packing library has loaded, and for what packing would change, like -0) by structured clone. All arrive equal.
 * @throws Refused COALESCER_NOT_CLONEABLE, or COALESCER_LIMIT
 */
export function packBody(value: unknown, pack: Pack | null, bound: Bound | null = null): Body {
  try {
    return packed(value, pack, bound);
  } catch (error) {
    if (error instanceof Refused) throw error;
    // What throws when it is looked at: detached bytes, a revoked Proxy.
    throw refused('$', messageOf(error));
  }
}

function packed(value: unknown, pack: Pack | null, bound: Bound | null): Body {
  if (value instanceof Uint8Array && !(value.buffer instanceof SharedArrayBuffer) && Object.getOwnPropertySymbols(value).length === 0) {
    // A plain copy of a Buffer's bytes: Buffer.prototype.slice would share them.
    if (Buffer.isBuffer(value)) return { kind: BUFFER, data: exact(value) };
    if (Object.getPrototypeOf(value) === Uint8Array.prototype) return { kind: BYTES, data: exact(value) };
  }
  return packInspected(value, inspect(value, bound), pack);
}

/** One for all: it says nothing of its own. */
const TOLD_BY_KEY: Body = { kind: KEYED, data: new Uint8Array() };

/**
 * Packs a payload of which its key says this. Where that tells all of it, it crosses as its key, which the flight holds anyway: neither packed nor
 * held twice (256 in the air: 4.4 to 3.7 µs a flight). Whatever is read once more, to be packed, is looked at once more before: it may have changed.
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
    // A Proxy may be another thing each time it is looked at, and what has to be escaped is longer than it was counted.
    if (json !== undefined && json.length <= 2 * WRITTEN_MAX) return { kind: WRITTEN, data: json };
  }
  if (needsClone || pack === null) return { kind: CLONED, data: exact(process.getBuiltinModule('node:v8').serialize(value)) };
  return { kind: PACKED, data: pack(value) };
}
