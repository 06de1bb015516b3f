/**
 * Everything that crosses between a front and a shard, on one screen: frames, what they carry, and the memory both sides share. Rules of
 * order and loss are in ARCHITECTURE.md, "What crosses".
 */

import type { PassedOver } from './passed-over.js';

/** How an attempt ended. `outraced`: aborted, since the other of two attempts that were out had answered. */
export type AttemptEnd = 'value' | 'answer' | 'failed' | 'timed-out' | 'aborted' | 'outraced' | 'thread-lost';

/** One attempt, once it is over. Written by the shard that made it, or by the front for a shard that was lost. */
export interface AttemptRecord {
  readonly target: string;
  /** 1 for the flight's first, over all lives of its shard. */
  readonly attempt: number;
  /** Instants of the environment's clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly end: AttemptEnd;
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly message?: string | undefined;
  /** The target's verdict. */
  readonly verdict?: 'answer' | 'failover' | 'retry' | undefined;
  /** Where the flight went next, and the backoff before it. */
  readonly next?: string | undefined;
  readonly waitMs?: number | undefined;
  /** Targets that were not called before it, or (where there is no next) after it, and why. */
  readonly passedOver?: readonly PassedOver[] | undefined;
  /** Its target says that the value is for one alone. */
  readonly isForOne?: boolean | undefined;
  /** It was made beside another attempt that was still out. */
  readonly isHedge?: boolean | undefined;
  /** A hedge was due for it, but could not be made: why. */
  readonly unhedged?: Unhedged | undefined;
}

/** An attempt that is out. */
export interface InAir {
  readonly target: string;
  readonly startedAt: number;
  readonly isHedge: boolean;
}

/** A hedge was due, and was not made. */
export interface Unhedged {
  readonly at: number;
  readonly passedOver: readonly PassedOver[];
}

/** Why a flight ended without a value. `broken`: in mid-air, after chunks of its stream were given. `refused`: by a limit or a guard, not by a target; the error says which. */
export type Failure = 'answered' | 'exhausted' | 'broken' | 'timed-out' | 'abandoned' | 'refused';

/** A front's request to a shard. Inline, the front's flight itself is the order; over a port, it is made from a launch frame. */
export interface LaunchOrder {
  /** Never reused within a front. */
  readonly number: number;
  /** The coalescer's name and the flight's number. */
  readonly id: string;
  /** Slot in the tables of this life of the link. */
  readonly slot: number;
  readonly scope: string | null;
  readonly key: string | null;
  readonly payload: unknown;
  readonly carried: unknown;
  /** Names of the targets to try, in order; `null`: all, as written. */
  readonly route: readonly string[] | null;
  /** Over a port: when its frame was read. */
  readonly launchedAt: number;
  /** Instant at which the flight ends, whatever happens. */
  readonly deadline: number;
  /** From the ledger: attempts made in earlier lives, the targets they called (bits), and the last of those (index, -1: none). */
  readonly attemptsMade: number;
  readonly targetsTried: number;
  readonly lastTarget: number;
  /** How many chunks readers got in earlier lives; 0: its stream begins anew. */
  readonly chunksGiven: number;
  /** Those chunks, for a target's `resume`; `null`: not kept. Read once, when the flight is taken on. */
  readonly delivered: readonly unknown[] | null;
  /** Over a port, for a straight flight: when its attempt's time is up. */
  readonly due?: number;
}

/** In place of a value: a stream has ended, and its chunks were given before. */
export const STREAM_ENDED: unique symbol = Symbol('coalescer.streamEnded');

/** Operations. A frame is a tuple that begins with one, then slot and number; the receiver matches by number only, never by key. */
export const LAUNCH = 0;
export const ABANDON = 1;
export const ATTEMPTED = 2;
export const FULFILLED = 3;
export const FAILED = 4;
export const CHUNK = 5;
export const OPENED = 6;
export const CREDIT = 7;
export const BREAKER = 8;

/** How a body is packed. */
export const PACKED = 0;
export const BYTES = 1;
export const BUFFER = 2;
export const CLONED = 3;
/** No body: the stream has ended, its chunks were sent before. */
export const STREAMED = 4;
/** No body: the flight's key tells the whole payload, and crosses in its place. */
export const KEYED = 5;
/** A text, unpacked. */
export const TEXT = 6;
/** JSON, for short values that JSON preserves. */
export const WRITTEN = 7;
export type BodyKind =
  | typeof PACKED
  | typeof BYTES
  | typeof BUFFER
  | typeof CLONED
  | typeof STREAMED
  | typeof KEYED
  | typeof TEXT
  | typeof WRITTEN;

/** In a frame that was read, instead of a kind: the body is the value itself, since short JSON of one envelope is parsed in one piece. Never sent. */
export const READ = 8;

/** A payload, value, error or `carried`, packed on its own, so that one that cannot be packed or read harms no other. */
export interface Body {
  readonly kind: BodyKind;
  readonly data: Uint8Array | string;
}

/** A body inside a frame, small enough to travel in it. */
export type PackedPart = readonly [kind: BodyKind, data: Uint8Array | string];

/** Fields of attempts that did more than bring a value: those of `AttemptRecord`, in their order. */
export type AttemptDetails = readonly [
  code: string | null, status: number | null, message: string | null, verdict: AttemptRecord['verdict'] | null, next: string | null,
  waitMs: number | null, passedOver: readonly PassedOver[] | null, isForOne: boolean, isHedge: boolean, unhedged: Unhedged | null,
]; // biome-ignore format: one screen

