/** What a flight's record holds where a second attempt may be made while its first is still out. */
import type { Attempt } from './attempt.js';
import { keepShape } from './lasting-shape.js';
import type { Unhedged } from './protocol.js';
import type { Pump } from './pump.js';

/** The other of two attempts that are out: what the record holds of the current one. */
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

/** Made when an attempt begins that may be hedged. */
export class Hedge {
  /** When a hedge is due; `Infinity`: none is. */
  at = Infinity;
  /** When the current attempt's own time is up: the record is armed for whatever comes first. */
  due = Infinity;
  rival: Rival | null = null;
  /** The number of the attempt that was the hedge; 0: none was made. */
  attempt = 0;
  /** Where it goes, once it is due and admitted. */
  target = -1;
  pass = -1;
  /** Why none was made when it was due. Told with the attempt. */
  unmade: Unhedged | null = null;
}

keepShape(() => new Hedge());
