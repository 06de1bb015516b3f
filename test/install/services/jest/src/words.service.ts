import { createCoalescer, threadTargets, type Coalescer } from 'coalescer';
import type targets from './targets';

/** As a provider: made with its coalescer, closed with the application. */
export class WordsService {
  readonly words: Coalescer<string, string>;

  constructor(threads: number) {
    const module_ = threadTargets<typeof targets>(require.resolve('./targets'), { threads, config: { sign: '!' } });
    this.words = createCoalescer({ name: 'words', scope: 'public', targets: module_ });
  }

  say(word: string): Promise<string> {
    return this.words.request(word);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.words.close({ drainMs: 1_000 });
  }
}
