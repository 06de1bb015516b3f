// Modules that threads import first are found as `--import` finds them: from the working directory, and what a package has for `import`.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createCoalescer, threadTargets, type Coalescer } from '../../src/index.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'imports-')));
const before = process.cwd();
process.chdir(folder);
after(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

function write(name: string, source: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, source);
  return path;
}
/** Says that it was there. */
const saying = (word: string): string => `globalThis.said = [...(globalThis.said ?? []), ${JSON.stringify(word)}];\n`;
const pack = (name: string, exported: Readonly<Record<string, string>>): string =>
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, exports: { '.': exported } }));

write('ahead.mjs', saying('a file'));
const odd = write('100% #1 é.mjs', saying('an odd file'));
pack('for-import', { import: './index.mjs' });
write('node_modules/for-import/index.mjs', saying('for import alone'));
pack('for-both', { import: './index.mjs', require: './index.cjs' });
write('node_modules/for-both/index.mjs', saying('for import'));
write('node_modules/for-both/index.cjs', saying('for require'));
const library = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
const module = write(
  'targets.mjs',
  `import { defineTargets } from ${library};\nlet calls = 0;\nexport default defineTargets(() => ({ tell: () => [++calls, ...(globalThis.said ?? [])] }));\n`,
);

function importing(threads: number, ...imports: readonly string[]): Coalescer<string, readonly unknown[]> {
  // Under a URL of its own: on this thread a module is loaded once.
  const url = `${pathToFileURL(module).href}?${encodeURIComponent(imports.join())}`;
  const targets = threadTargets(url, { threads, spare: false, imports });
  return createCoalescer({ name: 'imports', scope: 'public', targets }) as unknown as Coalescer<string, readonly unknown[]>;
}

for (const threads of [1, 0]) {
  const where = threads === 0 ? 'on this thread' : 'on a thread';
  for (const [what, name, said] of [
    ['a file of the working directory', './ahead.mjs', 'a file'],
    ['a file by its path, whatever that holds', odd, 'an odd file'],
    ['a file by its URL', `${pathToFileURL(odd).href}?again`, 'an odd file'],
    ['a package that is for import alone', 'for-import', 'for import alone'],
    ['a package that is for both, as import has it', 'for-both', 'for import'],
  ] as const) {
    test(`${where}, ${what} is imported before the targets`, async () => {
      delete (globalThis as { said?: unknown }).said;
      const coalescer = importing(threads, name);
      assert.deepEqual(await coalescer.request('x'), [1, said]);
      await coalescer.close();
    });
  }

  test(`${where}, what Node has of its own is imported by its name`, async () => {
    delete (globalThis as { said?: unknown }).said;
    const coalescer = importing(threads, 'fs', 'node:path');
    assert.deepEqual(await coalescer.request('x'), [1]);
    await coalescer.close();
  });

  test(`${where}, one that is not there is told by its name`, async () => {
    const coalescer = importing(threads, './missing.mjs');
    await assert.rejects(coalescer.ready(), { code: 'COALESCER_TARGETS_NOT_LOADED', message: /missing\.mjs/ });
    await coalescer.close();
  });
}

test('several are imported one after the other', async () => {
  const coalescer = importing(1, 'for-both', './ahead.mjs', 'for-import');
  assert.deepEqual(await coalescer.request('x'), [1, 'for import', 'a file', 'for import alone']);
  await coalescer.close();
});
