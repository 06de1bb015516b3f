// An inline user pays for no thread, and not for a hundred files: what a process loads that uses the published package inline is listed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { root } from '../house/tree.js';

const run = promisify(execFile);
/** Each costs 0.7 ms of everybody's start. */
const FILES_MAX = 3;

interface Listed {
  readonly text: unknown;
  readonly forText: readonly string[];
  readonly record: unknown;
  readonly forRecord: readonly string[];
}

const packagesOf = (files: readonly string[]): string[] => {
  const names = files.flatMap((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return [...new Set(names)];
};

for (const how of ['import', 'require']) {
  test(`an inline user loads a handful of files by ${how}, and no dependency`, async () => {
    const script = fileURLToPath(new URL('./fixtures/list-modules.js', import.meta.url));
    const { stdout } = await run(process.execPath, ['--no-warnings', script, how], { timeout: 20_000 });
    const { text, forText, record, forRecord } = JSON.parse(stdout) as Listed;
    assert.equal(text, 'x');
    assert.deepEqual(record, { b: 1, a: 2 });
    const ours = forText.filter((path) => !path.includes('/node_modules/') && !path.endsWith('/list-modules.js'));
    assert.ok(
      ours.some((path) => path.endsWith('/index.js')),
      'the list is a list',
    );
    assert.ok(ours.length <= FILES_MAX, `${ours.length} files:\n${ours.join('\n')}`);
    assert.deepEqual(
      ours.filter((path) => /\/(?:shards|local-hosts|host|thread-entry|loader|machines|bench)\.c?js$/.test(path)),
      [],
    );
    assert.deepEqual(packagesOf([...forText, ...forRecord]), []);
  });
}

// Node loads its own modules when they are first asked for: all that it has of streams takes 3 ms.
test('what is imported asks Node for no streams, threads or ciphers before they are needed', async () => {
  const script =
    "import('data:text/javascript,').then(() => { const first = new Set(process.moduleLoadList); return import(process.argv[1]).then(() => console.log(process.moduleLoadList.filter((name) => !first.has(name)).join('\\n'))); })";
  const { stdout } = await run(process.execPath, ['--no-warnings', '-e', script, import.meta.resolve('coalescer')], { timeout: 20_000 });
  const loaded = stdout.trim().split('\n');
  assert.ok(
    loaded.every((name) => /^(?:NativeModule|Internal Binding) /.test(name)),
    'the list is a list',
  );
  assert.deepEqual(
    loaded.filter((name) => /stream|worker|crypto|http/.test(name)),
    [],
  );
});

test('what is bundled comes with its licence', () => {
  const bundle = fileURLToPath(import.meta.resolve('coalescer'));
  assert.ok(existsSync(join(dirname(bundle), 'safe-stable-stringify.LICENSE')));
});

/** Loaded by who looks at machines, or measures. */
const NOT_AT_START = new Set(['machines.js', 'bench.js']);

test('what a service loads is ASCII: for one other character V8 reads a whole file as UTF-16, and an import takes 2 ms longer', () => {
  const bundles = join(root, 'dist', 'bundle');
  for (const folder of [bundles, join(bundles, 'cjs')]) {
    for (const file of readdirSync(folder).filter((name) => /\.c?js$/.test(name) && !NOT_AT_START.has(name))) {
      const [found] = /[\u0080-\uffff].{0,20}/.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
      assert.equal(found, undefined, file);
    }
  }
});
