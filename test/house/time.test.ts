// The whole library must run under a virtual clock and a seeded scheduler: time and randomness come in by the environment seam.
import { test } from 'node:test';
import { bareCode, importsOf } from './scan.js';
import { complaint, expectComplaints, expectNone, readSources, rooms, type TreeFile } from './tree.js';

const seam = 'workers/environment.ts';

const readings = new RegExp(
  [
    /\bDate\s*\.\s*now\b/,
    /\bnew\s+Date\s*(?:\(\s*\)|(?![\s(]))/,
    /(?<!\.)\bperformance\b/,
    /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
    /\bprocess\s*\.\s*(?:hrtime|nextTick|uptime)\b/,
    /\bAbortSignal\s*\.\s*timeout\b/,
    /\bMath\s*\.\s*random\b/,
    /\b(?:randomUUID|randomBytes|randomInt|getRandomValues)\b/,
  ]
    .map((reading) => reading.source)
    .join('|'),
  'g',
);
const clockModules = /^(?:node:)?timers(?:\/promises)?$/;

export function readingsOutsideTheSeam(files: readonly TreeFile[]): string[] {
  return files
    .filter((file) => file.path !== seam)
    .flatMap((file) => {
      const places = [
        ...[...bareCode(file.text).matchAll(readings)].map((match) => ({ index: match.index, what: match[0] })),
        ...importsOf(file)
          .filter(({ specifier }) => clockModules.test(specifier))
          .map(({ index, specifier }) => ({ index, what: specifier })),
      ];
      return places.map(({ index, what }) => complaint(file, index, `${what} outside ${seam}`));
    });
}

test('no room reads time or randomness outside the environment seam', () => {
  expectNone(readingsOutsideTheSeam(readSources(rooms)));
});

test('a reading of time or randomness is found in code, and not in comments, messages or the seam', () => {
  const bad: TreeFile[] = [
    { path: seam, text: 'export const now = () => performance.now();' },
    { path: 'src/a.ts', text: "// Not Date.now(), not setTimeout.\nconst text = 'Math.random()';\nconst at = Date.now();" },
    { path: 'src/b.ts', text: 'const t = setTimeout(f, 1);\nconst u = globalThis.setInterval(f, 1);\nsetImmediate(f);' },
    { path: 'src/c.ts', text: "import { setTimeout as sleep } from 'node:timers/promises';" },
    { path: 'src/d.ts', text: 'const copy = new Date(value);\nconst now = new Date();\nconst isDate = value instanceof Date;' },
    { path: 'workers/e.ts', text: 'const s = AbortSignal.timeout(1);\nqueueMicrotask(f);\nconst r = Math.random();' },
    { path: 'machines/f.ts', text: 'const t = `${process.hrtime.bigint()}`;\nconst p = performance\n.now();' },
  ];
  expectComplaints(readingsOutsideTheSeam(bad), [
    'src/a.ts:3 Date.now',
    'src/b.ts:1 setTimeout',
    'src/b.ts:2 setInterval',
    'src/b.ts:3 setImmediate',
    'src/c.ts:1 setTimeout',
    'src/c.ts:1 node:timers/promises',
    'src/d.ts:2 new Date',
    'workers/e.ts:1 AbortSignal.timeout',
    'workers/e.ts:2 queueMicrotask',
    'workers/e.ts:3 Math.random',
    'machines/f.ts:1 process.hrtime',
    'machines/f.ts:2 performance',
  ]);
});
