// Runs the compiled tests: all of them, or those whose path contains one of the words given (`npm test -- wheel table`).
// Arguments that begin with a dash go to node: `npm test -- --test-name-pattern=leader`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('-'));
const words = args.filter((arg) => !arg.startsWith('-'));

// Relative paths: from Node 22 on they are glob patterns, and the checkout's own path may hold a bracket.
const files = readdirSync(join(root, 'dist', 'test'), { recursive: true })
  .map((path) => `dist/test/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.js') && (words.length === 0 || words.some((word) => path.includes(word))))
  .sort();

if (files.length === 0) {
  process.stderr.write(`no test file matches: ${words.join(' ')}\n`);
  process.exit(1);
}

const { status } = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', '--test-reporter=spec', '--test-concurrency=2', '--test-timeout=240000', ...flags, ...files],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);
process.exit(status ?? 1);
