// An inline user pays for no thread: what a process loads that uses the package inline is listed, and none of it belongs to threads.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

test('an inline user loads no thread pool, no RPC library, no packing library', async () => {
  const script = fileURLToPath(new URL('./fixtures/list-modules.js', import.meta.url));
  const { stdout } = await run(process.execPath, ['--no-warnings', script], { timeout: 20_000 });
  const { answer, loaded, required } = JSON.parse(stdout) as { answer: string; loaded: string[]; required: string[] };
  assert.equal(answer, 'x');
  const modules = [...loaded, ...required];
  assert.ok(modules.some((url) => url.endsWith('/src/front.js')), 'the list is a list'); // biome-ignore format: one line
  assert.ok(
    modules.some((url) => url.includes('safe-stable-stringify')),
    'dependencies are on it',
  );
  const heavy = modules.filter((url) =>
    /node_modules\/(?:piscina|comlink|msgpackr|xstate)|\/(?:shards|local-hosts|wire|control)\.js/.test(url),
  );
  assert.deepEqual(heavy, []);
});
