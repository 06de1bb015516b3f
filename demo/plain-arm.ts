// The plain client as the run sees it. It has a thread of its own, because its storm of retries while the primary is down would
// otherwise slow the coalescer's arm too.

import { Worker } from 'node:worker_threads';
import type { PlainClientOptions } from './plain-client.js';
import type { PlainQuestion, PlainReply } from './plain-thread.js';
import type { Answer, Question } from './question.js';

interface Asker {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class PlainArm {
  /** Tries after the first at the same provider. */
  retries = 0;
  /** Requests that went on to the fallback. */
  failovers = 0;
  readonly #worker: Worker;
  readonly #askers = new Map<number, Asker>();
  #numbers = 0;

  constructor(options: PlainClientOptions) {
    this.#worker = new Worker(new URL('./plain-thread.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (reply: PlainReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#failAll(error));
  }

  ask(question: Question): Promise<Answer> {
    const number = this.#numbers++;
    this.#worker.postMessage({ number, question } satisfies PlainQuestion);
    return new Promise((resolve, reject) => {
      this.#askers.set(number, { resolve, reject });
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
    this.#failAll(new Error('the plain client was closed'));
  }

  #settle({ number, answer, failure, retries, failovers }: PlainReply): void {
    const asker = this.#askers.get(number);
    this.#askers.delete(number);
    this.retries = retries;
    this.failovers = failovers;
    if (answer === null) asker?.reject(new Error(failure));
    else asker?.resolve(answer);
  }

  #failAll(error: unknown): void {
    const why = error instanceof Error ? error : new Error(String(error));
    for (const asker of this.#askers.values()) asker.reject(why);
    this.#askers.clear();
  }
}
