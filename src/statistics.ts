/** Counters of one coalescer: plain numbers, written by its front; counts per target, read from the memory of its shards. */
import type { Health } from '../workers/health.js';
import type { SharedMemory, TargetCounts } from '../workers/shared-memory.js';
import type { Stats, TargetStats } from './reports.js';

/** Counters, only growing. */
export interface Counters {
  launched: number;
  joined: number;
  hits: number;
  stale: number;
  stoodIn: number;
  refreshes: number;
  released: number;
  refused: number;
  unshared: number;
  fulfilled: number;
  rejected: number;
  abandoned: number;
  left: number;
  timedOut: number;
  failovers: number;
  relaunches: number;
  threadsLost: number;
}

export function newCounters(): Counters {
  return {
    launched: 0, joined: 0, hits: 0, stale: 0, stoodIn: 0, refreshes: 0, released: 0, refused: 0, unshared: 0, fulfilled: 0, rejected: 0, abandoned: 0, left: 0, timedOut: 0,
    failovers: 0, relaunches: 0, threadsLost: 0,
  }; // biome-ignore format: one thought
}

/** What the statistics need of a front. */
export interface Counted {
  readonly name: string;
  readonly counters: Counters;
  readonly airborne: { readonly size: number };
  readonly waiters: { readonly count: number; readonly keeping: { readonly size: number } | null };
  readonly limits: { readonly bytes: number };
  readonly links: { targetStats(): Readonly<Record<string, TargetStats>> };
}

export function statsOf({ name, counters, airborne, waiters, limits, links }: Counted): Stats {
  return {
    name,
    airborne: airborne.size,
    waiting: waiters.count,
    kept: waiters.keeping?.size ?? 0,
    bytes: limits.bytes,
    requests: requestsOf(counters),
    ...counters,
    targets: links.targetStats(),
  };
}

/** Each request is counted in exactly one of these; a counter of its own would cost a join a tenth. */
function requestsOf({ launched, joined, hits, stale, refused, refreshes, released }: Counters): number {
  return launched + joined + hits + stale + refused - refreshes - released;
}

/** What the counts of targets are computed from. */
export interface TargetCounting {
  readonly names: readonly string[];
  readonly living: readonly SharedMemory[];
  readonly gone?: readonly SharedMemory[];
  readonly health: Health;
  readonly now: number;
}

/** Sums over all shards there ever were; attempts in the air only of living ones. */
export function targetStats({ names, living, gone = [], health, now }: TargetCounting): Record<string, TargetStats> {
  return Object.fromEntries(
    names.map((name, index) => {
      const { breaker, heldMs } = health.report(index, now);
      const all = [...living, ...gone].map((memory) => memory.counts(index));
      const sum = (what: Exclude<keyof TargetCounts, 'airborne'>): number => all.reduce((total, counts) => total + counts[what], 0);
      const airborne = living.reduce((total, memory) => total + memory.counts(index).airborne, 0);
      const counts = {
        attempts: sum('attempts'),
        failures: sum('failures'),
        retries: sum('retries'),
        hedges: sum('hedges'),
        outraced: sum('outraced'),
      };
      return [name, { airborne, breaker, heldMs, ...counts }];
    }),
  );
}
