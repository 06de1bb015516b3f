/** What a request has become when its key is known: what it joins by, or flies with. */
import { formOfText, NO_FORM, type KeyForm } from '../workers/canonical.js';

/** What a request asks to fly. */
export interface Boarding {
  readonly scope: string | null;
  readonly key: string | null;
  /** What the table looks it up by. */
  readonly index: string;
  /** Is that a digest? */
  readonly hasLongKey: boolean;
  /** Is the key the payload's canonical form, and what of the payload does it tell? */
  readonly form: KeyForm;
  /** Targets of its own; `null`: all, as they are steered. */
  readonly route: readonly string[] | null;
  /** What tells them from others'; `null`: what everybody has. */
  readonly routeId: string | null;
  /** Dropped at settle, like what it carries. */
  payload: unknown;
  /** What `carry` took; `undefined`: nothing. */
  carried: unknown;
}

/**
 * The same for what most requests are: a text that stands for itself, where all requests have one scope and say nothing else. The text is all that a
 * flight holds of such a one: an object for it would be a fifth of what a key in the air weighs.
 */
export type Boarded = Boarding | string;

export function inFull(boarded: Boarded): Boarding {
  if (typeof boarded !== 'string') return boarded;
  const plain = { scope: null, key: boarded, index: boarded, hasLongKey: false, form: formOfText(boarded), route: null, routeId: null };
  return { ...plain, payload: boarded, carried: undefined };
}

/** The same with what `carry` took. */
export const carrying = (boarded: Boarded, carried: unknown): Boarded =>
  carried === undefined ? boarded : { ...inFull(boarded), carried };

export const keyOf = (boarded: Boarded): string | null => (typeof boarded === 'string' ? boarded : boarded.key);
/** Then the key need not cross beside the payload. */
export const isKeyOfPayload = (boarded: Boarded): boolean => typeof boarded === 'string' || boarded.form !== NO_FORM;

/** Nobody will need them. A payload that is its own key is held by the story anyway. */
export function letGoOfPayload(boarded: Boarded): void {
  if (typeof boarded !== 'string') boarded.payload = boarded.carried = undefined;
}
