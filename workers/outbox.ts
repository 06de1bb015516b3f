/** Frames that wait for the end of the tick, or for enough others: one envelope for all of them. Belongs to one life of one link, and dies with it. */
import type { Seam } from './environment.js';
import type { AnyFrame } from './protocol.js';
import type { Envelope, Wire } from './wire.js';

/**
 * As soon as so many frames wait they are sent: the other side begins with them while this one packs the rest. With all of a tick in one envelope each
 * side waited for the other (256 in the air, when a flight took twice as long: 7.8 µs a flight, 5.3 with envelopes of 32). An envelope costs both threads
 * together about 20 µs besides its frames: with fewer frames that is more than they gain.
 */
const FRAMES_MIN = 24;
/** With thousands in the air, posts are fewer (2,048, between rounds of 256: 3.79 to 3.42 µs a flight; 256 frames bring no more). */
const FRAMES_MAX = 128;
/** With hundreds in the air: with more frames, one side waits again. */
const FRAMES_MANY = 48;

/**
 * How many frames go together with so many flights in the air: half of them, later an eighth. So the first frames leave soon, and posts are still few (with
 * 32 throughout, 32 to 64 in the air take 3.2 µs a flight, not 2.8; 65 to 128 2.6, not 2.3; from 200 on it is the same within 3 %, and more than 300 2 to 4 % less).
 */
export const gatheredOf = (inAir: number): number => Math.max(Math.min(inAir >> 1, FRAMES_MANY), inAir >> 3);

export interface OutboxSetup {
  readonly seam: Seam;
  readonly wire: Wire;
  readonly post: (envelope: Envelope, transferList: readonly ArrayBuffer[]) => void;
  /** Are large bodies transferred? Then they are gone here: only a side that keeps no relaunch copy may do so. */
  readonly transfersBodies: boolean;
}

export class Outbox<Frame extends AnyFrame> {
  readonly #setup: OutboxSetup;
  #frames: Frame[] = [];
  #isClosed = false;
  #isDeferred = false;
  /** At most so many go together. */
  #framesMax = FRAMES_MIN;
  readonly #flush = (): void => {
    this.#isDeferred = false;
    this.flush();
  };

  constructor(setup: OutboxSetup) {
    this.#setup = setup;
  }

  /** From now on about so many may go together. */
  gather(frames: number): void {
    this.#framesMax = Math.min(Math.max(frames, FRAMES_MIN), FRAMES_MAX);
  }

  push(frame: Frame): void {
    if (this.#frames.push(frame) >= this.#framesMax) return this.flush();
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#setup.seam.defer(this.#flush);
  }

  /** For a frame that is alone in the air: waiting for others gains nothing, and each turn of the loop is a fifth of its way. */
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
