// The peers do the work that their rows are named for: each shares what is in the air, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Held } from '../../bench/areas/held.js';
import { least, peers, rawMap } from '../../bench/peers.js';

for (const { name, share } of [rawMap, least, ...peers]) {
  test(`${name} calls once for all who ask while it is in the air, and once for those who ask when it has landed`, async () => {
    const held = new Held<unknown>();
    let calls = 0;
    const request = share((key) => held.call(`${key}, call ${++calls}`));
    for (const call of [1, 2]) {
      const waiters = Array.from({ length: 10 }, () => request('a'));
      held.release();
      const answers = await Promise.all(waiters);
      assert.equal(calls, call);
      assert.equal(new Set(answers).size, 1);
    }
  });
}
