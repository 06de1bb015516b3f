/**
 * What a caller's event loop is spared by threads while targets parse large answers. An area of its own, since these rows leave the processors idle for
 * most of their time: whatever runs next in their process has its threads on one processor for some 50 ms (a virtual one that sleeps counts as taken).
 */
import { eventDelay, timerDelay } from '../measure/loop-delay.js';
import type { TakenRow } from '../measure/rows.js';
import type { Area } from './area.js';
import type extracts from './extract-targets.js';
import { ThreadPeers } from './thread-callers.js';
import { extract, type Question } from './thread-targets.js';

let asked = 0;

function rowsOf(name: string, answer: (question: Question) => Promise<unknown>): TakenRow[] {
  // Never the same key.
  const ask = (id: number): Promise<unknown> => answer({ id, text: `large question ${++asked}` });
  return [
    { name: `loop/event loop delay p99, ${name}`, unit: 'ms', take: () => eventDelay(ask) },
    { name: `loop/timers late p99, ${name}`, unit: 'ms', take: () => timerDelay(ask) },
  ];
}

export const loop: Area = {
  name: 'loop',
  conditions: ['fresh'],
  async open({ coalescers: { createCoalescer, threadTargets } }) {
    const onThread = createCoalescer({
      scope: 'public',
      targets: threadTargets<typeof extracts>(new URL('./extract-targets.js', import.meta.url)),
    });
    const inline = createCoalescer({ scope: 'public', targets: { extract } });
    await onThread.ready();
    const peers = new ThreadPeers();
    return {
      rows: [
        ...rowsOf('parsing inline', (question) => inline.request(question)),
        ...rowsOf('parsing on a thread', (question) => onThread.request(question)),
        ...rowsOf('a thread that sleeps', peers.bySingleMessages('sleeps')),
      ],
      async close() {
        await Promise.all([onThread.close(), peers.close()]);
      },
    };
  },
};
