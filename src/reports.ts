/** What the library reports about attempts, flights and outcomes: types only. */
import type { AttemptEnd } from '../workers/protocol.js';

/** One attempt that is over. */
export interface AttemptReport {
  readonly target: string;
  /** 1 for the flight's first. */
  readonly attempt: number;
  readonly durationMs: number;
  readonly end: AttemptEnd;
  /** It was made beside another attempt that was still out. */
  readonly isHedge?: true;
  readonly code?: string;
  readonly status?: number;
  readonly message?: string;
}

/** Another target went on with a stream that had broken off. */
export interface SeamReport {
  readonly from: string;
  readonly to: string;
  /** Index of the first chunk that `to` gave. */
  readonly chunk: number;
}

/** One flight: as it is so far, or as it ended. */
export interface FlightReport {
  /** Unique within its coalescer: `users#12`. */
  readonly flight: string;
  /** The target that gave the answer; `null`: none did. */
  readonly target: string | null;
  readonly attempts: readonly AttemptReport[];
  /** How many ever waited for it. */
  readonly waiters: number;
  /** From its launch to its end; in `outcome`, until now if it still flies. `flightOf` says 0 while it flies. */
  readonly durationMs: number;
  /** Another target took over from one that had failed, even if its attempt is still out. A hedge that was only faster does not count. */
  readonly failedOver: boolean;
  /** How often it was launched again after a thread was lost. */
  readonly relaunches: number;
  /** Present only if another target went on with its stream. */
  readonly seams?: readonly SeamReport[];
}

/** Value or failure, and how it came about. `leader` launched the flight, `follower` joined it; `hit`: from a kept value or failure; `stale`: from a value that was no longer fresh, while it is refreshed or because all targets failed. */
export type Outcome<V> = FlightReport & { readonly role: 'leader' | 'follower' | 'hit' | 'stale'; readonly waitedMs: number } & (
    | { readonly status: 'fulfilled'; readonly value: V }
    | { readonly status: 'rejected'; readonly reason: unknown }
  );

/** The story of a flight, in order. */
export interface Explanation {
  /** What happened, `atMs` after launch. */
  readonly events: readonly { readonly atMs: number; readonly what: string; readonly [detail: string]: unknown }[];
  /** The same as text for people, one event per line. */
  toString(): string;
}

/** Gauges and counters of one coalescer. */
export interface Stats {
  readonly name: string;
  /** Gauge: flights in the air. */
  readonly airborne: number;
  /** Gauge: waiters. */
  readonly waiting: number;
  /** Gauge: what `limits.airborneBytes` counts: keys, payloads and chunks of flights in the air. */
  readonly bytes: number;
  /** Gauge: keys with a kept value or failure. */
  readonly kept: number;
  /** From here on counters, which only grow. `requests + refreshes + released = launched + joined + hits + stale + refused`. */
  readonly requests: number;
  readonly launched: number;
  readonly joined: number;
  /** Requests answered from a fresh kept value, or from a kept failure: these are no joins. */
  readonly hits: number;
  /** Requests answered at once from a kept value that was no longer fresh. */
  readonly stale: number;
  /** Requests that got a kept value because all targets of their flight had failed. They also count in `launched` or `joined`, their flight in `rejected`. */
  readonly stoodIn: number;
  /** Flights launched in the background to refresh a kept value. */
  readonly refreshes: number;
  /** Requests that had joined a flight whose value was for its leader alone, and so needed a flight of their own: each got one, or counts in `refused`. */
  readonly released: number;
  /** Requests that got no flight: at a limit, after `close`, or because of what they asked. */
  readonly refused: number;
  /** Flights that nobody could join: their key was `null`, or their value was known to be for one alone. */
  readonly unshared: number;
  readonly fulfilled: number;
  readonly rejected: number;
  readonly abandoned: number;
  /** Waiters that left before they got an answer for another reason than their time: by their signal, and readers that had read enough or were cut off. */
  readonly left: number;
  /** Waiters that left because their time was up. */
  readonly timedOut: number;
  /** Failovers: a flight went on at another target. After a thread's death, or when no other target could be called at first, counted when the attempt at the other target is over. */
  readonly failovers: number;
  readonly relaunches: number;
  readonly threadsLost: number;
  readonly targets: Readonly<Record<string, TargetStats>>;
}

/** The health of one target. */
export interface TargetReport {
  readonly target: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Was the breaker set by hand? */
  readonly forced: boolean;
  /** How much longer it is left alone, because it asked for that. */
  readonly heldMs: number;
  /** Time until one attempt probes whether it is well again; 0: now, or its breaker is not open. */
  readonly reopensInMs: number;
  readonly airborne: number;
  readonly attempts: number;
  readonly failures: number;
  /** Of the last one or two thousand answered attempts, over all threads, within a sixteenth; to the first chunk for streams. 0: there were none. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many extra attempts its budget allows now; `Infinity` without a budget. */
  readonly budgetLeft: number;
}

export interface TargetStats {
  readonly attempts: number;
  readonly failures: number;
  /** Attempts on a target that the flight had called before. */
  readonly retries: number;
  /** Attempts made beside another one that was still out. */
  readonly hedges: number;
  /** Attempts aborted because the other of the two had answered first: the cost of hedging. */
  readonly outraced: number;
  /** Gauge: attempts in the air. */
  readonly airborne: number;
  /** Gauge: is it called? `open`: not while another is left; `half-open`: one attempt probes it. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Gauge: how much longer it is left alone, because it asked for that. */
  readonly heldMs: number;
}
