// A major collection while nothing is in the air throws away no code of ours: the shapes that it was compiled for outlast their objects. Without
// that the next 13,000 flights are up to six times slower.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { readText, root } from '../house/tree.js';
import { flightOf } from '../units/flights.js';

const run = promisify(execFile);

/** For each collection, the functions that lost their code by it. */
async function collections(way: string): Promise<Set<string>[]> {
  const { stdout } = await run(
    process.execPath,
    ['--expose-gc', '--trace-deopt', '--no-warnings', join(import.meta.dirname, 'fixtures', 'collect.js'), way],
    { maxBuffer: 64 * 2 ** 20 },
  );
  const lostBy = (told: string): string[] => {
    const lines = told.split('\n').filter((line) => /reason: .*weak objects/.test(line));
    return lines.flatMap((line) => [...line.matchAll(/SharedFunctionInfo ([^>]*)>/g)].map(([, name]) => name ?? ''));
  };
  const [, ...told] = stdout.split(/^collection \d+$/m);
  return told.map((each) => new Set(lostBy(each).filter((name) => isOurs(name))));
}

const sources = ['src', 'workers'].flatMap((folder) => readdirSync(join(root, folder)).map((file) => readText(`${folder}/${file}`)));
const declared = /^(?: {2}(?:(?:readonly|static|get|set|async) )*#?|(?:export )?(?:async )?(?:function|class|const) )(\w+)/gm;
const ours = new Set(sources.flatMap((source) => [...source.matchAll(declared)].map(([, name]) => name)));
const isOurs = (name: string): boolean => ours.has(name.replace(/^(?:get |set )?#?/, '')) || name === 'makeForgotten';

describe('after a collection', { concurrency: 2 }, () => {
  for (const way of [
    'plain values',
    'payloads that are objects',
    'what crosses',
    'waiters that may leave',
    'a first target that fails',
    'attempts that may be hedged',
    'streams',
  ]) {
    test(`the code for ${way} is still there`, async () => {
      const last = (await collections(way)).slice(-4);
      // Lost once is what V8 had learned better meanwhile.
      const lost = last.flatMap((names, at) => [...names].filter((name) => last.slice(at + 1).some((later) => later.has(name))));
      assert.deepEqual(lost, []);
    });
  }

  test('that of shapes which nothing keeps is gone', async () => {
    assert.ok((await collections('shapes that nothing keeps')).some((names) => names.has('makeForgotten')));
  });
});

test('a flight that is in the air while the first of all settles keeps the shape of all', () => {
  setFlagsFromString('--allow-natives-syntax');
  const haveOneShape = runInThisContext('(one, other) => %HaveSameMap(one, other)') as (one: object, other: object) => boolean;
  const [flying, settled] = [flightOf({ launchedAt: 1.5 }), flightOf({ launchedAt: 2.5 })];
  // A number that is whole in one and a fraction in the other makes two shapes; the older is given up, one object at each touch.
  settled.endedAt = 3.5;
  assert.ok(haveOneShape(flying, settled));
});
