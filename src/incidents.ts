/** What most flights never meet. They share one frozen object; a flight to which something happens gets its own. */
import type { WheelEntry } from '../workers/wheel.js';
import type { Flight } from './flight.js';
import type { SeamReport } from './reports.js';

/** A thread was lost under the flight, and it was launched again. */
interface Relaunch {
  readonly at: number;
  readonly why: string;
}

export class Incidents {
  /** Why it failed, as its link reported or its front found; `null`: it did not fail. */
  failure: string | null = null;
  /** Dropped by `forget`: its value is for those who wait, and is not kept. */
  isForgotten = false;
  /** It was launched to refresh a kept value: it goes on though nobody waits. */
  isRefresh = false;
  /** A kept value stood in for its failure. */
  isStale = false;
  /** Its target says that its value is for its leader alone. */
  isForOne = false;
  relaunches: Relaunch[] | null = null;
  /** Where other targets went on with its stream. */
  seams: (SeamReport & { readonly at: number })[] | null = null;
  /** How long it is kept for another waiter when nobody waits (`abandonAfterMs`). Made when that first happens. */
  patience: WheelEntry | null = null;
  /** Flights that this flight's target waits for, and how many times; see `Reentrance`. */
  waitsFor: Map<Flight, number> | null = null;
}

/** Shared by all flights to which nothing has happened. */
export const NO_INCIDENTS: Readonly<Incidents> = Object.freeze(new Incidents());

/** Its front is about to end it, and says why; one that has ended meanwhile has its own reason. */
export function endsFor(why: string, flight: Flight): void {
  if (flight.status === 'flying') flight.ownIncidents().failure = why;
}
