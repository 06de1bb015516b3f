/** What a request has become when its key is known: what it joins by, or flies with. */

/** What a request asks to fly. */
export interface Boarding {
  readonly scope: string | null;
  readonly key: string | null;
  /** What the table looks it up by. */
  readonly index: string;
  /** Is that a digest? */
  readonly hasLongKey: boolean;
  /** Is the key the payload's canonical form? Then it need not cross beside it. */
  readonly keyIsPayload: boolean;
  /** Targets of its own; `null`: all, as they are steered. */
  readonly route: readonly string[] | null;
  /** What tells them from others'; `null`: what everybody has. */
  readonly routeId: string | null;
  /** Dropped at settle. */
  payload: unknown;
}

/** Of a text that stands for itself, where all requests have one scope and say nothing else. */
export function plainBoarding(key: string): Boarding {
  return { scope: null, key, index: key, hasLongKey: false, keyIsPayload: true, route: null, routeId: null, payload: key };
}
