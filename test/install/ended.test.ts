// `npm run check:install` that is ended by a signal leaves nothing behind: here in a checkout of its own, with an npm that writes until it is ended.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { root } from '../house/tree.js';
import { until } from '../recipes/until.js';

const checkout = mkdtempSync(join(tmpdir(), 'ended-'));
after(() => rmSync(checkout, { recursive: true, force: true, maxRetries: 10 }));

mkdirSync(join(checkout, 'scripts', 'install'), { recursive: true });
for (const name of ['check-install.mjs', 'arguments.mjs', 'install/runtimes.mjs'])
  cpSync(join(root, 'scripts', name), join(checkout, 'scripts', name));
writeFileSync(join(checkout, 'scripts', 'ensure.mjs'), '');
writeFileSync(join(checkout, 'scripts', 'install', 'cases.mjs'), 'export const cases = [];\n');
writeFileSync(join(checkout, 'package.json'), '{ "version": "1.0.0" }');

/** Makes its folder again where that was taken away: nothing is left only where it has ended first, and what it started, too. */
const writer = `
const { mkdirSync, writeFileSync } = require('node:fs');
const folder = process.cwd();
let written = 0;
setInterval(() => { mkdirSync(folder, { recursive: true }); writeFileSync(folder + '/' + process.title + written++ % 100, ''); }, 1);
setTimeout(() => process.exit(), 20_000);
`;
writeFileSync(join(checkout, 'writer.cjs'), writer);
writeFileSync(
  join(checkout, 'npm.js'),
  `
const { spawn } = require('node:child_process');
if (process.argv[2] === 'pack') process.exit();
spawn(process.execPath, ['--title=inner', ${JSON.stringify(join(checkout, 'writer.cjs'))}], { stdio: 'inherit' });
process.title = 'outer';
require(${JSON.stringify(join(checkout, 'writer.cjs'))});
`,
);

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`ended by ${signal} it has ended what it started, and removed its folder`, {
    skip: process.platform === 'win32' && 'Windows has no such signals',
  }, async () => {
    const place = join(checkout, signal);
    mkdirSync(place);
    const child = spawn(process.execPath, [join(checkout, 'scripts', 'check-install.mjs')], {
      env: { ...process.env, TMPDIR: place, npm_execpath: join(checkout, 'npm.js') },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    const isWritten = (name: string): boolean => readdirSync(place).some((folder) => existsSync(join(place, folder, 'alone', name)));
    await until(() => isWritten('inner0') && isWritten('outer0'));
    child.kill(signal);
    assert.deepEqual(await ended, [code, null]);
    assert.deepEqual(readdirSync(place), []);
  });
}
