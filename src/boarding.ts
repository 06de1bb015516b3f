/** What becomes of a request once its key is known: what it joins by, or flies with. */
import { formOfText, NO_FORM, type KeyForm } from '../workers/canonical.js';

/** A request, ready to join or fly. */
export interface Boarding {
  readonly scope: string | null;
  readonly key: string | null;
  /** What the flight table looks it up by. */
  readonly index: string;
  /** Is the index a digest of the key? */
  readonly hasLongKey: boolean;
  /** Is the key the payload's canonical form, and how much of the payload does it tell? */
  readonly form: KeyForm;
  /** The request's own targets; `null`: all, as they are steered. */
  readonly route: readonly string[] | null;
  /** Identifies that list of targets; `null`: the default list. */
  readonly routeId: string | null;
  /** Dropped at settle, like `carried`. */
  payload: unknown;
  /** What `carry` returned; `undefined`: nothing. */
  carried: unknown;
}

/**
 * A string stands for most requests: a payload that is its own key, in a public scope and without options. The flight then holds nothing else: a
 * `Boarding` object would be a fifth of the memory that a key in the air takes.
 */
export type Boarded = Boarding | string;

export function inFull(boarded: Boarded): Boarding {
  if (typeof boarded !== 'string') return boarded;
  const plain = { scope: null, key: boarded, index: boarded, hasLongKey: false, form: formOfText(boarded), route: null, routeId: null };
  return { ...plain, payload: boarded, carried: undefined };
}

/** The same, with what `carry` returned. */
export const carrying = (boarded: Boarded, carried: unknown): Boarded =>
  carried === undefined ? boarded : { ...inFull(boarded), carried };

export const keyOf = (boarded: Boarded): string | null => (typeof boarded === 'string' ? boarded : boarded.key);
/** If so, only one of them has to cross. */
export const isKeyOfPayload = (boarded: Boarded): boolean => typeof boarded === 'string' || boarded.form !== NO_FORM;

/** Drops payload and carried data. A payload that is its own key is held by the story anyway. */
export function letGoOfPayload(boarded: Boarded): void {
  if (typeof boarded !== 'string') boarded.payload = boarded.carried = undefined;
}
