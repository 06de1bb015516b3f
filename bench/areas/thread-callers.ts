/** The peers of threads on the caller's side: each a function that asks another thread. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { wrap } from 'comlink';
import { Piscina } from 'piscina';
import { endpointOf, type Numbered, type Side } from './thread-peer.js';
import type { Answer, answer, Question } from './thread-targets.js';

export type Ask = (question: Question) => Promise<Answer>;

const module = new URL('./thread-peer.js', import.meta.url);

export class ThreadPeers {
  readonly #worker = new Worker(module);
  /** One thread, as the coalescer has, with room for all that is in the air; its own wait for tasks would block the thread. */
  readonly #pool = new Piscina({
    filename: module.href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 2_048,
    atomics: 'disabled',
    idleTimeout: Infinity,
  });

  readonly byPool: Ask = (question) => this.#pool.run(question) as Promise<Answer>;

  #open(side: Side): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage({ side, port: port2 }, [port2]);
    return port1;
  }

  byComlink(): Ask {
    const remote = wrap<{ readonly answer: typeof answer }>(endpointOf(this.#open('exposed')));
    return (question) => remote.answer(question);
  }

  bySingleMessages(side: 'single' | 'sleeps' = 'single'): Ask {
    const port = this.#open(side);
    const waiting = new Map<number, (answer: Answer) => void>();
    port.on('message', (message: Numbered<Answer>) => settle(waiting, message));
    let count = 0;
    return (question) =>
      new Promise((resolve) => {
        waiting.set(++count, resolve);
        port.postMessage([count, question] satisfies Numbered<Question>);
      });
  }

  byBatches(): Ask {
    const port = this.#open('batches');
    const waiting = new Map<number, (answer: Answer) => void>();
    port.on('message', (messages: readonly Numbered<Answer>[]) => {
      for (const message of messages) settle(waiting, message);
    });
    let count = 0;
    let outbox: Numbered<Question>[] = [];
    const flush = (): void => {
      port.postMessage(outbox);
      outbox = [];
    };
    return (question) =>
      new Promise((resolve) => {
        waiting.set(++count, resolve);
        if (outbox.push([count, question]) === 1) queueMicrotask(flush);
      });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
    await this.#pool.destroy();
  }
}

function settle(waiting: Map<number, (answer: Answer) => void>, [number, body]: Numbered<Answer>): void {
  waiting.get(number)?.(body);
  waiting.delete(number);
}
