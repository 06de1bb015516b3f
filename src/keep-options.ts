/** The options about kept values, as given. Their checks are in `option-table.ts`, with all others. */

/** Values that outlive their flight, found by scope and key. Streams are not kept; `forget` drops what is. */
export interface KeepOptions<V> {
  /**
   * Milliseconds for which a value is given to later requests as it is: a number, or a function of the value. One that returns a number below 0, or throws, says that it is
   * not kept. (Hits of one turn of the event loop share readings of the clock, 32 each. Should something hold the loop for a second in the middle of them, the last of them
   * are given a value that has ended meanwhile.) @default 0
   */
  readonly ttlMs?: number | ((value: V) => number);
  /** For so many milliseconds after `ttlMs` it is still given at once, while one flight in the background brings a new one (RFC 5861). @default 0 */
  readonly staleWhileRevalidateMs?: number;
  /** For so many milliseconds after `ttlMs` it stands in for a flight whose targets all failed: role `stale` in `outcome` (RFC 5861). @default 0 */
  readonly staleIfErrorMs?: number;
  /** Milliseconds for which a failure is given to requests that come after it, at most 1_000, so that a herd's retries meet again. @default 0 */
  readonly errorMs?: number;
  /** Keys held at once. Where there is no room the oldest goes first; one that was asked for since its turn last came is passed over once. @default 10_000 */
  readonly entries?: number;
  /** Bytes held at once, as far as they can be told. @default 64 MiB */
  readonly bytes?: number;
}
