/** Control calls of one life: asked on its loop, answered on the front's, each with a deadline, and ended when the life is gone. */
import { Channel } from './channel.js';
import type { Loop } from './loop.js';
import type { Scheduler } from './scheduler.js';

export interface ControlSetup {
  readonly scheduler: Scheduler;
  readonly front: Loop;
  readonly life: Loop;
  readonly delay: () => number;
}

type Settle = () => void;

export class ControlCalls {
  readonly #setup: ControlSetup;
  readonly #asks: Channel<Settle>;
  readonly #answers: Channel<Settle>;
  readonly #pending = new Set<(error: Error) => void>();
  #isGone = false;

  constructor(setup: ControlSetup) {
    const { scheduler, front, life, delay } = setup;
    const deliver = (run: Settle): void => run();
    this.#setup = setup;
    this.#asks = new Channel<Settle>({ scheduler, loop: life, delay, deliver, isStarted: true });
    this.#answers = new Channel<Settle>({ scheduler, loop: front, delay, deliver, isStarted: true });
  }

  call<Result>(name: string, ask: () => Promise<Result>, withinMs: number): Promise<Result> {
    if (this.#isGone) return Promise.reject(new Error(`${name}: the thread is gone`));
    const { front, life } = this.#setup;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        front.seam.clearTimer(timer);
        this.#pending.delete(fail);
      };
      const fail = (error: Error): void => {
        if (!this.#pending.has(fail)) return;
        end();
        reject(error);
      };
      const timer = front.seam.setTimer(withinMs, () => fail(new Error(`${name}: no answer within ${withinMs} ms`)));
      this.#pending.add(fail);
      const answer = (told: Settle): void => {
        if (!life.isStopped) this.#answers.post(told);
      };
      const succeed = (result: Result): void => {
        if (!this.#pending.has(fail)) return;
        end();
        resolve(result);
      };
      this.#asks.post(() => {
        ask().then(
          (result) => answer(() => succeed(result)),
          (error: Error) => answer(() => fail(error)),
        );
      });
    });
  }

  /** The life is dead: what it has answered arrives, then every call still pending fails. */
  die(): void {
    this.#answers.post(() => this.gone());
  }

  gone(): void {
    this.#isGone = true;
    for (const fail of this.#pending) fail(new Error('the thread is gone'));
  }
}
