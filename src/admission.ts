/** Packs and measures what crosses to a thread before anything is launched: what cannot cross, or is too large, is refused, and nothing is lost. */
import { bytesOf, isLarger, packKeyed } from '../workers/body.js';
import { NO_FORM } from '../workers/canonical.js';
import { KEYED } from '../workers/protocol.js';
import { Refused } from '../workers/refused.js';
import type { Wire } from '../workers/wire.js';
import { type Boarded, inFull } from './boarding.js';
import type { Admission } from './links.js';

/** For shorter keys, characters stand for bytes: the flight itself takes as much memory, and counting takes a fiftieth of its time. */
const COUNTED_FROM = 256;

/** A payload that crosses as its key is held as its key, whose characters are counted already. */
const bytesBeyond = (key: string): number => (key.length < COUNTED_FROM ? 0 : bytesOf(key) - key.length);

/** @throws Refused */
export function admitPacked(boarded: Boarded, pack: Wire['packValue'] | null, payloadBytes: number): Admission {
  const { payload, key, form } = inFull(boarded);
  const body = packKeyed(payload, form, pack, { limit: 'payloadBytes', bytes: payloadBytes });
  // Measured by its canonical form if that is its key, so that equal payloads count alike, in whatever order they are written.
  const weighed = form === NO_FORM ? body.data : (key as string);
  if (!isLarger(weighed, payloadBytes)) return { bytes: body.kind === KEYED ? bytesBeyond(weighed as string) : bytesOf(body.data), body };
  throw new Refused(
    'COALESCER_LIMIT',
    `limits.payloadBytes is reached: the payload has ${bytesOf(weighed)} bytes, at most ${payloadBytes} may cross`,
    { limit: 'payloadBytes' },
  );
}
