// Targets named by a request, and requests that are not shared: who flies where, and who never meets whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRequest } from '../../src/requests.js';
import { codeOf, httpError, openStage, watch } from './stage.js';

test('a request may name its targets and their order', async () => {
  const { coalescer, primary, backup, third, settled } = openStage({}, 3);
  const waiter = watch(coalescer.request('a', { targets: ['third', 'primary'] }));
  assert.deepEqual([primary.calls.length, backup.calls.length, third.calls.length], [0, 0, 1]);
  third.calls[0]!.reject(httpError(503));
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length, third.calls.length], [1, 0, 1]);
  primary.calls[0]!.resolve('from primary');
  await settled();
  assert.equal(waiter.value, 'from primary');
});

test('requests with other targets, or another order of them, never share a flight', () => {
  const { coalescer, calls } = openStage({}, 3);
  const routes = [undefined, ['primary'], ['backup'], ['primary', 'backup'], ['backup', 'primary'], ['third', 'backup', 'primary']];
  for (const targets of routes) watch(coalescer.request('a', targets === undefined ? {} : { targets }));
  assert.equal(calls(), routes.length);
  assert.equal(coalescer.waiters({ payload: 'a' }), routes.length);
});

test('requests with the same targets share, and the full list as written is what everybody has', () => {
  const { coalescer, calls } = openStage({}, 2);
  watch(coalescer.request('a', { targets: ['backup'] }));
  watch(coalescer.request('a', { targets: ['backup'] }));
  assert.equal(calls(), 1);
  watch(coalescer.request('a'));
  watch(coalescer.request('a', { targets: ['primary', 'backup'] }));
  assert.equal(calls(), 2);
});

test('a list of targets that its owner changes later changes nothing', async () => {
  const { coalescer, primary, backup, third, settled } = openStage({}, 3);
  const targets = ['backup', 'third'];
  const waiter = watch(coalescer.request('a', { targets }));
  targets[1] = 'primary';
  backup.calls[0]!.reject(httpError(500));
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length, third.calls.length], [0, 1, 1]);
  third.calls[0]!.resolve('x');
  await settled();
  assert.equal(waiter.value, 'x');
});

test('a target that was not named is never called, whatever fails', async () => {
  const { coalescer, primary, backup, third, environment } = openStage({ maxAttempts: 5 }, 3);
  const waiter = watch(coalescer.request('a', { targets: ['backup', 'third'] }));
  for (let round = 0; round < 10; round++) {
    for (const { calls } of [backup, third]) calls.at(-1)?.reject(httpError(500));
    await environment.advance(1_000);
  }
  assert.equal(primary.calls.length, 0);
  assert.equal(backup.calls.length + third.calls.length, 5);
  assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
});

test('a request for one of several targets calls it once, and its error is there as thrown', async () => {
  const { coalescer, backup, calls, environment } = openStage({}, 3);
  const error = httpError(503);
  const waiter = watch(coalescer.request('a', { targets: ['backup'] }));
  backup.calls[0]!.reject(error);
  await environment.advance(10_000);
  assert.equal(calls(), 1);
  assert.equal((waiter.reason as Error).cause ?? waiter.reason, error);
});

test('an unknown, a repeated or no target at all is refused, and nothing is called', async () => {
  const { coalescer, calls } = openStage({}, 2);
  const wrong: readonly [targets: unknown, message: RegExp][] = [
    [['nobody'], /targets\[0\].*'primary', 'backup'.*'nobody'/],
    [['primary', 'Backup'], /targets\[1\].*'Backup'/],
    [['primary', 'primary'], /targets\[1\].*twice/],
    [['__proto__'], /targets\[0\]/],
    [['toString'], /targets\[0\]/],
    [[], /targets/],
    ['primary', /targets/],
    [[7], /targets\[0\]/],
    [null, /targets/],
  ];
  for (const [targets, message] of wrong) await assert.rejects(coalescer.request('a', { targets: targets as never }), { message });
  assert.equal(calls(), 0);
  assert.equal(coalescer.stats().refused, wrong.length);
});

test('forget, cancel and waiters find a key whatever targets its flights have', () => {
  const { coalescer, calls } = openStage({}, 2);
  watch(coalescer.request('a'));
  watch(coalescer.request('a', { targets: ['backup'] }));
  assert.equal(coalescer.waiters({ payload: 'a' }), 2);
  assert.equal(coalescer.forget({ payload: 'a' }), 2);
  watch(coalescer.request('a', { targets: ['backup'] }));
  assert.equal(calls(), 3);
  assert.equal(coalescer.cancel({ payload: 'a' }), 3);
  assert.equal(coalescer.stats().airborne, 0);
});

test('with key null every request is a flight of its own, and each fails over for itself', async () => {
  const { coalescer, primary, backup, settled } = openStage({ key: () => null }, 2);
  const waiters = Array.from({ length: 3 }, () => watch(coalescer.request('a')));
  assert.equal(primary.calls.length, 3);
  for (const call of primary.calls) call.reject(httpError(503));
  await settled();
  assert.equal(backup.calls.length, 3);
  for (const [index, call] of backup.calls.entries()) call.resolve(`answer ${index}`);
  await settled();
  assert.deepEqual(
    waiters.map(({ value }) => value),
    ['answer 0', 'answer 1', 'answer 2'],
  );
  assert.deepEqual([coalescer.stats().unshared, coalescer.stats().joined, coalescer.stats().airborne], [3, 0, 0]);
});

test('a request may ask not to be shared: it neither joins nor is joined, and takes no key from others', async () => {
  const { coalescer, primary, settled } = openStage();
  const shared = watch(coalescer.request('a'));
  const alone = watch(coalescer.request('a', { key: null }));
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  assert.deepEqual(coalescer.identify('a', { key: null }), { scope: null, key: null });
  primary.calls[1]!.resolve('alone');
  await settled();
  assert.deepEqual([shared.state, alone.value], ['pending', 'alone']);
  assert.equal(coalescer.waiters({ payload: 'a' }), 2);
});

test('an unshared flight has a time, a limit and an end like any other', async () => {
  const { coalescer, primary, environment } = openStage({ key: () => null, flightTimeoutMs: 1_000, limits: { flights: 2 } });
  const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a')), watch(coalescer.request('a'))];
  await environment.advance(1_010);
  assert.equal(primary.calls.length, 2);
  assert.deepEqual(waiters.map(codeOf), ['COALESCER_TIMEOUT', 'COALESCER_TIMEOUT', 'COALESCER_LIMIT']);
  assert.equal(coalescer.stats().airborne, 0);
});

test('a list of more targets than there may be is refused before it is looked through, also where no module has loaded yet', () => {
  const targets = Array.from({ length: 25 }, (_, at) => `t${at}`);
  assert.throws(() => checkRequest({ targets }, null), /request options\.targets: expected at most 24 names, got 25/);
  assert.doesNotThrow(() => checkRequest({ targets: targets.slice(1) }, null));
});
