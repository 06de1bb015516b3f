// Which file a targets module's URL means: the same URL is right before a build and after it. That threads can then read it is proven from the
// packed package, under every tool: npm run check:install.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { importTypeScript, isTypeScript, written } from '../../workers/typescript.js';

const folder = mkdtempSync(join(tmpdir(), 'written-'));
after(() => rmSync(folder, { recursive: true }));
for (const name of ['source.ts', 'source.mts', 'built.js', 'built.cjs', 'both.js', 'both.ts']) writeFileSync(join(folder, name), '');
const at = (name: string): string => `${pathToFileURL(folder).href}/${name}`;

for (const [asked, found, why] of [
  ['source.js', 'source.ts', 'before a build, the source'],
  ['source.mjs', 'source.mts', 'of the same kind of module'],
  ['source.cjs', 'source.cjs', 'but of no other kind'],
  ['built.ts', 'built.js', 'after it, what was built'],
  ['built.cts', 'built.cjs', 'of the same kind, too'],
  ['both.js', 'both.js', 'where both are there, the one that was named'],
  ['both.ts', 'both.ts', 'whichever it is'],
  ['source.js?threads=2#a', 'source.ts?threads=2#a', 'with its query'],
  ['neither.js', 'neither.js', 'as it is where there is neither: loading it says so'],
] as const) {
  test(`${asked} means ${found}: ${why}`, () => {
    assert.equal(written(at(asked)), at(found));
  });
}

test('what is no file stays as it is', () => {
  for (const url of ['data:text/javascript,export%20default%201//a.js', 'node:fs']) assert.equal(written(url), url);
});

test('a module is TypeScript by its name', () => {
  assert.deepEqual(
    ['a.ts', 'a.mts', 'a.cts?x', 'a.js', 'a.ts.js', 'a.js?b.ts'].map((name) => isTypeScript(at(name))),
    [true, true, true, false, false, false],
  );
});

for (const [code, way] of [
  ['ERR_UNKNOWN_FILE_EXTENSION', /install tsx .*, or use Node 22\.18 or later/],
  ['ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX', /install tsx .*, or write what is left when types are stripped;/],
  ['ERR_INVALID_TYPESCRIPT_SYNTAX', /install tsx .*, or write what is left when types are stripped;/],
] as const) {
  test(`where Node says ${code}, and there is no tsx, both ways out are named`, async () => {
    const refusal = Object.assign(new Error('no'), { code });
    await assert.rejects(
      importTypeScript(at('source.ts'), () => Promise.reject(refusal)),
      { message: way, cause: refusal },
    );
  });
}
