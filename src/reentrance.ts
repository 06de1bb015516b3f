/**
 * Detects a request from inside a target for a flight that (directly or through others) waits for that very target: a deadlock.
 * Within one coalescer, inline. Costs an AsyncLocalStorage, which on Node below 24 makes every `await` of the process slower.
 */
import { FlightContext } from '../workers/flight-context.js';
import type { Flight } from './flight.js';

/** Edges to settled flights are removed once a target has requested so many flights. */
const SWEEP_AT = 64;

export class Reentrance {
  /** The flight whose target is running. Set by the shard around each call. */
  readonly flying = new FlightContext<Flight>();

  /** The flight whose target makes the current request. */
  get asking(): Flight | null {
    const asking = this.flying.flight;
    return asking === undefined || asking.status !== 'flying' ? null : asking;
  }

  /** Would the asking flight wait for itself by joining `wanted`? If not, remembers that it waits. */
  wouldDeadlock(wanted: Flight): boolean {
    const { asking } = this;
    if (asking === null) return false;
    if (reaches(wanted, asking, new Set())) return true;
    const waitsFor = (asking.ownIncidents().waitsFor ??= new Map());
    if (waitsFor.size >= SWEEP_AT) for (const flight of waitsFor.keys()) if (flight.status !== 'flying') waitsFor.delete(flight);
    waitsFor.set(wanted, (waitsFor.get(wanted) ?? 0) + 1);
    return false;
  }

  /** For launches that no target requests: whoever runs now is not going to wait for them. */
  asNobody(run: () => void): void {
    this.flying.run(undefined, run);
  }

  /** One of its waits was given up. */
  gaveUp(asking: Flight, wanted: Flight): void {
    const { waitsFor } = asking.incidents;
    const waits = waitsFor?.get(wanted) ?? 0;
    if (waits > 1) waitsFor?.set(wanted, waits - 1);
    else waitsFor?.delete(wanted);
  }
}

function reaches(from: Flight, to: Flight, seen: Set<Flight>): boolean {
  if (from === to) return true;
  const { waitsFor } = from.incidents;
  if (from.status !== 'flying' || waitsFor === null || seen.has(from)) return false;
  seen.add(from);
  for (const next of waitsFor.keys()) if (reaches(next, to, seen)) return true;
  return false;
}
