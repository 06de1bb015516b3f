/** Flights on a thread beside what else asks a thread. One thread each. */
import type { TimedRow } from '../measure/rows.js';
import type { Area } from './area.js';
import { oneByOne, together } from './flight.js';
import { type Ask, ThreadPeers } from './thread-callers.js';
import type echoes from './thread-targets.js';
import type { Question } from './thread-targets.js';

let asked = 0;
/** Never the same object, never the same key. */
const nextQuestion = (): Question => {
  asked++;
  return { id: asked, text: `question ${asked}` };
};

const SINGLE = 32;

function rowsOf(name: string, ask: Ask): TimedRow[] {
  return [
    oneByOne(`threads/${name}, 1 in the air`, ask, nextQuestion, SINGLE),
    together(`threads/${name}, 256 in the air`, ask, nextQuestion, 256),
    together(`threads/${name}, 2,048 in the air`, ask, nextQuestion, 2_048),
  ];
}

export const threads: Area = {
  name: 'threads',
  conditions: ['fresh', 'after gc'],
  // Two threads share two processors with all else of the machine: rounds of one row differ by two, and a median of eight by a third.
  roundsTimes: 2,
  async open({ coalescers: { createCoalescer, threadTargets } }) {
    const echo = createCoalescer({
      scope: 'public',
      targets: threadTargets<typeof echoes>(new URL('./thread-targets.js', import.meta.url)),
    });
    await echo.ready();
    const peers = new ThreadPeers();
    return {
      rows: [
        ...rowsOf('coalescer', (asking) => echo.request(asking) as ReturnType<Ask>).map((row) => ({ ...row, gate: 1.1 })),
        ...rowsOf('piscina.run', peers.byPool),
        ...rowsOf('comlink call', peers.byComlink()),
        ...rowsOf('raw port, a message each', peers.bySingleMessages()),
        ...rowsOf('raw port, batches', peers.byBatches()),
      ],
      async close() {
        await Promise.all([echo.close(), peers.close()]);
      },
    };
  },
};
