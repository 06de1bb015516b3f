/** What crosses to a thread, packed and weighed before anything is launched: what cannot cross, or is too large, is refused with nothing lost. */
import { bytesOf, packKeyed } from '../workers/body.js';
import { NO_FORM } from '../workers/canonical.js';
import { KEYED } from '../workers/protocol.js';
import { Refused } from '../workers/refused.js';
import type { Wire } from '../workers/wire.js';
import { type Boarded, inFull } from './boarding.js';
import type { Admission } from './links.js';

/** @throws Refused */
export function admitPacked(boarded: Boarded, pack: Wire['packValue'] | null, payloadBytes: number): Admission {
  const { payload, key, form } = inFull(boarded);
  const body = packKeyed(payload, form, pack);
  // By its canonical form where that is its key, so that equal payloads count alike, in whatever order they are written.
  const bytes = form !== NO_FORM ? Buffer.byteLength(key as string) : bytesOf(body.data);
  // What crosses as its key is held as its key, of which the characters count already.
  const held = body.kind === KEYED ? bytes - (key as string).length : bytesOf(body.data);
  if (bytes <= payloadBytes) return { bytes: held, body };
  throw new Refused(
    'COALESCER_LIMIT',
    `limits.payloadBytes is reached: the payload has ${bytes} bytes, at most ${payloadBytes} may cross`,
    { limit: 'payloadBytes' },
  );
}
