// What the benches say to a wrong command line: one line on stderr and exit code 2, before anything is measured.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const refused: readonly [command: string, args: readonly string[], complaint: RegExp][] = [
  ['main', ['--scope', 'joins'], /--scope: expected one or more of join, key, .*found "joins"/],
  ['main', ['--rounds', '0'], /--rounds: expected a whole number from 1 to 100, found "0"/],
  ['main', ['--ms', '1.5'], /--ms: expected a whole number/],
  ['main', ['--fast'], /Unknown option '--fast'/],
  ['main', ['more'], /Unexpected argument 'more'/],
  ['gate/main', [], /--base GITREF is required/],
  ['gate/main', ['--base', 'no-such-commit'], /--base: git knows no commit "no-such-commit"/],
  ['gate/main', ['--base', 'HEAD', '--pairs', '1'], /--pairs: expected a whole number from 2/],
  [
    'gate/main',
    ['--base', 'HEAD', '--scope', 'wire'],
    /--scope: expected one or more of join, key, flight, keep, threads, failover, streams/,
  ],
  ['gate/prove', ['--times', '-1'], /--times/],
];

const run = (command: string, args: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`../../bench/${command}.js`, import.meta.url)), ...args], { encoding: 'utf8' });

for (const [command, args, complaint] of refused) {
  test(`bench/${command} ${args.join(' ')} is refused`, () => {
    const { status, stdout, stderr } = run(command, args);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, complaint);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  });
}

test('help names every option', () => {
  for (const [command, options] of [
    ['main', ['--scope', '--json', '--processes', '--rounds', '--ms', '--flights', '--quick']],
    ['gate/main', ['--base', '--pairs', '--rounds', '--ms', '--scope', '--accept', '--out']],
  ] as const) {
    const { status, stdout } = run(command, ['--help']);
    assert.equal(status, 0);
    for (const option of options) assert.ok(stdout.includes(option), option);
  }
});
