// What an error means when its target does not say: statuses, codes and the retry-after family, however clients spell them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  classifyHttp,
  codeOf,
  isSpendCap,
  messageOf,
  RETRY_AFTER_MS_MAX,
  retryAfterMsOf,
  saysNothing,
  statusOf,
} from '../../workers/classify.js';

const ANSWERS = new Set([400, 404, 405, 410, 413, 414, 415, 422]);

test('of all statuses exactly those that blame the request are answers', () => {
  for (let status = 100; status <= 599; status++) {
    const verdict = ANSWERS.has(status) ? 'answer' : 'failover';
    for (const error of [{ status }, { statusCode: status }, { response: { status } }, { response: { statusCode: status } }])
      assert.equal(classifyHttp(error), verdict, String(status));
  }
});

test('an AbortError is an answer; errors without a status, and whatever else is thrown, fail over', () => {
  assert.equal(classifyHttp(new DOMException('a', 'AbortError')), 'answer');
  for (const error of [
    new Error('a'),
    Object.assign(new Error('a'), { code: 'ECONNRESET' }),
    'text',
    null,
    undefined,
    7,
    { status: '404' },
    { status: 404.5 },
    { status: 7 },
    new DOMException('a', 'TimeoutError'),
  ])
    assert.equal(classifyHttp(error), 'failover');
});

test('fields are read without running into getters that throw', () => {
  const error = {
    get status(): number {
      throw new Error('boom');
    },
    statusCode: 404,
  };
  assert.equal(statusOf(error), 404);
  assert.equal(codeOf({ cause: { code: 'ECONNRESET' } }), 'ECONNRESET');
  // An SDK's "Connection error." around fetch's "fetch failed" around what befell.
  assert.equal(codeOf({ cause: { cause: { code: 'UND_ERR_SOCKET' } } }), 'UND_ERR_SOCKET');
  const circular: { cause?: unknown } = {};
  circular.cause = circular;
  assert.equal(codeOf(circular), undefined);
  assert.equal(codeOf({ code: 7, cause: null }), undefined);
  assert.equal(messageOf(new Error('x'.repeat(600))).length, 500);
  assert.equal(typeof messageOf(Object.create(null)), 'string');
});

const DATE = 'Wed, 21 Oct 2026 07:28:00 GMT';
const AT = Date.UTC(2026, 9, 21, 7, 28);
const asked = (error: unknown, wallNow = AT - 90_000): number => retryAfterMsOf(error, { wallNow: () => wallNow });
const after = (value: unknown): unknown => ({ headers: { 'retry-after': value } });

test('how long to stay away is read from the error or its headers, in seconds or milliseconds', () => {
  const cases: readonly (readonly [unknown, number])[] = [
    [{ retryAfterMs: 250 }, 250], [after('3'), 3_000], [after(' 3 '), 3_000], [after('1.5'), 1_500], [{ headers: new Headers({ 'retry-after-ms': '20', 'retry-after': '3' }) }, 20],
    [{ response: { headers: { 'retry-after': 2 } } }, 2_000], [{ headers: { 'Retry-After': '4' } }, 4_000], [{ headers: { 'Retry-After-Ms': '7.5' } }, 7.5],
    [{ retryAfterMs: Number.NaN, headers: { 'retry-after': '1' } }, 1_000], [{ retryAfterMs: '5', headers: { 'retry-after': '1' } }, 1_000],
    [{ headers: { 'retry-after-ms': 'soon', 'retry-after': '1' } }, 1_000], [after('0'), 0],
  ]; // biome-ignore format: a table
  for (const [error, ms] of cases) assert.equal(asked(error), ms, JSON.stringify(error));
});

test('a date counts from the date of its answer, else from the wall clock, in all forms that HTTP knows', () => {
  for (const date of [DATE, 'Wednesday, 21-Oct-26 07:28:00 GMT', 'Wed Oct 21 07:28:00 2026'])
    assert.equal(asked(after(date)), 90_000, date);
  assert.equal(asked({ headers: new Headers({ 'retry-after': DATE, date: 'Wed, 21 Oct 2026 07:27:58 GMT' }) }), 2_000);
  assert.equal(asked({ headers: { 'retry-after': DATE, date: 'yesterday' } }), 90_000);
  assert.equal(asked(after(DATE), AT + 5_000), 0, 'it is past');
});