/** An attempt on the wire: its target and its end as indexes. Numbers only: texts would cost as much as the rest of most frames. */
export type AttemptTuple = readonly [
  target: number, attempt: number, startedAt: number, endedAt: number, end: number, details: AttemptDetails | null,
]; // biome-ignore format: one screen

/** What few launches have: a route of their own, earlier lives, carried data. */
export type LaunchExtras = readonly [
  route: readonly string[] | null, attemptsMade: number, targetsTried: number, lastTarget: number, carried: PackedPart | null,
  chunksGiven: number, delivered: PackedPart | null,
]; // biome-ignore format: one screen

/**
 * Front to shard: begin. `key` is `false` if it is the payload's canonical form: that is as long as the payload, and seldom read. The body is the key
 * if that tells the whole payload (`KEYED`).
 */
export type LaunchFrame = readonly [
  op: typeof LAUNCH, slot: number, number: number, scope: string | null, key: string | null | false, deadline: number,
  extras: LaunchExtras | null, kind: BodyKind | typeof READ, body: unknown,
]; // biome-ignore format: one screen

/** Front to shard: nobody waits any more. Answered by a `FailedFrame`; until that comes, slot and bytes are taken. */
export type AbandonFrame = readonly [op: typeof ABANDON, slot: number, number: number];
/** Shard to front: an attempt is over, the flight is not. */
export type AttemptedFrame = readonly [op: typeof ATTEMPTED, slot: number, number: number, attempt: AttemptTuple];
/** Shard to front: settled with a value, or (`STREAMED`) with the end of its stream. */
export type FulfilledFrame = readonly [
  op: typeof FULFILLED, slot: number, number: number, attempt: AttemptTuple, kind: BodyKind | typeof READ, body: unknown,
]; // biome-ignore format: one screen
/** Shard to front: the first chunk of this attempt's stream comes next. */
export type OpenedFrame = readonly [op: typeof OPENED, slot: number, number: number, attempt: number, target: string];
/** Shard to front: the next chunk. Each takes credit; without credit the shard does not pull. */
export type ChunkFrame = readonly [op: typeof CHUNK, slot: number, number: number, kind: BodyKind, body: Uint8Array | string | number];
/** Front to shard: so many bytes more may be sent, since the fastest reader has taken as many. */
export type CreditFrame = readonly [op: typeof CREDIT, slot: number, number: number, credit: number];
/** Shard to front: settled without a value. The body is an `ErrorRecord`, or `undefined` if there is no error. */
export type FailedFrame = readonly [
  op: typeof FAILED, slot: number, number: number, attempt: AttemptTuple | null, failure: Failure, kind: BodyKind, body: Uint8Array | string | number,
]; // biome-ignore format: one screen

/** Shard to front: a target's breaker has changed. Belongs to no flight: slot and number are -1. */
export type BreakerFrame = readonly [op: typeof BREAKER, slot: -1, number: -1, target: string, from: string, to: string];

export type FrontFrame = LaunchFrame | AbandonFrame | CreditFrame;
export type ShardFrame = AttemptedFrame | FulfilledFrame | FailedFrame | OpenedFrame | ChunkFrame | BreakerFrame;
export type AnyFrame = FrontFrame | ShardFrame;

/** Bytes that a shard may send ahead of the fastest reader: two thousand tokens, or a few packets. */
export const CREDIT_BYTES = 64 * 1_024;
/** What each chunk costs beyond its own bytes: frames and list entries are not free, and empty chunks are chunks. */
export const CHUNK_BYTES_EXTRA = 32;

const ENDS: readonly AttemptEnd[] = ['value', 'answer', 'failed', 'timed-out', 'aborted', 'outraced', 'thread-lost'];

/** @param at the index of its target in the module's list */
export function attemptTuple(record: AttemptRecord, at: number): AttemptTuple {
  const { attempt, startedAt, endedAt, end, passedOver = null, isForOne = false, isHedge = false, unhedged = null } = record;
  const isPlain = end === 'value' && passedOver === null && unhedged === null && !isForOne && !isHedge;
  if (isPlain) return [at, attempt, startedAt, endedAt, 0, null];
  const { code = null, status = null, message = null, verdict = null, next = null, waitMs = null } = record;
  const details: AttemptDetails = [code, status, message, verdict, next, waitMs, passedOver, isForOne, isHedge, unhedged];
  return [at, attempt, startedAt, endedAt, ENDS.indexOf(end), details];
}

/** @throws TypeError for values that this build does not know: then the frame is not ours */
export function attemptOf(tuple: AttemptTuple, targetNames: readonly string[]): AttemptRecord {
  // By index: destructuring iterates over the tuple, which costs a hundredth of a flight.
  const attempt = tuple[1];
  const startedAt = tuple[2];
  const endedAt = tuple[3];
  const details = tuple[5];
  const target = targetNames[tuple[0]];
  const end = ENDS[tuple[4]];
  if (target === undefined || end === undefined) throw new TypeError(`an attempt on target ${tuple[0]} that ended as ${tuple[4]}`);
  if (details === null) return { target, attempt, startedAt, endedAt, end };
  const [code, status, message, verdict, next, waitMs, passedOver, isForOne, isHedge, unhedged] = details;
  return {
    target, attempt, startedAt, endedAt, end, code: code ?? undefined, status: status ?? undefined, message: message ?? undefined,
    verdict: verdict ?? undefined, next: next ?? undefined, waitMs: waitMs ?? undefined,
    passedOver: passedOver ?? undefined, isForOne: isForOne || undefined, isHedge: isHedge || undefined, unhedged: unhedged ?? undefined,
  }; // biome-ignore format: one screen
}
