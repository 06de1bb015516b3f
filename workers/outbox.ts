/** Frames waiting for the end of the tick, or for enough others: one envelope for all of them. Belongs to one life of one link, and dies with it. */
import type { Seam } from './environment.js';
import type { AnyFrame } from './protocol.js';
import type { Envelope, Wire } from './wire.js';

/**
 * As soon as so many wait they are sent: the other side begins with them while this one packs the rest. All of a tick in one envelope kept each side
 * waiting for the other (256 in the air: 7.8 µs a flight; 5.3 with 32, 5.5 with 64; 16 cost more in posts than they win).
 */
const FRAMES_MIN = 32;
/** Where many more are in the air, posts are fewer (2,048, between rounds of 256: 3.79 to 3.42 µs a flight; 256 frames bring no more). */
const FRAMES_MAX = 128;

export interface OutboxSetup {
  readonly seam: Seam;
  readonly wire: Wire;
  readonly post: (envelope: Envelope, transferList: readonly ArrayBuffer[]) => void;
  /** Do large bodies move? Then they are gone here: only a side that keeps no relaunch copy may say so. */
  readonly transfersBodies: boolean;
}

export class Outbox<Frame extends AnyFrame> {
  readonly #setup: OutboxSetup;
  #frames: Frame[] = [];
  #isClosed = false;
  #isDeferred = false;
  /** So many go together at most. */
  #framesMax = FRAMES_MIN;
  readonly #flush = (): void => {
    this.#isDeferred = false;
    this.flush();
  };

  constructor(setup: OutboxSetup) {
    this.#setup = setup;
  }

  /** About so many may go together: an eighth of what is in the air, or as many as came together. */
  gather(frames: number): void {
    this.#framesMax = Math.min(Math.max(frames, FRAMES_MIN), FRAMES_MAX);
  }

  push(frame: Frame): void {
    if (this.#frames.push(frame) >= this.#framesMax) return this.flush();
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#setup.seam.defer(this.#flush);
  }

  /** For a frame that is alone in the air: nothing is won by waiting for others, and each turn of the loop is a fifth of its way. */
  send(frame: Frame): void {
    if (this.#frames.length > 0) return this.push(frame);
    this.#frames.push(frame);
    this.flush();
  }

  /** Sends what waits. */
  flush(): void {
    if (this.#isClosed || this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    const { wire, post, transfersBodies } = this.#setup;
    const { envelope, transferList } = wire.pack(frames, transfersBodies);
    post(envelope, transferList);
  }

  /** Its life is over: nothing more is sent. */
  close(): void {
    this.#isClosed = true;
    this.#frames = [];
  }
}