test('a date that does not say GMT means it, whatever the time zone of the process', (t) => {
  const zone = process.env['TZ'];
  t.after(() => {
    // Written, undefined would be the name of a zone.
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  process.env['TZ'] = 'America/New_York';
  assert.equal(asked(after('Wed Oct 21 07:28:00 2026')), 90_000);
});

test('nonsense is no time, and nobody is left alone for more than an hour', () => {
  const nonsense = [
    '-1', '1e9', '0x10', 'soon', '', '   ', '1,2', '3 seconds', 'Infinity', 'NaN', '2026-10-21T07:28:00Z', 'Wed, 99 Foo 2026 07:28:00 GMT', 'Wed, 21 Oct 2026 25:99:00 GMT', 'x'.repeat(100_000), {}, null, ['3'], Number.NaN,
  ]; // biome-ignore format: a table
  for (const value of nonsense) assert.equal(asked(after(value)), 0, JSON.stringify(value)?.slice(0, 100));
  const getter = { headers: { get: () => { throw new Error('boom'); } } }; // biome-ignore format: one thought
  for (const error of [{}, null, '3', getter, { retryAfterMs: -5 }, { retryAfterMs: -Infinity }]) assert.equal(asked(error), 0);
  for (const value of ['99999999999', '1'.repeat(400), 'Fri, 21 Oct 2050 07:28:00 GMT'])
    assert.equal(asked(after(value)), RETRY_AFTER_MS_MAX, value);
  for (const retryAfterMs of [1e11, Infinity, Number.MAX_VALUE]) assert.equal(asked({ retryAfterMs }), RETRY_AFTER_MS_MAX);
});

test('a spend cap is told from a rate limit, as providers say it', () => {
  const caps: readonly unknown[] = [
    { status: 429, error: { details: { error_code: 'enforced_spend_limit_reached' } } }, { status: 429, code: 'insufficient_quota' },
    { error: { type: 'insufficient_quota' } }, { error: { error: { code: 'billing_hard_limit_reached' } } }, { details: { error_code: 'enforced_spend_limit_reached' } },
  ]; // biome-ignore format: a table
  for (const error of caps) assert.equal(isSpendCap(error), true, JSON.stringify(error));
  for (const error of [null, 'insufficient_quota', {}, { status: 429, code: 'rate_limit_exceeded' }, { error: null }])
    assert.equal(isSpendCap(error), false);
  const throwing = {
    get code(): string {
      throw new Error('boom');
    },
    type: 'insufficient_quota',
  };
  assert.equal(isSpendCap(throwing), true, 'one field that throws hides no other');
});

test('an error says nothing where neither a status, nor a time, nor a cap, nor whose will it was can be read from it', () => {
  const silent = [
    new Error('down'),
    new TypeError('fetch failed', { cause: new Error('inner') }),
    Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    {},
  ];
  for (const error of silent) assert.equal(saysNothing(error), true);
  const fields = [
    'status',
    'statusCode',
    'response',
    '$response',
    'headers',
    'responseHeaders',
    'retryAfterMs',
    'error',
    'data',
    'details',
  ];
  for (const field of fields) assert.equal(saysNothing(Object.assign(new Error('x'), { [field]: 0 })), false, field);
  for (const field of ['code', 'type', 'error_code']) assert.equal(saysNothing({ [field]: 'insufficient_quota' }), false, field);
  for (const error of [new DOMException('gone', 'AbortError'), 'a text', null, undefined]) assert.equal(saysNothing(error), false);
  const trap = new Proxy({}, { get: () => { throw new Error('not to be read'); } }); // biome-ignore format: one line
  assert.equal(saysNothing(trap), false, 'it is read field by field');
});
