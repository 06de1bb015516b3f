/** Values to bytes, guarded: what cannot cross is refused with its path before anything is packed. */
import { inspectCrossing } from './crossing.js';
import { BUFFER, BYTES, CLONED, PACKED, type Body } from './protocol.js';
import { Refused } from './refused.js';

/** Bytes of their own: what comes from a user's view, or from the packer's pool, has neighbours. */
const exact = (view: Uint8Array): Uint8Array => new Uint8Array(view);

/**
 * Packs a value. Bytes cross unparsed; the rest is packed by `pack`, or (before the packing library has loaded, and for what MessagePack would
 * change, like -0) by structured clone. Both arrive equal.
 * @throws Refused COALESCER_NOT_CLONEABLE
 */
export function packBody(value: unknown, pack: ((value: unknown) => Uint8Array) | null): Body {
  if (value instanceof Uint8Array && !(value.buffer instanceof SharedArrayBuffer) && Object.getOwnPropertySymbols(value).length === 0) {
    // A plain copy of a Buffer's bytes: Buffer.prototype.slice would share them.
    if (Buffer.isBuffer(value)) return { kind: BUFFER, bytes: exact(value) };
    if (Object.getPrototypeOf(value) === Uint8Array.prototype) return { kind: BYTES, bytes: exact(value) };
  }
  const { refusal, needsClone } = inspectCrossing(value);
  if (refusal !== null)
    throw new Refused('COALESCER_NOT_CLONEABLE', `cannot cross between threads at ${refusal.path}: ${refusal.reason}`, {
      path: refusal.path,
    });
  if (needsClone || pack === null) return { kind: CLONED, bytes: exact(process.getBuiltinModule('node:v8').serialize(value)) };
  return { kind: PACKED, bytes: pack(value) };
}
