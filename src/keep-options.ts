/** The options for kept values, as given. Their checks are in `option-table.ts`, with all others. */

/** Values that outlive their flight, found by scope and key. Streams are not kept; `forget` drops what is. */
export interface KeepOptions<V> {
  /**
   * Milliseconds for which later requests get the value as it is: a number, or a function of the value. If the function returns a number below 0, or throws, the value is
   * not kept. (In one turn of the event loop, up to 32 hits share a reading of the clock. If something blocks the loop for a second in the middle of them, the last of them
   * get a value that has expired meanwhile.) @default 0
   */
  readonly ttlMs?: number | ((value: V) => number);
  /** For so many milliseconds after `ttlMs` requests still get it at once, while one flight in the background fetches a new one (RFC 5861). @default 0 */
  readonly staleWhileRevalidateMs?: number;
  /** For so many milliseconds after `ttlMs` it stands in if all targets of a flight fail: role `stale` in `outcome` (RFC 5861). @default 0 */
  readonly staleIfErrorMs?: number;
  /** Milliseconds for which later requests get the failure of the last flight, at most 1_000, so that the retries of many callers share again. @default 0 */
  readonly errorMs?: number;
  /** Keys held at once. When full, the oldest is evicted first; one that had a hit since its last turn is passed over once. @default 10_000 */
  readonly entries?: number;
  /** Bytes held at once, as far as they can be measured. @default 64 MiB */
  readonly bytes?: number;
}
