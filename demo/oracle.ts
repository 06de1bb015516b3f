// The ideal coalescer, computed from the input alone: no machine, no delay, no failure. A run is compared with it.

import { flightTimeMs, type Question } from './question.js';
import type { Arrival } from './traffic.js';

export interface Ideal {
  readonly flights: number;
  /** Requests answered by a flight that was already in the air. */
  readonly joins: number;
  /** Most waiters on one flight, its leader among them. */
  readonly waitersMost: number;
}

/** At this instant every flight in the air whose key it hits begins anew. */
export interface Kill {
  readonly atMs: number;
  hits(key: string): boolean;
}

/**
 * A flight is in the air from its launch for the time its leader's answer takes; every request for its key meanwhile joins it.
 * With the kills of a run, in their order, it tells what was possible in spite of them.
 */
export function idealOf(arrivals: readonly Arrival[], kills: readonly Kill[] = []): Ideal {
  const newest = new Map<string, { readonly landsAtMs: number; waiters: number }>();
  let joins = 0;
  let waitersMost = 0;
  for (const { atMs, question } of arrivals) {
    let flight = newest.get(question.key);
    if (flight !== undefined && atMs < flight.landsAtMs) {
      flight.waiters++;
      joins++;
    } else {
      flight = { landsAtMs: landingOf(atMs, question, kills), waiters: 1 };
      newest.set(question.key, flight);
    }
    waitersMost = Math.max(waitersMost, flight.waiters);
  }
  return { flights: arrivals.length - joins, joins, waitersMost };
}

function landingOf(launchedAtMs: number, question: Question, kills: readonly Kill[]): number {
  const lastsMs = flightTimeMs(question.tokens);
  let landsAtMs = launchedAtMs + lastsMs;
  for (const kill of kills) {
    if (launchedAtMs < kill.atMs && kill.atMs < landsAtMs && kill.hits(question.key)) landsAtMs = kill.atMs + lastsMs;
  }
  return landsAtMs;
}
