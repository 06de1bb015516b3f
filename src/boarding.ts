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
  /** Targets of its own, and what tells them from others'; `null`: all, as written. */
  readonly route: readonly string[] | null;
  readonly routeId: string | null;
  /** Dropped at settle. */
  payload: unknown;
}
