// Types are held to what users write: one file that must compile against the declarations of this build, and one in which every marked line must be
// refused with the code that is marked (`// expect: TS2345`), and no other line. The compiler itself is run, as a user runs it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const here = import.meta.dirname;
const root = join(here, '..', '..', '..');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** A fixture's source, checked by the compiler after all: line numbers stay. */
const sourceOf = (name: string): string =>
  readFileSync(join(root, 'test', 'types', 'fixtures', `${name}.ts`), 'utf8').replace('// @ts-nocheck', '//');

/** Compiles sources where their relative imports meet this build's declarations. Returns complaints, `line code`, by name. */
function compile(folder: string, sources: Readonly<Record<string, string>>): Map<string, string[]> {
  const directory = join(here, folder);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, source] of Object.entries(sources)) writeFileSync(join(directory, `${name}.ts`), source);
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')) as {
    compilerOptions: object;
  };
  const options = {
    ...compilerOptions,
    noEmit: true,
    rootDir: root,
    typeRoots: [join(root, 'node_modules', '@types')],
    noUnusedLocals: false,
  };
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: Object.keys(sources).map((name) => `${name}.ts`) }),
  );
  const { stdout, stderr } = spawnSync(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '-p', directory], {
    encoding: 'utf8',
    cwd: directory,
  });
  assert.equal(stderr, '');
  rmSync(directory, { recursive: true, force: true });
  const complaints = new Map(Object.keys(sources).map((name) => [name, [] as string[]]));
  for (const line of stdout.split('\n').filter((text) => /^\S/.test(text))) {
    const [, name = '', at = '', code = ''] = /([^/\\]+)\.ts\((\d+),\d+\): error (TS\d+)/.exec(line) ?? [];
    assert.ok(complaints.has(name), `a complaint about something else: ${line}`);
    complaints.get(name)?.push(`${at} ${code}`);
  }
  return complaints;
}

const marksOf = (source: string): string[] =>
  source.split('\n').flatMap((line, index) => {
    const code = /\/\/ expect: (TS\d+)$/.exec(line)?.[1];
    return code === undefined ? [] : [`${index + 1} ${code}`];
  });

const refused = sourceOf('refused');
const inferred = sourceOf('inferred');
const complaints = compile('checked', { refused, inferred });

test('payload, value, scope and configuration are inferred from the record of targets', () => {
  assert.deepEqual(complaints.get('inferred'), []);
});

test('what must not compile is refused, line by line, with the expected complaint', () => {
  const marks = marksOf(refused);
  assert.ok(marks.length >= 40);
  assert.deepEqual([...new Set(complaints.get('refused'))], marks);
});

test('a claim that does not hold and a mark that does not fit are found', () => {
  const wrong = 'holds<Same<Parameters<typeof users.request>[0], number>>();\n';
  const found = compile('checked-wrong', { inferred: `${inferred}${wrong}` }).get('inferred');
  assert.deepEqual(found, [`${inferred.split('\n').length} TS2344`]);
});
