// Threads step back for the caller's event loop, as far as they are told, and the caller's own thread does not.
import assert from 'node:assert/strict';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { createCoalescer, threadTargets } from '../../src/index.js';
import type targets from './fixtures/tell-niceness.js';

const module = new URL('./fixtures/tell-niceness.js', import.meta.url);

test('a thread is as nice as it is told, 10 where nothing is said', { skip: process.platform !== 'linux' && 'Linux only' }, async () => {
  const before = getPriority();
  for (const niceness of [undefined, 0, 12]) {
    const coalescer = createCoalescer({
      scope: 'public',
      targets: threadTargets<typeof targets>(module, niceness === undefined ? {} : { niceness }),
    });
    assert.equal(await coalescer.request('how nice?'), Math.min(19, before + (niceness ?? 10)));
    await coalescer.close();
  }
  assert.equal(getPriority(), before);
});

test('a niceness that there is not is refused', () => {
  for (const niceness of [-1, 20, 2.5, '5'])
    assert.throws(() => threadTargets<typeof targets>(module, { niceness: niceness as number }), {
      name: 'RangeError',
      message: /threadTargets options\.niceness: expected a whole number, 0 to 19/,
    });
});
