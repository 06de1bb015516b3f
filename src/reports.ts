/** What the library tells about attempts, flights and outcomes: shapes only. */
import type { AttemptEnd } from '../workers/protocol.js';

/** One attempt that is over. */
export interface AttemptReport {
  readonly target: string;
  /** 1 for the flight's first. */
  readonly attempt: number;
  readonly durationMs: number;
  readonly end: AttemptEnd;
  /** It was made beside another that was still out. */
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

/** One flight: so far, or when it has settled. */
export interface FlightReport {
  /** Unique within its coalescer: `users#12`. */
  readonly flight: string;
  /** The target whose answer it was; `null`: none. */
  readonly target: string | null;
  readonly attempts: readonly AttemptReport[];
  /** All that ever waited for it. */
  readonly waiters: number;
  /** From its launch to its end; in `outcome`, of one that flies, until now. `flightOf` says 0 while it flies. */
  readonly durationMs: number;
  /** Another target went on for one that had failed, also where its attempt is still out. A hedge that was only faster is none. */
  readonly failedOver: boolean;
  /** Launches again after a thread was lost. */
  readonly relaunches: number;
  /** Only where a stream went on in mid-air. */
  readonly seams?: readonly SeamReport[];
}

/** Value or failure, and how it came about. `leader` launched the flight, `follower` joined it; `hit`: from what was kept; `stale`: from a value that was no longer fresh, while it is refreshed or because all targets failed. */
export type Outcome<V> = FlightReport & { readonly role: 'leader' | 'follower' | 'hit' | 'stale'; readonly waitedMs: number } & (
    | { readonly status: 'fulfilled'; readonly value: V }
    | { readonly status: 'rejected'; readonly reason: unknown }
  );

/** The story of a flight, in order. */
export interface Explanation {
  /** What happened, `atMs` after launch. */
  readonly events: readonly { readonly atMs: number; readonly what: string; readonly [detail: string]: unknown }[];
  /** The same as text for people, an event a line. */
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
  /** Gauge: keys for which a value or a failure is kept. */
  readonly kept: number;
  /** Counters, only growing. `requests + refreshes + released = launched + joined + hits + stale + refused`. */
  readonly requests: number;
  readonly launched: number;
  readonly joined: number;
  /** Requests answered from a kept value that was fresh, or from a kept failure: no joins. */
  readonly hits: number;
  /** Requests answered at once from a kept value that was no longer fresh. */
  readonly stale: number;
  /** Requests that were given a kept value since all targets of their flight had failed. They are counted among `launched` and `joined`, their flight among `rejected`. */
  readonly stoodIn: number;
  /** Flights launched in the background to refresh a kept value. */
  readonly refreshes: number;
  /** Requests that had joined a flight whose value was for its leader alone, and asked for one of their own: each was given it, or is counted among `refused`. */
  readonly released: number;
  /** Requests that were given no flight: at a limit, after `close`, or for what they asked. */
  readonly refused: number;
  /** Flights that nobody could join: their key said so, or their value was known to be for one alone. */
  readonly unshared: number;
  readonly fulfilled: number;
  readonly rejected: number;
  readonly abandoned: number;
  /** Waiters that left before they were given an answer, other than by their time: by their signal, and readers that had read enough or were cut off. */
  readonly left: number;
  /** Waiters that left because their time was up. */
  readonly timedOut: number;
  /** Flights that went on at another target, also where a thread had died, or no other might be called at first; that is known when the attempt there is over. */
  readonly failovers: number;
  readonly relaunches: number;
  readonly threadsLost: number;
  readonly targets: Readonly<Record<string, TargetStats>>;
}

/** How one target is. */
export interface TargetReport {
  readonly target: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Is that so by hand? */
  readonly forced: boolean;
  /** How long it is left alone yet, because it asked for it. */
  readonly heldMs: number;
  /** When one attempt finds out whether it is well again; 0: its breaker is not open, or any moment. */
  readonly reopensInMs: number;
  readonly airborne: number;
  readonly attempts: number;
  readonly failures: number;
  /** Of the last one or two thousand attempts that were answered, over all threads, within a sixteenth; to the first chunk where it streams. 0: there were none. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Extra attempts that its budget allows now; `Infinity` without a budget. */
  readonly budgetLeft: number;
}

export interface TargetStats {
  readonly attempts: number;
  readonly failures: number;
  /** Attempts on a target that the flight had called before. */
  readonly retries: number;
  /** Attempts made beside another that was still out. */
  readonly hedges: number;
  /** Attempts told to stop because the other of the two had answered first: what hedging costs. */
  readonly outraced: number;
  /** Gauge: attempts in the air. */
  readonly airborne: number;
  /** Gauge: is it called? `open`: not while another is left; `half-open`: one attempt finds out. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Gauge: how long it is left alone yet, because it asked for it. */
  readonly heldMs: number;
}
