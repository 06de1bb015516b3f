/** The options about kept values, as given. Their checks are in `option-table.ts`, with all others. */

/** Values that outlive their flight, found by scope and key. Streams are not kept. What `forget` drops is no longer kept either. */
export interface KeepOptions<V> {
  /**
   * How long a value is given to later requests as it is: a number, or a function of the value (a number below 0, or a throw: it is not kept).
   * Hits of one turn of the event loop share readings of the clock, one for 32, where the value is good for another second: only where those 32 take longer
   * than that, since something holds the loop between them, are the last of them given what has ended meanwhile. @default 0
   */
  readonly ttlMs?: number | ((value: V) => number);
  /** After that: it is given for so long while one flight in the background brings a new one (RFC 5861). @default 0 */
  readonly staleWhileRevalidateMs?: number;
  /** After `ttlMs`: for so long it stands in for a flight whose targets all failed; `outcome` tells (RFC 5861). @default 0 */
  readonly staleIfErrorMs?: number;
  /** A failure is given to late-comers for so long, at most 1_000, so that a herd's retries meet again. @default 0 */
  readonly errorMs?: number;
  /** Keys held at once. Where there is no room the oldest goes first; one that was asked for since its turn last came is passed over once. @default 10_000 */
  readonly entries?: number;
  /** Bytes held at once, as far as they can be told. @default 64 MiB */
  readonly bytes?: number;
}
