// A build that fails must not be taken for the one before it, whatever becomes of the sources: here with a compiler and a bundler that are written down.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { root } from './tree.js';

const checkout = mkdtempSync(join(tmpdir(), 'ensure-'));
after(() => rmSync(checkout, { recursive: true, force: true }));

function write(path: string, text: string): void {
  const file = join(checkout, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  // As an editor's undo may leave it, and `git` with its times restored: the same as before.
  utimesSync(file, 1_700_000_000, 1_700_000_000);
}

function ensure(): { readonly status: number | null; readonly said: string } {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/ensure.mjs'], { cwd: checkout, encoding: 'utf8' });
  return { status, said: stderr };
}

test('after a build that failed the next one builds, also where the sources are what they were before', () => {
  for (const path of ['package.json', 'package-lock.json', 'node_modules/.package-lock.json']) write(path, '{ "packages": {} }');
  for (const path of ['tsconfig.json', 'tsconfig.cjs.json']) write(path, '{}');
  const copied =
    "import { cpSync, mkdirSync } from 'node:fs';\nmkdirSync('dist/cjs', { recursive: true });\ncpSync('src/index.ts', 'dist/built.txt');\n";
  write('node_modules/typescript/package.json', '{ "type": "module" }');
  write('node_modules/typescript/bin/tsc', copied);
  write(
    'scripts/bundle.mjs',
    "import { readFileSync } from 'node:fs';\nif (readFileSync('dist/built.txt', 'utf8') === 'bad') process.exit(1);\n",
  );
  cpSync(join(root, 'scripts', 'ensure.mjs'), join(checkout, 'scripts', 'ensure.mjs'));
  write('src/index.ts', 'fine');
  assert.deepEqual(ensure(), { status: 0, said: 'building…\nbuilding…\nbundling…\n' });
  assert.deepEqual(ensure(), { status: 0, said: '' });
  write('src/index.ts', 'bad');
  assert.deepEqual(ensure(), { status: 1, said: 'building…\nbuilding…\nbundling…\nbundling failed\n' });
  assert.equal(existsSync(join(checkout, 'dist', '.built')), false);
  write('src/index.ts', 'fine');
  assert.equal(ensure().status, 0);
  assert.equal(readFileSync(join(checkout, 'dist', 'built.txt'), 'utf8'), 'fine');
});
