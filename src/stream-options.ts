/** The options about streams: as given, and as filled in. Their checks are in `option-table.ts`, with all others. */

/** How streams are shared, kept and mended. */
export interface StreamsOption {
  /**
   * When a stream breaks off after chunks were given. `fail`: every reader gets a typed error. `verify`: the next target starts again, is compared with what was
   * delivered, and readers go on where they were; behind a chunk that cannot be compared (it holds a function) it ends as if it had said something else. `resume`: the target's `resume` goes on from what was delivered. @default 'fail'
   */
  readonly midStream?: 'fail' | 'verify' | 'resume';
  /**
   * From the call of a target to its first chunk; the last target left is not cut off by it. Where nobody says it, it counts from when the target has returned its
   * stream: one that awaits its upstream's headers before (an SDK's `await client.….create(…)`) has its `attemptTimeoutMs` for that. @default 60_000
   */
  readonly firstChunkTimeoutMs?: number;
  /** The longest silence between two chunks, while the stream is asked for one. @default 30_000 */
  readonly idleTimeoutMs?: number;
  /** Chunks kept for those who join late, and for `resume`; each counts as 32 bytes beside its own. Past it no one can join any more. @default 1 MiB */
  readonly replayBytes?: number;
  /** A reader further behind than this is cut off, unless it is the fastest. Chunks count as for `replayBytes`. @default 1 MiB */
  readonly lagBytes?: number;
}

/** Filled stream options. */
export interface StreamSettings {
  readonly midStream: 'fail' | 'verify' | 'resume';
  /** `null`: the default, once it is known that a target streams. */
  readonly firstChunkTimeoutMs: number | null;
  readonly idleTimeoutMs: number;
  readonly replayBytes: number;
  readonly lagBytes: number;
}
