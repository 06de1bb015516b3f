/** Where shards live: one interface for threads, the caller's own thread, and the simulation. */
import type { HostFacts } from '../workers/control.js';
import type { InAir } from '../workers/protocol.js';
import type { SharedMemory } from '../workers/shared-memory.js';
import type { Envelope, Wire } from '../workers/wire.js';

/** How long `flying` and `stop` may take. */
export const CALL_MS = 1_000;

/** Told what comes from one life. Everything posted before a death arrives before `closed`, nothing after. */
export interface LifeReceiver {
  envelope(envelope: Envelope): void;
  closed(): void;
}

/** One life of a host: loaded first, and flying from `activate` on. It ends once, and `closed` tells so. */
export interface HostLife {
  readonly thread: number;
  readonly memory: SharedMemory;
  /** Posts to a dying life vanish without an error. */
  post(envelope: Envelope, transferList: readonly ArrayBuffer[]): void;
  /** Does work in the air keep the process alive? */
  hold(isHeld: boolean): void;
  /** Runs the module's set-up. Messages posted before are read after it. */
  activate(role: 'active' | 'quarantine'): Promise<HostFacts>;
  flying(slot: number, number: number): Promise<readonly InAir[]>;
  /** Runs what the module registered with `onClose`. */
  stop(): Promise<void>;
  /** Ends it even if it hangs; settles when it is gone and `closed` has been called. */
  terminate(): Promise<void>;
}

export interface Hosts {
  makeWire(): Wire;
  /** A new life with the module loaded, its set-up not run. Rejects with the reason, within `readyWithinMs`. */
  open(receiver: LifeReceiver): Promise<HostLife>;
  /** Ends all that is left. */
  close(): Promise<void>;
}
