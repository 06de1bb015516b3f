/** What an attempt is told when it begins. */
import type { Seam } from './environment.js';
import type { FlightStart } from './flight-record.js';
import { keepShape } from './lasting-shape.js';
import type { AttemptRecord } from './protocol.js';

/**
 * All of an attempt that others may have in common with it: those that go straight from one start, with nothing carried, share one of these.
 *
 * A class, as is all that is made for a flight and outlasts the turn: once enough of what one literal makes (an object or a list) has survived a
 * collection, V8 makes all that follows in the old generation, and each failover of such a process takes a quarter longer (600 to 750 ns).
 * `declare`, here and in `FailedRecord`: what is only declared is written once, by the constructor, and not first by a function of its own, which V8
 * calls apart where a flight goes on (together 3 % of a failover).
 */
export class AttemptTerms {
  /** 1 for the first of its flight. */
  declare readonly attempt: number;
  declare readonly target: string;
  /** Its own: the flight lets go of what it carries when it has settled, and a target may still look. */
  declare carried: unknown;
  /** Its time is up so long after the launch of its flight; `null`: when its order is due. */
  declare ms: number | null;
  /** Where it begins, if its flight goes straight. */
  declare readonly start: FlightStart | null;
  /** What its flight has gone straight on from: it began when that ended. `null`: it is the first, or does not go straight. */
  declare failed: AttemptRecord | null;
  /** What that one failed with. */
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
