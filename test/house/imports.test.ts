// Holds the rooms apart (STYLE.md §1): imports run one way, and every dependency comes in by one door.
import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import { importsOf } from './scan.js';
import { allFolders, complaint, expectComplaints, expectNone, readSources, readText, rooms, type TreeFile } from './tree.js';

/** The only file, or for XState the only folder, that may name a dependency. */
const doors: Readonly<Record<string, string>> = {
  piscina: 'src/shards.ts',
  msgpackr: 'workers/wire.ts',
  comlink: 'workers/control.ts',
  'safe-stable-stringify': 'workers/canonical.ts',
  xstate: 'machines/',
};

/** Which other folders a folder's files may name. */
const downward: Readonly<Record<string, readonly string[]>> = {
  src: ['src', 'workers'],
  workers: ['workers', 'machines'],
  machines: ['machines'],
  demo: ['demo'],
  recipes: ['recipes'],
  bench: ['bench', ...rooms],
  test: [...allFolders],
};

const publicEntries = new Set(['coalescer', 'coalescer/testing', 'coalescer/machines', 'coalescer/bench']);

const folderOf = (path: string): string => path.split('/')[0] ?? '';
const isRelative = (specifier: string): boolean => specifier.startsWith('.');
const isBuiltIn = (specifier: string): boolean => specifier.startsWith('node:');
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

export function wrongDirections(files: readonly TreeFile[]): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, index, isTypeOnly }) => {
      const what = wrongDirection(file.path, specifier, isTypeOnly);
      return what === undefined ? [] : [complaint(file, index, what)];
    }),
  );
}

function wrongDirection(path: string, specifier: string, isTypeOnly: boolean): string | undefined {
  if (path.endsWith('.machine.ts'))
    return specifier === 'xstate' ? undefined : `a machine imports xstate and nothing else, not ${specifier}`;
  const folder = folderOf(path);
  if (isRelative(specifier)) {
    const other = folderOf(posix.join(posix.dirname(path), specifier));
    // The front never runs a machine, but it may speak of its states.
    if (downward[folder]?.includes(other) === true || (folder === 'src' && other === 'machines' && isTypeOnly)) return undefined;
    return `${folder} must not import from ${other}: ${specifier}`;
  }
  if (packageOf(specifier) !== 'coalescer') {
    const isForeign = folder === 'demo' && !isBuiltIn(specifier);
    return isForeign ? `demo shows the package alone, without ${specifier}` : undefined;
  }
  if (rooms.some((room) => room === folder)) return `the package does not import itself: ${specifier}`;
  return publicEntries.has(specifier) ? undefined : `no public entry: ${specifier}`;
}

export function wrongDoors(files: readonly TreeFile[]): string[] {
  const used = new Set<string>();
  const wrong = files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, index }) => {
      if (isRelative(specifier) || isBuiltIn(specifier)) return [];
      const door = doors[packageOf(specifier)];
      if (door === undefined) return [complaint(file, index, `${specifier} has no door`)];
      if (door !== file.path && !(door.endsWith('/') && file.path.startsWith(door))) {
        return [complaint(file, index, `${specifier} is named in ${door} only`)];
      }
      used.add(packageOf(specifier));
      return [];
    }),
  );
  const unused = Object.entries(doors).filter(([name]) => !used.has(name));
  return [...wrong, ...unused.map(([name, door]) => `${door}:1 the door of ${name} does not name it`)];
}

test('imports run from src to workers to machines, and demo uses only what is public', () => {
  expectNone(wrongDirections(readSources(allFolders)));
});

test('an import that runs the wrong way is found', () => {
  const bad: TreeFile[] = [
    { path: 'workers/a.ts', text: "// A.\nimport { f } from '../src/f.js';" },
    { path: 'machines/b.ts', text: "import { f } from '../workers/f.js';" },
    { path: 'machines/c.machine.ts', text: "import { setup } from 'xstate';\nimport { f } from './f.js';" },
    { path: 'src/d.ts', text: "import type { A } from '../machines/a.js';\nimport { f } from '../machines/f.js';" },
    { path: 'src/e.ts', text: "const f = () => import('../test/f.js');" },
    { path: 'src/f.ts', text: "import { f } from 'coalescer';" },
    {
      path: 'demo/g.ts',
      text: "import { f } from 'coalescer';\nimport { g } from 'coalescer/src/g.js';\nimport { h } from '../src/h.js';",
    },
    { path: 'demo/h.ts', text: "import { f } from './f.js';\nimport { Packr } from 'msgpackr';" },
    {
      path: 'bench/i.ts',
      text: "import { f } from '../workers/f.js';\nimport { Bench } from 'tinybench';\nimport { g } from '../demo/g.js';",
    },
  ];
  expectComplaints(wrongDirections(bad), [
    'workers/a.ts:2 workers must not import from src',
    'machines/b.ts:1 machines must not import from workers',
    'machines/c.machine.ts:2 a machine imports xstate and nothing else',
    'src/d.ts:2 src must not import from machines',
    'src/e.ts:1 src must not import from test',
    'src/f.ts:1 the package does not import itself',
    'demo/g.ts:2 no public entry',
    'demo/g.ts:3 demo must not import from src',
    'demo/h.ts:2 demo shows the package alone',
    'bench/i.ts:3 bench must not import from demo',
  ]);
});

test('every dependency is named behind its own door and nowhere else', () => {
  expectNone(wrongDoors(readSources(rooms)));
});

/** What is bundled is nobody's to install. */
const bundled = ['safe-stable-stringify'];

test('the dependencies of package.json are those that have a door and are not bundled', () => {
  const manifest = JSON.parse(readText('package.json')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  const { dependencies, devDependencies } = manifest;
  assert.deepEqual([...Object.keys(dependencies), ...bundled].sort(), Object.keys(doors).sort());
  assert.deepEqual(
    bundled.filter((name) => !(name in devDependencies)),
    [],
  );
});

test('a dependency at the wrong door, without a door, and a door without its dependency are found', () => {
  const bad: TreeFile[] = [
    { path: 'src/shards.ts', text: "import { Piscina } from 'piscina';" },
    { path: 'workers/wire.ts', text: "import { Packr } from 'msgpackr';\nimport { wrap } from 'comlink';" },
    { path: 'workers/canonical.ts', text: 'export {};' },
    { path: 'workers/table.ts', text: "// Asks XState.\nimport { getAdjacencyMap } from 'xstate/graph';" },
    { path: 'machines/a.ts', text: "import { setup } from 'xstate';\nimport lodash from 'lodash';" },
  ];
  expectComplaints(wrongDoors(bad), [
    'workers/wire.ts:2 comlink is named in workers/control.ts only',
    'workers/table.ts:2 xstate/graph is named in machines/ only',
    'machines/a.ts:2 lodash has no door',
    'workers/control.ts:1 the door of comlink does not name it',
    'workers/canonical.ts:1 the door of safe-stable-stringify does not name it',
  ]);
});
