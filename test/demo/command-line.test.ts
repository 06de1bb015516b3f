// What may be said on the command line, and what the command says to everything else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadTargets } from 'coalescer';
import { InputError } from '../../demo/input-error.js';
import { parseCommandLine, threadsMax } from '../../demo/options.js';
import { runCli } from './run-cli.js';

const refused: readonly [args: readonly string[], complaint: RegExp][] = [
  [[], /no command; try "coalescer demo"/],
  [['fly'], /unknown command "fly"/],
  [['demo', 'more'], /unexpected argument "more"/],
  [['demo', '--fast'], /unknown option --fast/],
  [['demo', '-x'], /unknown option -x/],
  [['demo', '--calm=yes'], /option --calm takes no value/],
  [['demo', '--limit'], /option --limit needs a value/],
  [['demo', '--limit', '-5'], /option --limit needs a value/],
  [['demo', '--limit=-5'], /--limit: expected a whole number from 1 to 10000000, found "-5"/],
  [['demo', '--limit', '0'], /--limit: expected a whole number from 1/],
  [['demo', '--limit', '1e3'], /--limit: expected a whole number/],
  [['demo', '--speed', '0'], /--speed: expected a number from 0.001/],
  [['demo', '--speed', 'fast'], /--speed: expected a number .* found "fast"/],
  [['demo', '--speed', 'Infinity'], /--speed: expected a number/],
  [['demo', '--seed', '1.5'], /--seed: expected a whole number from 0/],
  [['demo', '--threads', '0'], /--threads: expected a whole number from 1 to 24, found "0"/],
  [['demo', '--threads', '25'], /--threads: expected a whole number from 1 to 24, found "25"/],
  [['demo', '--arrivals', 'a.csv'], /--arrivals needs --keys FILE too/],
  [['demo', '--keys', 'k.txt'], /--keys needs --arrivals FILE too/],
];

for (const [args, complaint] of refused) {
  test(`coalescer ${args.join(' ')} is refused`, () => {
    assert.throws(
      () => parseCommandLine(args),
      (error) => error instanceof InputError && complaint.test(error.message) && !error.message.includes('\n'),
    );
  });
}

test('a refused command line: one line on stderr and exit code 2', async () => {
  const { code, stdout, stderr } = await runCli(['demo', '--fast']);
  assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: 'coalescer: unknown option --fast; try "coalescer --help"\n' });
});

test('help goes to stdout and names every option', async () => {
  for (const args of [['--help'], ['demo', '-h']]) {
    const { code, stdout } = await runCli(args);
    assert.equal(code, 0);
    for (const option of ['--arrivals', '--keys', '--speed', '--limit', '--seed', '--threads', '--no-plain', '--calm', '--hedge']) {
      assert.ok(stdout.includes(option), option);
    }
  }
});

test('without options the demo makes its own traffic on two threads', () => {
  assert.deepEqual(parseCommandLine(['demo']), {
    files: null,
    speed: 1,
    limit: undefined,
    seed: 1,
    threads: 2,
    plain: true,
    calm: false,
    hedge: false,
  });
});

test('the demo takes as many threads as the library does', () => {
  const module = new URL('../../demo/targets.js', import.meta.url);
  assert.ok(threadTargets(module, { config: {}, threads: threadsMax }));
  assert.throws(() => threadTargets(module, { config: {}, threads: threadsMax + 1 }), /threads: expected a whole number, 0 to 24, got 25/);
});

test('every option is understood', () => {
  const args = [
    'demo',
    '--arrivals',
    'a',
    '--keys=k',
    '--speed',
    '2.5',
    '--limit',
    '7',
    '--seed',
    '0',
    '--threads',
    '3',
    '--no-plain',
    '--calm',
    '--hedge',
  ];
  assert.deepEqual(parseCommandLine(args), {
    files: { arrivals: 'a', keys: 'k' },
    speed: 2.5,
    limit: 7,
    seed: 0,
    threads: 3,
    plain: false,
    calm: true,
    hedge: true,
  });
});
