/** What most flights never meet between launch and end. They share one of these that nobody writes to; a flight to which something happens gets its own. */
import type { WheelEntry } from '../workers/wheel.js';
import type { Flight } from './flight.js';
import type { SeamReport } from './reports.js';

/** A thread was lost under the flight, and it was launched again. */
interface Relaunch {
  readonly at: number;
  readonly why: string;
}

export class Incidents {
  /** Why it failed, in its link's words; `null`: it did not, or by its front's will. */
  failure: string | null = null;
  /** Dropped by `forget`: what it brings is for those who wait, and not kept. */
  isForgotten = false;
  /** It was launched for what is kept: it goes on though nobody waits. */
  isRefresh = false;
  /** A kept value stood in for its failure. */
  isStale = false;
  /** Its target says that its value is for its leader alone. */
  isForOne = false;
  relaunches: Relaunch[] | null = null;
  /** Where another target went on with its stream. */
  seams: (SeamReport & { readonly at: number })[] | null = null;
  /** How long it is kept for another when nobody waits (`abandonAfterMs`). Made when that first happens. */
  patience: WheelEntry | null = null;
  /** Flights that this flight's target waits for, and how often; see `Reentrance`. */
  waitsFor: Map<Flight, number> | null = null;
}

/** Of all flights to which nothing has happened. */
export const NO_INCIDENTS: Readonly<Incidents> = Object.freeze(new Incidents());
