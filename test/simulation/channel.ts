/** One direction of a port: what is posted arrives in its order, after a while, on the receiver's loop, unless that is over by then. Nothing is lost. */
import type { Loop } from './loop.js';
import type { Scheduler } from './scheduler.js';

export interface ChannelSetup<Item> {
  readonly scheduler: Scheduler;
  /** Whose turn it takes to receive. */
  readonly loop: Loop;
  readonly delay: () => number;
  readonly deliver: (item: Item) => void;
  /** Does it deliver from the start? Else what is posted waits for `start`. */
  readonly isStarted: boolean;
}

export class Channel<Item> {
  readonly #setup: ChannelSetup<Item>;
  readonly #items: Item[] = [];
  #lastAt = 0;
  #isStarted: boolean;

  constructor(setup: ChannelSetup<Item>) {
    this.#setup = setup;
    this.#isStarted = setup.isStarted;
  }

  post(item: Item): void {
    this.#items.push(item);
    if (this.#isStarted) this.#schedule();
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (let waiting = this.#items.length; waiting > 0; waiting--) this.#schedule();
  }

  #schedule(): void {
    const { scheduler, loop, delay, deliver } = this.#setup;
    this.#lastAt = Math.max(this.#lastAt, scheduler.now + delay());
    scheduler.at(this.#lastAt, loop, () => deliver(this.#items.shift() as Item));
  }
}
