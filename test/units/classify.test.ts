// What an error means when its target does not say: statuses, codes and the retry-after family, however clients spell them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyHttp, codeOf, messageOf, retryAfterMsOf, statusOf } from '../../workers/classify.js';

const ANSWERS = new Set([400, 404, 405, 410, 413, 414, 415, 422]);

test('of all statuses exactly those that blame the request are answers', () => {
  for (let status = 100; status <= 599; status++) {
    const verdict = ANSWERS.has(status) ? 'answer' : 'failover';
    for (const error of [{ status }, { statusCode: status }, { response: { status } }])
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
  assert.equal(codeOf({ code: 7, cause: null }), undefined);
  assert.equal(messageOf(new Error('x'.repeat(600))).length, 500);
  assert.equal(typeof messageOf(Object.create(null)), 'string');
});

test('how long to stay away is read from the error or its headers, and nonsense is no time', () => {
  const cases: readonly (readonly [unknown, number])[] = [
    [{ retryAfterMs: 250 }, 250], [{ retryAfterMs: -5 }, 0], [{ headers: { 'retry-after': '3' } }, 3_000], [{ headers: new Headers({ 'retry-after-ms': '20', 'retry-after': '3' }) }, 20],
    [{ response: { headers: { 'retry-after': 2 } } }, 2_000], [{ headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' } }, 0], [{ headers: { 'retry-after': '99999999999' } }, 0], [{}, 0], [null, 0], ['3', 0],
    [{ headers: { get: () => { throw new Error('boom'); } } }, 0], [{ retryAfterMs: Number.NaN, headers: { 'retry-after': '1' } }, 1_000],
  ]; // biome-ignore format: a table
  for (const [error, ms] of cases) assert.equal(retryAfterMsOf(error), ms);
});
