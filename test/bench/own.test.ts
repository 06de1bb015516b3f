// `coalescer/bench` and `coalescer bench`: the embedder's target is called no more than was said, and what is worse for certain is told.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Targets } from 'coalescer';
import { compare, measure, type OwnBench, type OwnResults, ownReport } from 'coalescer/bench';
import * as unbundled from '../../bench/own/index.js';
import { FrontedCoalescer } from '../../src/coalescer.js';
import { runCli } from '../demo/run-cli.js';
import { root } from '../house/tree.js';

const rows = [
  'own/key',
  'own/JSON.stringify',
  'own/joins',
  'own/joins of a raw Map',
  'own/flights',
  'own/flights of a raw Map',
  'own/target upstream, called directly',
  'own/target upstream, through the coalescer',
];

test('the first target is called no more than callsMax times, and every row is measured', async () => {
  let calls = 0;
  const targets = {
    upstream: async ({ id }: { id: number }) => {
      calls++;
      return { id };
    },
    backup: () => assert.fail('the backup was called'),
  };
  const payloads = Array.from({ length: 20 }, (_, id) => ({ id }));
  const results = await measure({ targets, payloads, callsMax: 30, rounds: 2, ms: 2 });
  assert.ok(calls > 20 && calls <= 30, `${calls} calls`);
  assert.deepEqual([...new Set(results.samples.map(({ name }) => name))], rows);
  for (const { name, rounds } of results.samples) assert.ok(rounds.length === 2 && rounds.every((value) => value > 0), name);
  assert.equal(ownReport(results).length, 1 + results.samples.length);
});

test("the embedder's own key function is the one that is measured", async () => {
  let derived = 0;
  const key = (payload: unknown): string => {
    derived++;
    return String(payload);
  };
  await measure({ targets: { upstream: async () => 1 }, payloads: ['a', 'b'], key, callsMax: 3, rounds: 1, ms: 1 });
  assert.ok(derived > 0);
});

test('a bad option, and a payload without a canonical form, are refused', async () => {
  const targets = { upstream: async () => 1 };
  await assert.rejects(measure({ targets: {}, payloads: ['a'] }), TypeError);
  await assert.rejects(measure({ targets, payloads: [] }), TypeError);
  await assert.rejects(measure({ targets, payloads: ['a'], rounds: 0 }), /rounds: expected a whole number/);
  await assert.rejects(measure({ targets, payloads: ['a'], round: 1 } as unknown as OwnBench), {
    name: 'TypeError',
    message: 'round: there is no such option; known are targets, payloads, key, scope, callsMax, rounds, ms, progress',
  });
  for (const payload of [{ at: new Date(0) }, { at: () => 1 }])
    await assert.rejects(measure({ targets, payloads: [payload] }), { code: 'COALESCER_NOT_KEYABLE', path: '$.at' });
  for (const payload of [{ at: () => 1 }, { at: 1n }])
    await assert.rejects(measure({ targets, payloads: ['a', payload], key: String }), { name: 'TypeError', message: /^payloads\[1\]: / });
});

test('what cannot be measured is refused before a target is called', async () => {
  const targets = { upstream: () => assert.fail('the target was called'), backup: 5 };
  await assert.rejects(measure({ targets: targets as unknown as Targets, payloads: ['a'] }), /targets\.backup: expected a function/);
  const { upstream } = targets;
  await assert.rejects(measure({ targets: { upstream }, payloads: ['a', { at: new Map() }] }), { code: 'COALESCER_NOT_KEYABLE' });
});

test('a target that is an instance of a class is called as its method, also directly', async () => {
  class Upstream {
    #calls = 0;
    async run(): Promise<number> {
      return ++this.#calls;
    }
  }
  const { samples } = await measure({ targets: { upstream: new Upstream() }, payloads: ['a'], callsMax: 6, rounds: 1, ms: 1 });
  assert.deepEqual([...new Set(samples.map(({ name }) => name))], rows);
});

test('both coalescers of a bench are closed, also where measuring failed', async (context) => {
  const close = context.mock.method(FrontedCoalescer.prototype, 'close');
  let calls = 0;
  const fails = async (): Promise<void> => {
    // After its answers have been recorded.
    if (++calls > 1) throw new Error('down');
  };
  const options = { payloads: ['a'], callsMax: 6, rounds: 1, ms: 1 };
  await unbundled.measure({ ...options, targets: { upstream: async () => 1 } });
  assert.equal(close.mock.callCount(), 2);
  await assert.rejects(unbundled.measure({ ...options, targets: { upstream: fails } }), /down/);
  assert.equal(close.mock.callCount(), 4);
});

function madeUp(flightNs: number, floorNs: number): OwnResults {
  const samples = (name: string, value: number) => ({
    name,
    condition: 'fresh' as const,
    unit: 'ns',
    rounds: [value, value * 1.01, value * 0.99],
  });
  const place = { node: 'v20', v8: '11', cpu: 'a processor', processors: 2, system: 'linux' };
  return { format: 1, at: '', place, samples: [samples('own/flights', flightNs), samples('own/flights of a raw Map', floorNs)] };
}

test('a machine that is twice as slow is no worse, a row that takes more of its floor is', () => {
  const earlier = madeUp(400, 200);
  assert.deepEqual(
    compare(madeUp(800, 400), earlier).map(({ isWorse }) => isWorse),
    [false],
  );
  assert.deepEqual(
    compare(madeUp(600, 200), earlier).map(({ isWorse }) => isWorse),
    [true],
  );
  assert.deepEqual(
    compare(madeUp(600, 200), earlier, { threshold: 1.6 }).map(({ isWorse }) => isWorse),
    [false],
  );
});

