// A million flights leave nothing behind (RELIABILITY I26, G19): in a process of its own for each way to end, the heap is back within
// 2 % + 1 MiB after a collection, nothing is in the air or armed, nothing was warned of, and no rejection went unhandled. Ways to end that
// are slow in themselves (an error or a signal each) fly fewer: what each could leave would still show.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

interface Left {
  readonly before: number;
  readonly after: number;
  readonly troubles: readonly string[];
  readonly left: readonly number[];
  readonly resources: readonly string[];
  readonly resourcesAfter: readonly string[];
}
const run = promisify(execFile);

const flights = { answered: 1_000_000, forgotten: 500_000, failed: 50_000, abandoned: 100_000, 'abandoned together': 50_000 };

describe('after up to a million flights', { concurrency: 2 }, () => {
  for (const [way, count] of Object.entries(flights)) {
    test(`that were ${way} the heap is as before and nothing is left`, async () => {
      const { stdout, stderr } = await run(process.execPath, [
        '--expose-gc',
        join(import.meta.dirname, 'fixtures', 'fly.js'),
        way,
        String(count),
      ]);
      const { before, after, troubles, left, resources, resourcesAfter } = JSON.parse(stdout) as Left;
      assert.deepEqual(troubles, []);
      assert.equal(stderr, '');
      assert.deepEqual(left, [0, 0, 0, 0]);
      assert.deepEqual(resourcesAfter, resources);
      assert.ok(after <= before * 1.02 + 2 ** 20, `${before} bytes before, ${after} after`);
    });
  }
});
