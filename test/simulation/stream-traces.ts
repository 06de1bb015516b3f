/** What the simulation knows of streams by itself: what each attempt said, what each flight's readers were given. */

/** The stream of one attempt, as its target sees it. */
export interface CallStream {
  /** What it goes on from: all that was delivered, or nothing. */
  readonly base: string;
  /** All it would say in the end, `base` included. */
  readonly script: string;
  /** Length of what it has said of that, behind `base`, while anybody counted on it. */
  said: number;
  count: number;
  /** It was asked for a chunk and has not answered. */
  isPulled: boolean;
  progressAt: number;
  /** It came to an end of its own, or was told that nobody wants more. */
  isDone: boolean;
  isClosed: boolean;
  /** The library has begun to read it, or owes to close it. */
  isTaken: boolean;
  /** Chunks that readers of its flight were given, from the start on, which are what it says; and their length. */
  agreed: number;
  agreedLength: number;
}

/** The stream of a flight, as its front is told of it. */
export interface FlightStream {
  /** What readers were given, by index; a place that nobody has read is empty. */
  readonly chunks: (string | undefined)[];
  /** Those from the start on that somebody has read, joined. */
  text: string;
  joined: number;
  /** Bytes up to the end of each chunk that is in the log. */
  readonly ends: number[];
  /** Attempt and target of the last of them, and of what comes next. */
  lastAttempt: number;
  lastTarget: string;
  attempt: number;
  target: string;
  readonly seams: { readonly from: string; readonly to: string; readonly chunk: number }[];
  /** More than is kept: nobody can join. */
  isOutgrown: boolean;
  /** Somebody took all there was, or a thread was lost: how far upstream may be ahead cannot be said. */
  isUnpaced: boolean;
  /** Most bytes that one reader has taken. */
  takenBytes: number;
  /** What those were told who wanted a value that there is not. */
  readonly refusals: unknown[];
}

/** One that reads. */
export interface ReaderTrace {
  readonly from: number;
  /** It takes all chunks there are at a time: how many, is not known beforehand. */
  takesAll: boolean;
  /** Index behind the last chunk it has asked for. */
  asked: number;
  readonly chunks: string[];
  /** Bytes there were when it came. */
  joinedAtBytes: number;
  /** It reads no more, of itself. */
  hasStopped: boolean;
  /** It has left before its flight's end: it had read enough, or it was cut off. */
  left: 'enough' | 'lagging' | null;
  /** Chunks there were when it left, whatever for; `Infinity`: it has not. */
  chunksWhenLeft: number;
  /** Bytes there were when it first lagged too far behind. */
  lateSince: number;
  /** When its flight, or its own leaving, was told to it. */
  toldAt: number;
  end: 'done' | 'thrown' | null;
}

export function newCallStream(): CallStream {
  return {
    base: '', script: '', said: 0, count: 0, isPulled: false, progressAt: 0, isDone: false, isClosed: false, isTaken: false, agreed: 0,
    agreedLength: 0,
  }; // biome-ignore format: one thought
}

export function newReader(from: number): ReaderTrace {
  return {
    from,
    takesAll: false,
    asked: from,
    chunks: [],
    joinedAtBytes: 0,
    lateSince: Infinity,
    hasStopped: false,
    left: null,
    chunksWhenLeft: Infinity,
    toldAt: Infinity,
    end: null,
  };
}

export function newFlightStream(): FlightStream {
  return {
    chunks: [], text: '', joined: 0, ends: [], lastAttempt: 0, lastTarget: '', attempt: 0, target: '', seams: [], isOutgrown: false,
    isUnpaced: false, takenBytes: 0, refusals: [],
  }; // biome-ignore format: one thought
}

/** Index of its next chunk, at least. Of several questions in the air one is answered in the turn of an arrival. */
export const leastOf = ({ asked, from, chunks }: ReaderTrace, { ends }: FlightStream): number =>
  Math.max(from, Math.min(asked, from + chunks.length + 1, ends.length));
/** And at most. */
export const mostOf = ({ asked, from, takesAll }: ReaderTrace, { ends }: FlightStream): number =>
  Math.max(from, takesAll ? ends.length : Math.min(asked, ends.length));

/** It has come to its end, or asks no more. */
export const hasRead = ({ hasStopped, end }: ReaderTrace): boolean => hasStopped || end !== null;

export const bytesBefore = ({ ends }: FlightStream, index: number): number => ends[Math.min(index, ends.length) - 1] ?? 0;
/** All that an attempt has said, with what it went on from. A part of its script: V8 copies nothing for it. */
export const fullText = ({ base, script, said }: CallStream): string => script.slice(0, base.length + said);
