// What is handed out: a repository that names no machine and no registry, a lock file every platform can install, a package that loads.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type * as bench from '../../bench/own/index.js';
import type * as coalescers from '../../src/index.js';
import { complaint, expectComplaints, expectNone, lineAt, readRepository, readText, root, type TreeFile } from './tree.js';

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

/** Paths by entry, kind of module and condition. */
type Exports = string | { readonly [condition: string]: Exports };

interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly exports: Exports;
  readonly bin: Readonly<Record<string, string>>;
}

// Spelled with brackets, so that this file is not its own first finding.
const machinePath = /(?<![a-z0-9.])\/(?:wor[k]|tm[p]|far[m]|roo[t]|hom[e]\/\w+|User[s]\/\w+)\/|\b[A-Z]:\\+User[s]\\/g;
const registryAddress =
  /https?:\/\/[^\s"'/]*(?:registr[y]|artifactor[y]|verdacci[o]|nexu[s])|[/.](?:artifactor[y]|verdacci[o])[/.]|registr[y]\.npmjs|npm\.pkg\.githu[b]/g;

export function strangePlaces(files: readonly TreeFile[]): string[] {
  return files.flatMap((file) => [
    ...[...file.text.matchAll(machinePath)].map((match) => complaint(file, match.index, `a path of a machine: ${match[0]}`)),
    ...[...file.text.matchAll(registryAddress)].map((match) => complaint(file, match.index, `a registry address: ${match[0]}`)),
  ]);
}

/** `npm ci` refuses a lock file without the optional packages of other platforms, and npm leaves out those it could not look up. */
export function lockFaults(file: TreeFile): string[] {
  const { packages } = JSON.parse(file.text) as LockFile;
  const addresses = [...file.text.matchAll(/"resolved"/g)].map((match) => complaint(file, match.index, 'names a download address'));
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined)
      .map((name) => `${file.path}:${lineAt(file.text, file.text.indexOf(`"${name}"`))} ${name} has no entry: npm ci will refuse`),
  );
  return [...addresses, ...missing];
}

const manifest = (): Manifest => JSON.parse(readText('package.json')) as Manifest;

test('no file names a path of a machine or a registry', () => {
  const files = readRepository();
  assert.ok(files.some((file) => file.path === 'package.json'));
  expectNone(strangePlaces(files));
});

test('a path of a machine and a registry address are found, and ordinary addresses are not', () => {
  const home = ['', 'home', 'me', 'code'].join('/');
  const work = ['', 'work', 'main'].join('/');
  const bad: TreeFile[] = [
    { path: 'README.md', text: `See https://example.com/work/a and dist/tmp/b.\nRun ${work}/cli.js` },
    { path: '.npmrc', text: `cache=${home}/cache\n${['regis', 'try=https://regis', 'try.example.com/npm'].join('')}` },
  ];
  expectComplaints(strangePlaces(bad), ['README.md:2 a path of a machine', '.npmrc:1 a path of a machine', '.npmrc:2 a registry address']);
});

test('the lock files name no address and can be installed on every platform', () => {
  for (const path of ['package-lock.json', 'test/install/tools/package-lock.json']) expectNone(lockFaults({ path, text: readText(path) }));
});

test('an address and a missing platform in a lock file are found', () => {
  const packages = {
    'node_modules/a': {
      version: '1.0.0',
      resolved: 'https://example.com/a.tgz',
      optionalDependencies: { 'a-linux': '1.0.0', 'a-darwin': '1.0.0' },
    },
    'node_modules/a-linux': { version: '1.0.0' },
  };
  const faults = lockFaults({ path: 'package-lock.json', text: JSON.stringify({ packages }, null, 2) });
  expectComplaints(faults, ['package-lock.json:5 names a download address', 'package-lock.json:8 a-darwin has no entry']);
});

test('every dependency is pinned, and the lock file holds that version', () => {
  const { packages } = JSON.parse(readText('package-lock.json')) as LockFile;
  for (const [name, version] of Object.entries({ ...manifest().dependencies, ...manifest().devDependencies })) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.equal(packages[`node_modules/${name}`]?.version, version, name);
  }
});

const pathsIn = (exports: Exports): string[] =>
  typeof exports === 'string' ? [exports] : Object.values(exports).flatMap((inner) => pathsIn(inner));

test('every file that the package promises is there', () => {
  const { exports, bin, main, types } = manifest();
  const paths = [...pathsIn(exports), ...Object.values(bin), main, types];
  assert.ok(paths.length > 12);
  for (const path of paths) assert.ok(existsSync(join(root, path)), path);
});

test('what the README links to is in the package', () => {
  const links = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path as string);
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  assert.ok(links.length > 3);
  for (const link of links)
    assert.ok(
      files.some((path) => link === path || link.startsWith(`${path}/`)),
      link,
    );
});

test('every file of the bundles has the source map that it names, and that leads to the sources', () => {
  const folder = join(root, 'dist', 'bundle');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /\.c?js$/.test(path));
  const maps = files.flatMap((path) => {
    const [, name] = /^\/\/# sourceMappingURL=(.*)$/m.exec(readFileSync(join(folder, path), 'utf8')) ?? [];
    return name === undefined ? [] : [join(folder, dirname(path), name)];
  });
  assert.ok(maps.length > 12);
  for (const map of maps) {
    const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { readonly sources: readonly string[] };
    for (const source of sources) assert.ok(existsSync(join(dirname(map), source)), `${map}: ${source}`);
  }
});

test('every public entry loads by import and by require, with the same names', async () => {
  const require = createRequire(join(root, 'package.json'));
  for (const entry of ['coalescer', 'coalescer/machines', 'coalescer/testing', 'coalescer/bench']) {
    const imported = (await import(entry)) as object;
    assert.ok(Object.keys(imported).length > 0, entry);
    // A build of its own, not an ES module that this Node happens to be able to require.
    assert.match(require.resolve(entry), /[\\/]cjs[\\/]/);
    assert.deepEqual(Object.keys(require(entry) as object).sort(), Object.keys(imported).sort(), entry);
  }
});

test('a class is one class, whichever entry it comes from', async () => {
  const require = createRequire(join(root, 'package.json'));
  const loads: readonly ((entry: string) => unknown)[] = [(entry) => import(entry), (entry) => require(entry)];
  for (const load of loads) {
    const { CoalescerError } = (await load('coalescer')) as typeof coalescers;
    const { measure } = (await load('coalescer/bench')) as typeof bench;
    const failed = measure({ targets: { one: () => 1 }, payloads: [new Map()] });
    await assert.rejects(failed, (error) => error instanceof CoalescerError);
  }
});
