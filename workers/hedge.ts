/** What a flight's record holds if its attempt may be hedged. */
import type { Attempt } from './attempt.js';
import { keepShape } from './lasting-shape.js';
import type { Unhedged } from './protocol.js';
import type { Pump } from './pump.js';

/** The other of two attempts that are out, with what the record holds for the current one. */
export interface Rival {
  readonly attempt: Attempt;
  readonly attemptStartedAt: number;
  readonly target: number;
  pass: number;
  /** When its own time is up. */
  readonly due: number;
  /** Its stream, which has given nothing yet. */
  readonly pump: Pump | null;
}

/** Made when an attempt that may be hedged begins. */
export class Hedge {
  /** When a hedge is due; `Infinity`: none is. */
  at = Infinity;
  /** When the current attempt's own time is up. The record is armed for whatever comes first. */
  due = Infinity;
  rival: Rival | null = null;
  /** The number of the attempt that is the hedge; 0: none was made. */
  attempt = 0;
  /** The hedge's target, once it is due and admitted. */
  target = -1;
  pass = -1;
  /** Why no hedge was made when one was due. Reported with the attempt. */
  unmade: Unhedged | null = null;
}

keepShape(() => new Hedge());
