/** The stream options, as given and as filled in. Their checks are in `option-table.ts`, with all others. */

/** How streams are shared, kept and continued. */
export interface StreamsOption {
  /**
   * What happens when a stream breaks off after chunks were given. `fail`: every reader gets a typed error. `verify`: the next target starts again, its chunks are compared with
   * what was delivered, and readers go on where they were; a chunk that cannot be compared (one that holds a function) counts as different. `resume`: the next target's `resume` goes on from what was delivered. @default 'fail'
   */
  readonly midStream?: 'fail' | 'verify' | 'resume';
  /**
   * From the call of a target to its first chunk; does not apply to the last target left. The default counts from when the target has returned its stream
   * instead: until then a target that awaits its upstream's headers (an SDK's `await client.….create(…)`) has its `attemptTimeoutMs`. @default 60_000
   */
  readonly firstChunkTimeoutMs?: number;
  /** The longest silence between two chunks, measured only while the stream is asked for one. @default 30_000 */
  readonly idleTimeoutMs?: number;
  /** Chunks kept for late readers, and for `resume`; each counts 32 bytes more than its own. Once they exceed it, nobody can join any more. @default 1 MiB */
  readonly replayBytes?: number;
  /** A reader that is further behind than this is cut off, unless it is the fastest. Chunks count as for `replayBytes`. @default 1 MiB */
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
