/** Frames waiting for the end of the tick, or for enough others: one envelope for all of them. Belongs to one life of one link, and dies with it. */
import type { Seam } from './environment.js';
import type { AnyFrame } from './protocol.js';
import type { Envelope, Wire } from './wire.js';

/**
 * As soon as so many wait they are sent: the other side begins with them while this one packs the rest. All of a tick in one envelope kept each side
 * waiting for the other (256 in the air, when a flight took twice as long: 7.8 µs a flight, 5.3 with envelopes of 32). Each takes both threads together
 * about 20 µs besides its frames: with fewer in it that is more than they win.
 */
const FRAMES_MIN = 24;
/** Where thousands are in the air, posts are fewer (2,048, between rounds of 256: 3.79 to 3.42 µs a flight; 256 frames bring no more). */
const FRAMES_MAX = 128;
/** Where hundreds are: with more, one side waits again. */
const FRAMES_MANY = 48;

/**
 * How many frames of so many in the air go together: half of them, and then an eighth. The first of many leave soon, and the posts are few all the same (with
 * 32 throughout 32 to 64 in the air take 3.2 µs a flight, not 2.8; 65 to 128 2.6, not 2.3; from 200 on it is the same within 3 %, and more than 300 2 to 4 % less).
 */
export const gatheredOf = (inAir: number): number => Math.max(Math.min(inAir >> 1, FRAMES_MANY), inAir >> 3);

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

  /** About so many may go together from now on. */
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
