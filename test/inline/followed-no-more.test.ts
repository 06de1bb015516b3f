// What notices that a target asks for its own key follows every promise of the process on Node 20 and 22: not beyond `close`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

test('after close no promise is followed any more', () => {
  const script = `
    import { createCoalescer } from ${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)};
    const isFollowed = () => Object.getOwnPropertySymbols(Promise.resolve()).length > 0;
    const coalescer = createCoalescer({ scope: 'public', detectReentrance: true, targets: { only: async (key) => key } });
    await coalescer.request('a');
    const meanwhile = isFollowed();
    await coalescer.close();
    console.log(JSON.stringify([meanwhile, isFollowed()]));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', timeout: 20_000 });
  const isByHooks = Number.parseInt(process.versions.node, 10) < 24;
  assert.equal(stdout.trim(), JSON.stringify([isByHooks, false]), stderr);
});
