// The client people write today: each request for itself, a timeout, three tries with backoff, then the fallback provider.

import { setTimeout as sleep } from 'node:timers/promises';
import { askProvider } from './ask-provider.js';
import type { Answer, Question } from './question.js';
import { seededRandom } from './seeded-random.js';

export interface PlainClientOptions {
  /** The fallback is last. */
  readonly urls: readonly string[];
  /** Of each try. */
  readonly timeoutMs: number;
  readonly seed: number;
}

const triesMax = 3;
const backoffMs = 500;

export class PlainClient {
  /** Tries after the first at the same provider. */
  retries = 0;
  /** Requests that went on to the fallback. */
  failovers = 0;
  readonly #options: PlainClientOptions;
  readonly #random: () => number;

  constructor(options: PlainClientOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  async ask(question: Question): Promise<Answer> {
    let failure: unknown;
    for (const [index, url] of this.#options.urls.entries()) {
      if (index > 0) this.failovers++;
      for (let attempt = 0; attempt < triesMax; attempt++) {
        if (attempt > 0) await this.#backOff(attempt);
        try {
          return await askProvider(question, { url, arm: 'plain', signal: AbortSignal.timeout(this.#options.timeoutMs) });
        } catch (error) {
          failure = error;
        }
      }
    }
    throw failure;
  }

  async #backOff(attempt: number): Promise<void> {
    this.retries++;
    await sleep(backoffMs * 2 ** (attempt - 1) * (0.5 + this.#random() / 2));
  }
}
