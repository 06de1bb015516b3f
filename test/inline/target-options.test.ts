// What targets and requests may say is checked too: the path, what was expected, what came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { openStage } from './stage.js';

const make = createCoalescer as (options: unknown) => unknown;
const TIMER_MAX = 2_147_483_647;

test('targets are checked: a record of functions or { run }, with nothing unknown in it', () => {
  const run = (payload: string): string => payload;
  const wrong: readonly [given: unknown, message: RegExp][] = [
    [undefined, /targets.*got undefined/],
    [null, /targets.*got null/],
    [[run], /targets.*got an array/],
    [run, /targets.*got a function$/],
    [{ one: { run, weight: run } }, /targets\.one\.weight: .*got a function$/],
    [{ one: { run, credential: ['a'] } }, /targets\.one\.credential: .*got an array$/],
    [{}, /targets.*got 0/],
    [Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`t${index}`, run])), /targets.*got 25/],
    [{ '0': run }, /targets\.0.*integer/],
    [{ one: run, '17': run }, /targets\.17.*integer/],
    [{ one: 7 }, /targets\.one.*got 7/],
    [{ one: null }, /targets\.one/],
    [{ one: { call: run } }, /targets\.one.*'run'/],
    [{ one: { run, heft: 5 } }, /targets\.one\.heft/],
    [{ one: { run, classify: 'http' } }, /targets\.one\.classify.*function.*'http'/],
    [{ one: { run, replayable: 'no' } }, /targets\.one\.replayable.*true or false.*'no'/],
    [{ one: { run, attemptTimeoutMs: 0 } }, /targets\.one\.attemptTimeoutMs.*got 0/],
    [{ one: { run, attemptTimeoutMs: Number.NaN } }, /targets\.one\.attemptTimeoutMs.*got NaN/],
    [{ one: { run, attemptTimeoutMs: TIMER_MAX + 1 } }, /targets\.one\.attemptTimeoutMs: expected .*, at most 2147483647, got 2147483648/],
  ];
  for (const [given, message] of wrong) assert.throws(() => make({ scope: 'public', targets: given }), { message });
});

test('a target that is an instance of a class is called as its method', async () => {
  class Database {
    readonly rows = new Map([['a', 'row a']]);
    calls = 0;
    run(key: string): string | undefined {
      this.calls++;
      return this.rows.get(key);
    }
  }
  class Reader {
    readonly #database: Database;
    constructor(database: Database) {
      this.#database = database;
    }
    run(key: string): string | undefined {
      return this.#database.run(key);
    }
  }
  const database = new Database();
  const coalescer = createCoalescer({ scope: 'public', targets: { reader: new Reader(database) } });
  assert.equal(await coalescer.request('a'), 'row a');
  assert.equal(database.calls, 1);
  await coalescer.close();
});

test('a class instance may be a target, with fields of its own', async () => {
  class Reader {
    readonly client = { read: (key: string) => `row ${key}` };
    calls = 0;
    run(key: string): string {
      this.calls++;
      return this.client.read(key);
    }
  }
  const reader = new Reader();
  const coalescer = createCoalescer({ scope: 'public', targets: { reader } });
  assert.equal(await coalescer.request('a'), 'row a');
  assert.equal(reader.calls, 1);
  await coalescer.close();
});

test('the options of a request are checked with their path, what was expected and what came', async () => {
  const { coalescer, calls } = openStage();
  const wrong: readonly [options: unknown, message: RegExp][] = [
    [7, /options.*expected an object.*got 7/],
    [{ signal: {} }, /signal.*AbortSignal.*an object/],
    [{ signal: 'abort' }, /signal.*AbortSignal.*'abort'/],
    [{ signal: null }, /signal.*AbortSignal.*null/],
    [{ timeoutMs: 0 }, /timeoutMs.*milliseconds.*got 0/],
    [{ timeoutMs: -5 }, /timeoutMs.*got -5/],
    [{ timeoutMs: Number.NaN }, /timeoutMs.*got NaN/],
    [{ timeoutMs: '5' }, /timeoutMs.*got '5'/],
    [{ timeoutMs: null }, /timeoutMs.*got null/],
    [{ fresh: 1 }, /fresh.*true or false.*got 1/],
    [{ fresh: 'no' }, /fresh.*true or false.*got 'no'/],
  ];
  for (const [options, message] of wrong) {
    await assert.rejects(coalescer.request('a', options as never), (error: Error) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.equal(calls(), 0);
  const { requests, refused, airborne } = coalescer.stats();
  assert.deepEqual([requests, refused, airborne], [wrong.length, wrong.length, 0]);
});
