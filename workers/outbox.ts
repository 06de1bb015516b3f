/** Frames waiting for the end of the tick: one envelope for all of them. Belongs to one life of one link, and dies with it. */
import type { Seam } from './environment.js';
import type { FrontFrame, ShardFrame } from './protocol.js';
import type { Envelope, Wire } from './wire.js';

/** Frames in one envelope; more make several. */
const FRAMES_MAX = 1_024;

export interface OutboxSetup {
  readonly seam: Seam;
  readonly wire: Wire;
  readonly post: (envelope: Envelope, transferList: readonly ArrayBuffer[]) => void;
  /** Do large bodies move? Then they are gone here: only a side that keeps no relaunch copy may say so. */
  readonly transfersBodies: boolean;
}

export class Outbox<Frame extends FrontFrame | ShardFrame> {
  readonly #setup: OutboxSetup;
  #frames: Frame[] = [];
  #isClosed = false;
  readonly #flush = (): void => this.flush();

  constructor(setup: OutboxSetup) {
    this.#setup = setup;
  }

  push(frame: Frame): void {
    if (this.#frames.push(frame) === 1) this.#setup.seam.defer(this.#flush);
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
    for (let from = 0; from < frames.length; from += FRAMES_MAX) {
      const { envelope, transferList } = wire.pack(
        frames.length <= FRAMES_MAX ? frames : frames.slice(from, from + FRAMES_MAX),
        transfersBodies,
      );
      post(envelope, transferList);
    }
  }

  /** Its life is over: nothing more is sent. */
  close(): void {
    this.#isClosed = true;
    this.#frames = [];
  }
}
