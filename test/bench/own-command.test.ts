// `coalescer bench`: it ends when it has measured, and exit code 1 says that something is worse, and nothing else.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type CliRun, runCli } from '../demo/run-cli.js';
import { root } from '../house/tree.js';

const folder = mkdtempSync(join(tmpdir(), 'coalescer-own-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const keys = written('keys.txt', 'a\nb\n');
const plain = written('plain.mjs', 'export default { upstream: async (payload) => payload };\n');
const library = JSON.stringify(pathToFileURL(join(root, 'dist', 'src', 'index.js')).href);

/** With what holds a process open until it is closed. */
const holding = (name: string, run: string, closing = ''): string =>
  written(
    name,
    `import { defineTargets } from ${library};
export default defineTargets((config, host) => {
  const timer = setInterval(() => undefined, 1000);
  host.onClose(() => { clearInterval(timer); process.stdout.write('closed\\n'); ${closing} });
  return { upstream: ${run} };
});
`,
  );

async function bench(targets: string, ...args: readonly string[]): Promise<CliRun> {
  const run = await runCli(['bench', '--targets', targets, '--keys', keys, '--rounds', '2', '--ms', '2', '--calls', '12', ...args]);
  assert.equal(run.signal, null, 'it did not end');
  return run;
}

function assertRefused({ code, stderr }: CliRun, complaint: RegExp): void {
  assert.match(stderr, complaint);
  assert.deepEqual([code, stderr.trimEnd().split('\n').length], [2, 1], stderr);
}

test('what the targets hold open is closed when they have been measured', async () => {
  const { code, stdout, stderr } = await bench(holding('holding.mjs', 'async (payload) => payload'));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^closed$/m);
  assert.match(stdout, /^own\/target upstream, through the coalescer/m);
});

test('and also where they could not be', async () => {
  const run = await bench(holding('failing.mjs', "async () => { throw new Error('down', { cause: new Error('refused') }); }"));
  assertRefused(run, /cannot measure .*failing\.mjs with .*keys\.txt: down: refused$/m);
  assert.equal(run.stdout, 'closed\n');
});

test('a closing that fails is told, and what was measured is good', async () => {
  const { code, stdout, stderr } = await bench(holding('bad-end.mjs', 'async (payload) => payload', "throw new Error('not now');"));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^own\/flights/m);
  assert.match(stderr, /bad-end\.mjs did not close: .*: not now$/m);
});

test('targets and payloads that cannot be measured are wrong input, and told with their cause', async () => {
  for (const [name, text, complaint] of [
    ['empty', 'export default {};', /targets: expected a record of targets/],
    ['number', 'export default { a: 5 };', /targets\.a: expected a function or an object with a function 'run', got 5/],
    ['nothing-thrown', 'export default { a: async () => { throw undefined; } };', /: undefined$/m],
    ['late', "let calls = 0; export default { a: async () => { if (calls++ > 3) throw new Error('late'); } };", /: late$/m],
    ['no-key', 'export const payload = () => ({ at: new Map() }); export default { a: async () => 1 };', /no canonical form at \$\.at/],
    ['bad-key', 'export const key = 5; export default { a: async () => 1 };', /options\.key: expected a function, got 5/],
    ['bad-payload', "export const payload = () => { throw new Error('odd'); }; export default {};", /keys\.txt line 1 is no payload: odd/],
    ['bad-set-up', "export default { open: async () => { throw new Error('no pool'); } };", /cannot be set up: no pool/],
  ] as const) {
    const run = await bench(written(`${name}.mjs`, text));
    assertRefused(run, complaint);
    assert.equal(run.stdout, '', name);
  }
});

test('where nothing can be compared the earlier run is refused, before a target is called', async () => {
  const targets = written('told.mjs', "export default { upstream: () => process.stdout.write('called') };");
  for (const [text, complaint] of [
    ['{"format":1,"samples":[]}', /expected one at least of own\/key with own\/JSON\.stringify, .*got none of them among 0 samples/],
    ['{"format":1,"samples":[1]}', /expected what measure gave/],
    ['[1]', /expected what measure gave/],
    ['null', /expected what measure gave/],
    ['{', /JSON/],
  ] as const) {
    const run = await bench(targets, '--against', written('earlier.json', text));
    assertRefused(run, complaint);
    assert.match(run.stderr, /--against: cannot compare with .*earlier\.json: .*; write one with coalescer bench --json FILE$/m);
    assert.equal(run.stdout, '');
  }
});

test('whether the results can be written is known before a target is called, and what is there is left alone', async () => {
  const targets = written('told.mjs', "export default { upstream: () => process.stdout.write('called') };");
  const run = await bench(targets, '--json', join(folder, 'nowhere', 'run.json'));
  assertRefused(run, /--json: cannot write .*run\.json: ENOENT/);
  assert.equal(run.stdout, '');
  const fails = written('fails.mjs', "export default { upstream: async () => { throw new Error('down'); } };");
  const [kept, fresh] = [written('kept.json', 'kept'), join(folder, 'fresh.json')];
  assertRefused(await bench(fails, '--json', kept), /down/);
  assertRefused(await bench(fails, '--json', fresh), /down/);
  assert.deepEqual([readFileSync(kept, 'utf8'), existsSync(fresh)], ['kept', false]);
});

test('a run is held against an earlier one of its own', async () => {
  const earlier = join(folder, 'run.json');
  assert.equal((await bench(plain, '--json', earlier)).code, 0);
  const { stdout } = await bench(plain, '--against', earlier, '--threshold', '100');
  assert.match(stdout, /^ok {4}own\/flights, fresh, times own\/flights of a raw Map/m);
});

test('payloads and an earlier run that begin with a byte order mark are read like any', async () => {
  const earlier = join(folder, 'unmarked.json');
  const marked = written('marked.txt', '\uFEFF{"a":1}\r\n{"a":2}\r\n');
  const telling = written(
    'telling.mjs',
    'export default { upstream: async (payload) => void process.stdout.write(`${typeof payload} `) };',
  );
  const { code, stdout, stderr } = await bench(telling, '--keys', marked, '--json', earlier);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /object /);
  assert.doesNotMatch(stdout, /string /);
  const run = await bench(
    plain,
    '--keys',
    marked,
    '--against',
    written('marked.json', `\uFEFF${readFileSync(earlier, 'utf8')}`),
    '--threshold',
    '100',
  );
  assert.match(run.stdout, /^ok {4}own\/flights, fresh/m);
});

test('a module that was compiled for require is measured', async () => {
  const compiled = written(
    'compiled.cjs',
    "Object.defineProperty(exports, '__esModule', { value: true });\nexports.payload = (line) => ({ line });\n" +
      'exports.default = { upstream: async (payload) => void process.stdout.write(`${typeof payload} `) };\n',
  );
  const { code, stdout, stderr } = await bench(compiled);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /object /);
});
