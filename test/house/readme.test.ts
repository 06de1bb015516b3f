// An example nobody runs goes stale: the README's blocks are compiled against the package, and those marked as runnable are run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocksOf, faultsOf } from './readme.js';
import { expectComplaints, expectNone, readText } from './tree.js';

const fence = '```';
const page = (...parts: readonly (readonly [info: string, ...lines: string[]] | string)[]): string =>
  parts.map((part) => (typeof part === 'string' ? part : [`${fence}${part[0]}`, ...part.slice(1), fence].join('\n'))).join('\n\n');

test('every example of the README compiles, and runs as it says', () => {
  expectNone(faultsOf(readText('README.md'), 'readme'));
});

test('a README without a runnable example is found', () => {
  expectComplaints(faultsOf(page('# Title', ['ts', 'f();'], ['text', '1']), 'readme-none'), ['README.md:1 no block']);
});

test('an example that does not compile is found at its line', () => {
  const bad = page(
    '# Title',
    [
      'ts run',
      "import { nothing } from 'coalescer';",
      "import type { Name } from './names.js';",
      "const name: Name = 'a';",
      'console.log(name, nothing);',
    ],
    ['text', 'a'],
    ['ts', '// names.ts', "export type Name = 'b';"],
    '<!-- given\ndeclare const count: number;\n-->',
    ['ts', 'const text: string = count;'],
  );
  expectComplaints(faultsOf(bad, 'readme-types'), ['README.md:4 ', 'README.md:6 ', 'README.md:24 ']);
});

test('an example that prints something else, nothing promised, or fails is found', () => {
  const bad = page(
    ['ts run', "console.log('right');"],
    ['text', 'right'],
    ['ts run', "console.log('wrong');"],
    ['text', 'right'],
    ['ts run', "console.log('unsaid');"],
    ['sh', 'npm test'],
    ['ts run', "await Promise.reject(new Error('broken'));"],
    ['text', 'fine'],
  );
  expectComplaints(faultsOf(bad, 'readme-runs'), [
    'README.md:10 prints\nwrong',
    'README.md:18 no ```text',
    'README.md:26 did not end well',
  ]);
});

test('code keeps the line it has in the README, behind the declarations that readers need not see', () => {
  const readme = page('# Title', '<!-- given\nconst a = 1;\n-->', ['ts', 'console.log(a);']);
  const [block] = blocksOf(readme);
  assert.equal(block?.line, 8);
  assert.deepEqual(block?.code.split('\n'), ['', '', '', 'const a = 1;', '', '', '', 'console.log(a);', 'export {};', '']);
});
