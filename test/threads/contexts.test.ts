// Threads are nobody's: whoever makes a coalescer in the middle of a request lends them no async context, nor is that held as long as they live. LESSONS 34, RELIABILITY I7.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createCoalescer, threadTargets, type Coalescer } from '../../src/index.js';
import { Tally } from './tally.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Request {
  readonly tenant: string;
  readonly body: readonly string[];
}
const current = new AsyncLocalStorage<Request>();

/** What `work` does in a request that nobody else holds. */
function inRequest(work: () => void): WeakRef<Request> {
  const request: Request = { tenant: 'acme', body: Array.from({ length: 1_000 }, () => 'x') };
  current.run(request, work);
  return new WeakRef(request);
}

async function isHeld(left: WeakRef<Request>): Promise<boolean> {
  for (let round = 0; round < 10 && left.deref() !== undefined; round++) {
    await new Promise(setImmediate);
    collect();
  }
  return left.deref() !== undefined;
}

for (const threads of [0, 1]) {
  test(`a coalescer that is made in a request is heard in no context of it, and holds none (threads: ${threads})`, async () => {
    const tally = new Tally();
    const seen: (string | undefined)[] = [];
    const ttlMs = (): number => (seen.push(current.getStore()?.tenant), 0);
    let coalescer: Coalescer<string, string> | null = null;
    const request = inRequest(() => {
      const module = new URL('./fixtures/set-up-and-close.js', import.meta.url);
      const targets = threadTargets(module, { threads, config: { tally: tally.buffer } });
      coalescer = createCoalescer({ scope: 'public', keep: { ttlMs }, targets }) as unknown as Coalescer<string, string>;
    });
    const made = coalescer as unknown as Coalescer<string, string>;
    const answers = [await made.request('a'), await made.request('b')];
    assert.equal(tally.count('calls'), 2);
    assert.deepEqual(answers, ['a', 'b']);
    assert.deepEqual(seen, [undefined, undefined]);
    assert.equal(await isHeld(request), false);
    await made.close();
  });
}
