// Bun and Deno call platforms by names of their own: where check:install looks for their programs, their packages are.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from '../house/tree.js';

interface Runtimes {
  readonly programsOn: (platform: string, arch: string) => Readonly<Record<'bun' | 'deno', string>>;
}
const { programsOn } = (await import(pathToFileURL(join(root, 'scripts', 'install', 'runtimes.mjs')).href)) as Runtimes;
const { packages } = JSON.parse(readFileSync(join(root, 'test', 'install', 'tools', 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, { readonly os?: readonly string[]; readonly cpu?: readonly string[] }>>;
};

for (const platform of ['linux', 'darwin', 'win32']) {
  for (const arch of ['x64', 'arm64']) {
    test(`on ${platform} ${arch}`, () => {
      for (const path of Object.values(programsOn(platform, arch))) {
        const { os, cpu } = packages[`node_modules/${path.split('/').slice(0, 2).join('/')}`] ?? {};
        assert.deepEqual([os, cpu], [[platform], [arch]], path);
        assert.equal(path.endsWith('.exe'), platform === 'win32');
      }
    });
  }
}
