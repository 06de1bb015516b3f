// The static checks, all of them even when one fails: format, lint, build, dead code, package shape, published tables.
// A step that is content says one line; its output is shown only when it complains. Without a build nothing else can be judged.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
// From the checkout's folder: a shell, which Windows needs, would end the whole path at its first space.
const tool = (name, ...args) => [join('node_modules', '.bin', name), ...args];

const steps = [
  ['install and build', 'node', 'scripts/ensure.mjs'],
  ['format', ...tool('biome', 'format', '.')],
  ['lint', ...tool('oxlint', '--type-aware', '--deny-warnings')],
  ['dead code', ...tool('knip')],
  ['publint', ...tool('publint', '--strict')],
  ['types of the package', ...tool('attw', '--pack', '.')],
  ['reports of the public face are up to date', 'node', 'scripts/api.mjs', '--check', '--docs'],
  ['the picture is the machine', 'node', 'scripts/picture.mjs', '--check'],
  ...(scripts.table === undefined ? [] : [['tables are up to date', 'npm', 'run', '--silent', 'table', '--', '--check']]),
];

let failed = false;
for (const [name, command, ...args] of steps) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (status === 0) continue;
  failed = true;
  console.log([stdout, stderr, error?.message].filter(Boolean).join('\n'));
  if (args[0] === 'scripts/ensure.mjs') break;
}
process.exit(failed ? 1 : 0);
