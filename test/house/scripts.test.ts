// What the scripts say to a wrong command line: one line on stderr and exit code 2, before anything is built, written or run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './tree.js';

/** Ended where it does what it was not asked to. */
const run = (script: string, args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'scripts', `${script}.mjs`), ...args], { encoding: 'utf8', timeout: 30_000 });

const refused: readonly [script: string, args: readonly string[], complaint: RegExp][] = [
  ['api', ['--chekc'], /^Unknown option '--chekc'; --help tells what there is$/],
  ['api', ['more'], /^Unexpected argument 'more'/],
  ['picture', ['--chekc'], /^Unknown option '--chekc'/],
  ['picture', ['--check=no'], /^Option '--check' does not take an argument/],
  ['table', ['--chekc'], /^Unknown option '--chekc'/],
  ['simulate', ['--sedes', '5'], /^Unknown option '--sedes'/],
  ['simulate', ['5'], /^Unexpected argument '5'/],
  ['simulate', ['--seeds', '0'], /^--seeds: expected a whole number, 1 or more, found "0"$/],
  ['simulate', ['--seed='], /^--seed: expected a whole number, 0 or more, found ""$/],
  ['check-install', ['--chekc'], /^Unknown option '--chekc'/],
  ['check-install', ['no-such-service'], /^no service has "no-such-service" in its name$/],
];

for (const [script, args, complaint] of refused) {
  test(`scripts/${script} ${args.join(' ')} is refused`, () => {
    const { status, stdout, stderr } = run(script, args);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' }, stderr);
    assert.match(stderr.trimEnd(), complaint);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  });
}

test('help names every option', () => {
  for (const [script, options] of [
    ['api', ['--check', '--docs']],
    ['picture', ['--check']],
    ['table', ['--check']],
    ['simulate', ['--seeds', '--from', '--seed', '--values', '--mid-air', '--hedged', '--for-one', '--steered']],
    ['check-install', ['--keep']],
  ] as const) {
    const { status, stdout, stderr } = run(script, ['--help']);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    for (const option of options) assert.ok(stdout.includes(option), option);
  }
});
