// The ideal coalescer, computed from the input alone: no machine, no delay, no failure. A run is compared with it, and with one to which the
// same befell: flights of the run that lost an attempt begin anew in the ideal too, when they did in the run.

import { flightTimeMs, type Question } from './question.js';
import type { Arrival } from './traffic.js';

export interface Ideal {
  readonly flights: number;
  /** Requests answered by a flight that was already in the air. */
  readonly joins: number;
  /** Most waiters on one flight, its leader among them. */
  readonly waitersMost: number;
}

/** What befell one flight of a run, measured: an attempt of it was lost with its provider or its thread, or refused, and it began anew. */
export interface Loss {
  /** The leader's: the same object as in the arrivals. */
  readonly question: Question;
  /** When the first attempt was lost, after the start of the run. */
  readonly atMs: number;
  /** When the provider that answered at last had begun. */
  readonly againAtMs: number;
}

/**
 * A flight is in the air from its launch for the time its leader's answer takes; every request for its key meanwhile joins it. With the losses
 * of a run it tells what was possible in spite of them: the very flights that were hit are longer in the air, and nothing else changes.
 */
export function idealOf(arrivals: readonly Arrival[], losses: readonly Loss[] = []): Ideal {
  const lossesByKey = new Map<string, Loss[]>();
  for (const loss of losses) lossesByKey.set(loss.question.key, [...(lossesByKey.get(loss.question.key) ?? []), loss]);
  const newest = new Map<string, { readonly landsAtMs: number; waiters: number }>();
  let joins = 0;
  let waitersMost = 0;
  for (const arrival of arrivals) {
    const { key } = arrival.question;
    let flight = newest.get(key);
    if (flight !== undefined && arrival.atMs < flight.landsAtMs) {
      flight.waiters++;
      joins++;
    } else {
      flight = { landsAtMs: landingOf(arrival, lossesByKey.get(key) ?? []), waiters: 1 };
      newest.set(key, flight);
    }
    waitersMost = Math.max(waitersMost, flight.waiters);
  }
  return { flights: arrivals.length - joins, joins, waitersMost };
}

/** `losses`: of its key. Its own counts whenever it came; where the run launched with another leader, one that comes while it is in the air. */
function landingOf({ atMs, question }: Arrival, losses: readonly Loss[]): number {
  const lastsMs = flightTimeMs(question.tokens);
  const landsAtMs = atMs + lastsMs;
  const hit = losses.find((loss) => loss.question === question) ?? losses.find((loss) => atMs < loss.atMs && loss.atMs < landsAtMs);
  return hit === undefined ? landsAtMs : Math.max(landsAtMs, hit.againAtMs + lastsMs);
}
