/** The thread messages of one coalescer, in their order, and waiting for the next one. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ChannelMessages } from '../../src/index.js';
import { until } from './tally.js';

export type ThreadMessage = ChannelMessages['coalescer:thread'];

export class ThreadEvents implements Disposable {
  readonly all: ThreadMessage[] = [];
  readonly #hear: (message: unknown) => void;

  constructor(coalescer: string) {
    this.#hear = (message) => {
      const told = message as ThreadMessage;
      if (told.coalescer === coalescer) this.all.push(told);
    };
    subscribe('coalescer:thread', this.#hear);
  }

  of(event: ThreadMessage['event']): ThreadMessage[] {
    return this.all.filter((message) => message.event === event);
  }

  /** Settles when so many of them have come. */
  async come(event: ThreadMessage['event'], count: number): Promise<void> {
    await until(() => this.of(event).length >= count, `${count} threads are ${event}`);
  }

  [Symbol.dispose](): void {
    unsubscribe('coalescer:thread', this.#hear);
  }
}
