// What the benches say to a wrong command line: one line on stderr and exit code 2, before anything is measured.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { choices } from '../../bench/arguments.js';

const withoutOptions = ['overload', 'stragglers', 'probes', 'health-cost', 'outage-cost', 'stalled-reader', 'page/main'];

const refused: readonly [command: string, args: readonly string[], complaint: RegExp][] = [
  ['main', ['--scope', 'joins'], /--scope: expected one or more of join, key, .*found "joins"/],
  ['main', ['--rounds', '0'], /--rounds: expected a whole number from 1 to 100, found "0"/],
  ['main', ['--ms', '1.5'], /--ms: expected a whole number/],
  ['main', ['--fast'], /Unknown option '--fast'/],
  ['main', ['more'], /Unexpected argument 'more'/],
  ['gate/main', [], /--base GITREF is required/],
  ['gate/main', ['--base', 'no-such-commit'], /--base: git knows no commit "no-such-commit"/],
  ['gate/main', ['--base', 'HEAD', '--pairs', '9'], /--pairs: expected a whole number from 10/],
  ['gate/prove', ['--pairs', '9'], /--pairs: expected a whole number from 10/],
  ['main', ['--scope', 'table', '--json', 'no-such-folder/run.json'], /--json: cannot write no-such-folder\/run\.json: ENOENT/],
  ['gate/main', ['--base', 'no-such-commit', '--out', 'package.json'], /--out: cannot write package\.json: EEXIST/],
  [
    'gate/main',
    ['--base', 'HEAD', '--scope', 'wire'],
    /--scope: expected one or more of join, key, flight, keep, threads, failover, streams/,
  ],
  ['gate/prove', ['--times', '-1'], /--times/],
  ['soak', ['--kills', 'abc'], /--kills: expected a whole number from 1 to 1000000, found "abc"/],
  ['soak', ['--kills'], /Option '--kills <value>' argument missing; --help tells what there is/],
  ['stream-soak', ['--failovers', 'abc'], /--failovers: expected a whole number from 1/],
  ...withoutOptions.map((name): [string, string[], RegExp] => [name, ['--fast'], /^Unknown option '--fast'; --help tells what there is$/m]),
];

/** Ended where it does what it was not asked to. */
const run = (command: string, args: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`../../bench/${command}.js`, import.meta.url)), ...args], {
    encoding: 'utf8',
    timeout: 30_000,
  });

for (const [command, args, complaint] of refused) {
  test(`bench/${command} ${args.join(' ')} is refused`, () => {
    const { status, stdout, stderr } = run(command, args);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, complaint);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  });
}

test('an area that is named twice is measured once', () => {
  assert.deepEqual(choices('scope', 'key, join,key', ['join', 'key']), ['key', 'join']);
});

test('help names every option', () => {
  for (const [command, options] of [
    ['main', ['--scope', '--json', '--processes', '--rounds', '--ms', '--flights', '--quick']],
    ['gate/main', ['--base', '--pairs', '--rounds', '--ms', '--scope', '--accept', '--out']],
    ['gate/prove', ['--base', '--times', '--pairs', '--rounds', '--ms', '--scope']],
    ['soak', ['--kills', '--seed']],
    ['stream-soak', ['--failovers']],
    ...withoutOptions.map((name) => [name, ['Usage: npm run ']] as const),
  ] as const) {
    const { status, stdout, stderr } = run(command, ['--help']);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, command);
    for (const option of options) assert.ok(stdout.includes(option), option);
  }
});

/** Ways that a command of its own may go. */
const commandWith = (body: string): string =>
  `import { command } from ${JSON.stringify(new URL('../../bench/arguments.js', import.meta.url).href)};
  await command({ usage: '' }, async () => { ${body} });`;
const start = (body: string): string[] => ['--input-type=module', '--eval', commandWith(body)];

test('1 is what a command says of what it measured; what goes wrong on the way is 2', () => {
  for (const [body, status] of [
    ['return 0', 0],
    ['return 1', 1],
    ["throw new Error('the base does not build')", 2],
  ] as const)
    assert.equal(spawnSync(process.execPath, start(body)).status, status, body);
});

test('a command that is interrupted, or whose terminal is closed, leaves nothing behind', {
  skip: process.platform === 'win32' && 'no signals',
}, async () => {
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const child = spawn(
      process.execPath,
      start(
        "process.once('exit', () => console.log('removed')); console.log('made'); setInterval(() => {}, 1_000); await new Promise(() => {})",
      ),
    );
    let told = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (text.startsWith('made')) child.kill(signal);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    assert.deepEqual([signal, code, told], [signal, expected, 'made\nremoved\n']);
  }
});

test('the soak ends when it has told its result', () => {
  // Sooner than it would give up a waiter for lost.
  const { status, signal, stdout, stderr } = run('soak', ['--kills', '1']);
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
  assert.match(stdout, /^kills +1$/m);
});
