/** What an attempt is given when it begins. */
import type { Seam } from './environment.js';
import type { FlightStart } from './flight-record.js';
import { keepShape } from './lasting-shape.js';
import type { AttemptRecord } from './protocol.js';

/**
 * All of an attempt that can be shared: straight attempts from one start, with nothing carried, share one of these.
 *
 * A class, like everything that is made for a flight and outlasts the turn: once enough objects of one literal have survived a collection, V8
 * allocates all further ones in the old generation (pretenuring), and each failover of such a process takes a quarter longer (600 to 750 ns).
 * `declare`, here and in `FailedRecord`: such fields are written once, by the constructor, and not first by an initializer function, which V8
 * does not inline where a flight goes on (together 3 % of a failover).
 */
export class AttemptTerms {
  /** 1 for the first of its flight. */
  declare readonly attempt: number;
  declare readonly target: string;
  /** A copy: the flight drops what it carries when it settles, and a target may still read it. */
  declare carried: unknown;
  /** Its time is up so many milliseconds after its flight's launch; `null`: at its order's `due`. */
  declare ms: number | null;
  /** Where it began, if its flight goes straight. */
  declare readonly start: FlightStart | null;
  /** The failed attempt that its flight has gone straight on from, whose end is its start. `null`: it is the first, or does not go straight. */
  declare failed: AttemptRecord | null;
  /** That attempt's error. */
  declare error: unknown;
  declare readonly seam: Seam;

  constructor({ attempt, target, carried, ms, start, seam }: Omit<AttemptTerms, 'failed' | 'error'>) {
    this.attempt = attempt;
    this.target = target;
    this.carried = carried;
    this.ms = ms;
    this.start = start;
    this.failed = null;
    this.error = undefined;
    this.seam = seam;
  }
}

keepShape(() => new AttemptTerms({ attempt: 0, target: '', carried: undefined, ms: Number.NaN, start: null, seam: {} as Seam }));
