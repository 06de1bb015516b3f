// Options are checked when the coalescer is made: the path, what was expected, what came. Nothing wrong waits for production.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coalesce, createCoalescer } from '../../src/index.js';
import { countedEnvironment, openStage } from './stage.js';

const make = createCoalescer as unknown as (options: unknown) => { request(payload: string): Promise<unknown> };
const targets = { only: (payload: string): string => payload };
const noop = (): undefined => undefined;

const TIMER_MAX = 2_147_483_647;
type Wrong = readonly [value: unknown, came: string];
const noNumbers: readonly Wrong[] = [
  ['5', "'5'"],
  [null, 'null'],
  [{}, 'an object'],
  [true, 'true'],
  [noop, 'a function'],
  [[], 'an empty array'],
];
const noMs: readonly Wrong[] = [
  ...noNumbers,
  [-1, '-1'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [TIMER_MAX + 1, '2147483648'],
];
const noWhole: readonly Wrong[] = [
  ...noNumbers,
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
];
const noFunctions: readonly Wrong[] = [
  ['f', "'f'"],
  [null, 'null'],
  [7, '7'],
  [{}, 'an object'],
];

/** For each option what is expected (a part of the words for it), and what is refused. */
const checks: Readonly<Record<string, { readonly expected: RegExp; readonly wrong: readonly Wrong[] }>> = {
  name: {
    expected: /name/,
    wrong: [
      ['', "''"],
      ['x'.repeat(101), "'xxx"],
      [7, '7'],
      [null, 'null'],
    ],
  },
  scope: {
    expected: /'public', 'per-request' or a function/,
    wrong: [
      ['acme', "'acme'"],
      [null, 'null'],
      ['', "''"],
      [{}, 'an object'],
    ],
  },
  key: { expected: /function/, wrong: noFunctions },
  share: {
    expected: /'readonly', 'frozen', 'copy' or 'same'/,
    wrong: [
      ['clone', "'clone'"],
      [true, 'true'],
      [null, 'null'],
    ],
  },
  flightTimeoutMs: { expected: /milliseconds/, wrong: [...noMs, [0, '0']] },
  attemptTimeoutMs: { expected: /milliseconds/, wrong: [...noMs, [0, '0']] },
  maxAttempts: { expected: /whole number, 1 to 5/, wrong: [...noWhole, [6, '6']] },
  'backoff.baseMs': { expected: /milliseconds/, wrong: noMs },
  'backoff.maxMs': { expected: /milliseconds/, wrong: noMs },
  abandonAfterMs: { expected: /milliseconds.*or 'finish'/, wrong: [...noMs, ['never', "'never'"]] },
  joinWithinMs: { expected: /milliseconds/, wrong: noMs },
  carry: { expected: /function/, wrong: noFunctions },
  relaunchesMax: { expected: /whole number, 0 to 10/, wrong: [...noNumbers, [-1, '-1'], [11, '11'], [0.5, '0.5']] },
  detectReentrance: {
    expected: /true or false/,
    wrong: [
      ['yes', "'yes'"],
      [1, '1'],
      [null, 'null'],
    ],
  },
  'limits.flights': { expected: /whole number/, wrong: noWhole },
  'limits.waitersPerFlight': { expected: /whole number/, wrong: noWhole },
  'limits.payloadBytes': { expected: /whole number/, wrong: noWhole },
  'limits.resultBytes': { expected: /whole number/, wrong: noWhole },
  'limits.airborneBytes': { expected: /whole number/, wrong: noWhole },
  environment: {
    expected: /now, setTimer, clearTimer, random/,
    wrong: [
      [{}, 'an object'],
      [{ now: noop, setTimer: noop, clearTimer: noop }, 'an object'],
      [null, 'null'],
      [noop, 'a function'],
    ],
  },
};

/** Options with one of them set, at its path. */
function withOption(path: string, value: unknown): object {
  const [group, name] = path.split('.') as [string, string | undefined];
  return { scope: 'public', targets, [group]: name === undefined ? value : { [name]: value } };
}

for (const [path, { expected, wrong }] of Object.entries(checks)) {
  test(`options.${path} is checked when the coalescer is made`, () => {
    for (const [value, came] of wrong) {
      assert.throws(
        () => make(withOption(path, value)),
        (error: unknown) => {
          assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
          assert.ok(error.message.includes(`options.${path}`), error.message);
          assert.match(error.message, expected);
          assert.ok(error.message.includes(`got ${came}`), `${error.message} (got ${came})`);
          return true;
        },
        `${path}: ${came}`,
      );
    }
    if (path !== 'scope') assert.doesNotThrow(() => make(withOption(path, undefined)));
  });
}

test('a wrong kind is a TypeError, a wrong value a RangeError', () => {
  assert.throws(() => make({ scope: 'public', targets, flightTimeoutMs: '5' }), TypeError);
  assert.throws(() => make({ scope: 'public', targets, flightTimeoutMs: 0 }), RangeError);
});

test('the ends of each range are in it', () => {
  const ends: Readonly<Record<string, readonly unknown[]>> = {
    flightTimeoutMs: [1, TIMER_MAX],
    attemptTimeoutMs: [1, TIMER_MAX],
    maxAttempts: [1, 5],
    abandonAfterMs: [0, TIMER_MAX, 'finish'],
    joinWithinMs: [0, TIMER_MAX],
    relaunchesMax: [0, 10],
    name: ['x', 'x'.repeat(100)],
    scope: ['public', 'per-request', (payload: string) => payload],
    'limits.flights': [1],
    'limits.airborneBytes': [1],
  };
  for (const [path, values] of Object.entries(ends))
    for (const value of values) assert.doesNotThrow(() => make(withOption(path, value)), path);
});

test('the scope is required: sharing between tenants is never a default', () => {
  for (const options of [{ targets }, { targets, scope: undefined }]) assert.throws(() => make(options), /options\.scope.*required/);
});

test('an option that does not exist is refused by its name, so that no misspelt limit is ignored', () => {
  const strangers: Readonly<Record<string, object>> = {
    timeoutMs: { timeoutMs: 5 },
    'keep.ttl': { keep: { ttl: 5 } },
    'limits.flight': { limits: { flight: 5 } },
    'backoff.factor': { backoff: { factor: 2 } },
    flightTimeoutMS: { flightTimeoutMS: 5 },
  };
  for (const [path, options] of Object.entries(strangers)) {
    assert.throws(
      () => make({ scope: 'public', targets, ...options }),
      (error: Error) => error.message.includes(`options.${path}`),
      path,
    );
  }
});

test('groups of options and the options themselves must be objects', () => {
  for (const limits of [null, 5, 'many'])
    assert.throws(() => make({ scope: 'public', targets, limits }), /options\.limits.*expected an object/);
  for (const backoff of [null, 5]) assert.throws(() => make({ scope: 'public', targets, backoff }), /options\.backoff.*expected an object/);
  for (const options of [undefined, null, 5, 'public']) assert.throws(() => make(options), /expected an object/);
});

test('what is changed in the options after the coalescer was made changes nothing', async () => {
  const { environment } = openStage();
  let calls = 0;
  const record: Record<string, (payload: string) => string> = { only: () => `first ${++calls}` };
  const options = { scope: 'public', targets: record, environment, limits: { flights: 10 }, name: 'before' };
  const coalescer = make(options);
  record['only'] = () => `second ${++calls}`;
  record['more'] = () => 'more';
  options.name = 'after';
  options.limits.flights = 0;
  assert.equal(await coalescer.request('a'), 'first 1');
  assert.equal((coalescer as unknown as { stats(): { name: string } }).stats().name, 'before');
});

test('coalesce checks what it is given', () => {
  assert.throws(() => coalesce(undefined as never, { scope: 'public' }), /expected a function/);
  assert.throws(() => coalesce(async (id: number) => id, {} as never), /options\.scope/);
  assert.throws(() => coalesce(async (id: number) => id, { scope: 'public', maxAttempts: 9 }), /options\.maxAttempts/);
  assert.equal(countedEnvironment().timers(), 0);
});