test("what the coalescer adds to the first target's own time is held against an earlier run, too", () => {
  const run = (directMs: number, throughMs: number): OwnResults => {
    const { samples, ...rest } = madeUp(throughMs, directMs);
    const [through, direct] = samples;
    assert.ok(through !== undefined && direct !== undefined);
    return {
      ...rest,
      samples: [
        { ...through, name: 'own/target a, b, through the coalescer' },
        { ...direct, name: 'own/target a, b, called directly' },
      ],
    };
  };
  const held = (now: OwnResults): [string, string, boolean][] =>
    compare(now, run(5, 5.1)).map(({ row, what, isWorse }) => [row, what, isWorse]);
  const [row, what] = ['own/target a, b, through the coalescer', 'fresh, times own/target a, b, called directly'];
  assert.deepEqual(held(run(50, 51)), [[row, what, false]]);
  assert.deepEqual(held(run(5, 7)), [[row, what, true]]);
});

test('a limit is held in the unit of its row, and a limit on nothing is refused', () => {
  const worse = (most: number): boolean =>
    compare(madeUp(400, 200), null, { most: { 'own/flights': most } }).some(({ isWorse }) => isWorse);
  assert.ok(worse(300));
  assert.ok(!worse(500));
  assert.throws(() => compare(madeUp(400, 200), null, { most: { 'own/flight': 1 } }), /no row own\/flight; there are own\/flights/);
  assert.throws(() => compare(madeUp(400, 200), null, { threshold: 0.5 }), RangeError);
});

test('an earlier run that nothing can be compared with is refused, not passed', () => {
  const now = madeUp(400, 200);
  const floorless = { ...now, samples: now.samples.slice(0, 1) };
  for (const earlier of [{ ...now, samples: [] }, floorless, madeUp(400, 0)])
    assert.throws(() => compare(now, earlier), { name: 'RangeError', message: /^earlier: expected one at least of own\/key with/ });
  for (const earlier of [
    [1],
    {},
    { ...now, format: 2 },
    { ...now, samples: [1] },
    { ...now, samples: [{ ...now.samples[0], rounds: ['1'] }] },
  ])
    assert.throws(() => compare(now, earlier as unknown as OwnResults), {
      name: 'TypeError',
      message: /^earlier: expected what measure gave/,
    });
});

test('the command measures, keeps its results, and exits with 1 for what is worse', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coalescer-own-'));
  try {
    const [targets, keys, json] = ['targets.mjs', 'keys.txt', 'run.json'].map((name) => join(folder, name)) as [string, string, string];
    writeFileSync(targets, 'export default { upstream: async ({ id }) => ({ id }) };\n');
    writeFileSync(keys, '{"id":1}\n{"id":2}\n');
    const args = ['bench', '--targets', targets, '--keys', keys, '--rounds', '2', '--ms', '2', '--calls', '12'];
    const first = await runCli([...args, '--json', json]);
    assert.equal(first.code, 0, first.stderr);
    assert.equal((JSON.parse(readFileSync(json, 'utf8')) as OwnResults).format, 1);
    const limited = await runCli([...args, '--max', 'own/flights=1']);
    assert.equal(limited.code, 1, limited.stderr);
    assert.match(limited.stdout, /^WORSE own\/flights/m);
    const strange = await runCli([...args, '--max', 'own/nothing=1']);
    assert.deepEqual([strange.code, strange.stderr.split('\n').length], [2, 2], strange.stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('without tinybench the command says so in a line, before a target is called', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coalescer-own-'));
  try {
    const missing = "if (name === 'tinybench') throw Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' });";
    const hooks = `export async function resolve(name, context, next) { ${missing} return next(name, context); }`;
    const register = `import { register } from 'node:module'; register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hooks))});`;
    writeFileSync(join(folder, 'targets.mjs'), "export default { upstream: () => process.stdout.write('called') };\n");
    writeFileSync(join(folder, 'keys.txt'), 'a\n');
    const args = ['bench', '--targets', join(folder, 'targets.mjs'), '--keys', join(folder, 'keys.txt')];
    const imported = `--import=data:text/javascript,${encodeURIComponent(register)}`;
    const { status, stdout, stderr } = spawnSync(process.execPath, [imported, join(root, 'dist', 'demo', 'cli.js'), ...args], {
      encoding: 'utf8',
    });
    const expected = 'coalescer: coalescer/bench needs tinybench 6: npm install --save-dev tinybench\n';
    assert.deepEqual({ status, stdout, stderr }, { status: 2, stdout: '', stderr: expected });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a wrong command line: one line, and exit code 2', async () => {
  for (const [args, complaint] of [
    [[], /--targets FILE is required/],
    [['--targets', 'a.mjs'], /--keys FILE is required/],
    [['--targets', 'no-such-file.mjs', '--keys', 'k'], /--targets: no-such-file\.mjs does not load/],
    [['--fast'], /unknown option --fast; try "coalescer bench --help"/],
    [['--targets', 'a', '--keys', 'k', '--threshold', '0.5'], /--threshold: expected a number from 1 to 100, found "0\.5"/],
    [['--targets', 'a', '--keys', 'k', '--max', 'flights'], /--max: expected ROW=N/],
    [['--targets', 'a', '--keys', 'k', '--against', 'no-such-file'], /--against: cannot read no-such-file: ENOENT/],
  ] as const) {
    const { code, stdout, stderr } = await runCli(['bench', ...args]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' }, stderr);
    assert.match(stderr, complaint);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
});
