/** One draw of what streams are like in a schedule: their chunks, their options, how often they break off, and who reads. */
import type { Random } from './random.js';

/** What chunks are made of. */
export type ChunkKind = 'text' | 'bytes' | 'objects';

export interface StreamSwarm {
  /** As `fillOptions` takes them. */
  readonly options: {
    readonly midStream: 'fail' | 'verify' | 'resume';
    readonly firstChunkTimeoutMs: number | undefined;
    readonly idleTimeoutMs: number;
    readonly replayBytes: number;
    readonly lagBytes: number;
  };
  readonly kind: ChunkKind;
  /** Each piece of a text is so much longer: 0, or enough for the credit to run out. */
  readonly paddingBytes: number;
  /** Per target: can it go on from what was delivered? */
  readonly canResume: readonly boolean[];
  /** Do targets know whether a stream has come to its end? */
  readonly isProving: boolean;
  /** Does `collect` make one text of the chunks? */
  readonly isCollecting: boolean;
  /** How often the stream of an attempt goes wrong. */
  readonly breakRate: number;
  /** Silence between two chunks is at most so long, where nothing is wrong. */
  readonly gapMsMax: number;
  /** Requests that read; the others collect. */
  readonly readerShare: number;
}

const SHARE = 0.35;
const PADDING_BYTES = 9_000;
const PLENTY = 1_048_576;

/** Are there streams in a schedule? Else its targets give values. */
export const isStreaming = (random: Random): boolean => random.chance(SHARE);

export function drawStreams(random: Random, targetCount: number): StreamSwarm {
  const paddingBytes = random.chance(0.12) ? PADDING_BYTES : 0;
  const midStream = random.weighted({ fail: 1, verify: 2, resume: 2 });
  const isTight = random.chance(0.3);
  const unit = 60 + paddingBytes;
  return {
    options: {
      midStream,
      firstChunkTimeoutMs: random.chance(0.3) ? random.between(5, 60) : undefined,
      idleTimeoutMs: random.between(8, 80),
      replayBytes: isTight ? random.whole(0, 10) * unit : PLENTY,
      lagBytes: random.chance(0.3) ? random.whole(1, 8) * unit : PLENTY,
    },
    kind: random.pick<ChunkKind>(['text', 'text', 'bytes', 'objects']),
    paddingBytes,
    canResume: Array.from({ length: targetCount }, () => random.chance(0.85)),
    isProving: random.chance(0.8),
    isCollecting: random.chance(0.2),
    breakRate: random.pick([0.2, 0.5, 0.8]),
    gapMsMax: random.pick([0, 1, 5]),
    readerShare: random.pick([0.3, 0.7, 1]),
  };
}
