// On to the next target: in order, at once, never again where it failed while another is left, and never more calls than allowed. LESSONS 25, 26.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, flightOf, type CoalescerError } from '../../src/index.js';
import { codeOf, countedEnvironment, httpError, openStage, watch } from './stage.js';

test('targets are tried in the order written, each at once after the one before has failed', async () => {
  const { coalescer, primary, backup, third, environment, settled } = openStage({}, 3);
  const waiter = watch(coalescer.request('a'));
  assert.deepEqual([primary.calls.length, backup.calls.length, third.calls.length], [1, 0, 0]);
  primary.calls[0]!.reject(httpError(503));
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length, third.calls.length], [1, 1, 0]);
  backup.calls[0]!.reject(httpError(503));
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length, third.calls.length], [1, 1, 1]);
  assert.equal(environment.now(), 0);
  third.calls[0]!.resolve('third time lucky');
  await settled();
  assert.equal(waiter.value, 'third time lucky');
});

test('who joins while the flight fails over changes nothing, and gets the same answer', async () => {
  const { coalescer, primary, backup, calls, settled } = openStage({}, 2);
  const before = watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  const between = watch(coalescer.request('a'));
  await settled();
  const after = watch(coalescer.request('a'));
  assert.equal(calls(), 2);
  backup.calls[0]!.resolve('answer');
  await settled();
  assert.deepEqual([before.value, between.value, after.value], ['answer', 'answer', 'answer']);
});

test('the leader leaving in the middle of the failover does not stop it', async () => {
  const { coalescer, primary, backup, calls, settled } = openStage({}, 2);
  const leaving = new AbortController();
  watch(coalescer.request('a', { signal: leaving.signal }));
  const follower = watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  leaving.abort();
  await settled();
  assert.equal(calls(), 2);
  backup.calls[0]!.resolve('answer');
  await settled();
  assert.equal(follower.value, 'answer');
});

test('by default there are as many calls as targets, and at most three', async () => {
  for (const [count, expected] of [
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 3],
  ] as const) {
    const called: string[] = [];
    const names = ['a', 'b', 'c', 'd', 'e'].slice(0, count);
    const targets = Object.fromEntries(
      names.map((name) => [name, async (): Promise<string> => (called.push(name), Promise.reject(httpError(500)))]),
    );
    const environment = countedEnvironment();
    const coalescer = createCoalescer({ scope: 'public', targets, environment });
    const waiter = watch(coalescer.request('x'));
    await environment.settle();
    assert.deepEqual(called, names.slice(0, expected));
    assert.equal(waiter.state, 'rejected');
  }
});

test('maxAttempts bounds the calls of a flight, however many wait', async () => {
  for (const maxAttempts of [1, 2, 3, 4, 5]) {
    const { coalescer, primary, backup, third, environment, calls } = openStage({ maxAttempts }, 3);
    const waiters = Array.from({ length: 100 }, () => watch(coalescer.request('a')));
    for (let round = 0; round < 12; round++) {
      for (const { calls: theirs } of [primary, backup, third]) for (const call of theirs) call.reject(httpError(503));
      await environment.advance(1_000);
    }
    assert.equal(calls(), maxAttempts);
    assert.equal(new Set(waiters.map(({ reason }) => reason)).size, 1);
  }
});

test('no target is called again while one is left that has not failed', async () => {
  const { coalescer, primary, backup, third, environment } = openStage({ maxAttempts: 5 }, 3);
  const order: string[] = [];
  watch(coalescer.request('a'));
  for (let round = 0; round < 12; round++) {
    for (const [name, { calls }] of Object.entries({ primary, backup, third })) {
      for (const call of calls.slice(order.filter((called) => called === name).length)) {
        order.push(name);
        call.reject(httpError(503));
      }
    }
    await environment.advance(500);
  }
  assert.equal(order.length, 5);
  assert.equal(new Set(order.slice(0, 3)).size, 3);
  assert.deepEqual(order.slice(0, 3), ['primary', 'backup', 'third']);
});

test('exhaustion lists every attempt, in order, with how it ended, and the last error as its cause', async () => {
  const { coalescer, primary, backup, third, environment, calls } = openStage({ name: 'users', attemptTimeoutMs: 100 }, 3);
  const waiter = watch(coalescer.request('a'));
  const last = Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' });
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(110);
  assert.equal(third.calls.length, 1);
  third.calls[0]!.reject(last);
  await environment.advance(0);
  assert.equal(calls(), 3);
  assert.equal(backup.calls[0]!.signal.aborted, true);
  const error = waiter.reason as CoalescerError;
  assert.equal(error.code, 'COALESCER_TARGETS_FAILED');
  assert.equal(error.cause, last);
  assert.deepEqual([error.coalescer, error.key], ['users', 'a']);
  assert.deepEqual(
    error.attempts?.map(({ target, attempt, end, status, code, message }) => ({ target, attempt, end, status, code, message })),
    [
      { target: 'primary', attempt: 1, end: 'failed', status: 503, code: undefined, message: 'HTTP 503' },
      { target: 'backup', attempt: 2, end: 'timed-out', status: undefined, code: undefined, message: error.attempts?.[1]?.message },
      { target: 'third', attempt: 3, end: 'failed', status: undefined, code: 'EHOSTUNREACH', message: 'no route' },
    ],
  );
  for (const { durationMs } of error.attempts ?? []) assert.ok(durationMs >= 0);
  assert.ok((error.attempts?.[1]?.durationMs ?? 0) >= 100);
});

test('all waiters of a flight get one error object, which nobody can write to, and which knows its flight', async () => {
  const { coalescer, primary, backup, calls, settled } = openStage({}, 2);
  const waiters = Array.from({ length: 5 }, () => watch(coalescer.request('a')));
  primary.calls[0]!.reject(httpError(500));
  await settled();
  backup.calls[0]!.reject(httpError(500));
  await settled();
  assert.equal(calls(), 2);
  const [error] = waiters.map(({ reason }) => reason as CoalescerError);
  for (const { reason } of waiters) assert.equal(reason, error);
  assert.equal(Object.isFrozen(error), true);
  assert.equal(Object.isFrozen(error?.attempts), true);
  assert.equal(Object.isFrozen(error?.attempts?.[0]), true);
  const report = flightOf(error);
  assert.deepEqual([report?.waiters, report?.failedOver, report?.target, report?.attempts.length], [5, true, null, 2]);
});

test('a coalescer with one target rejects with the error as thrown, to all waiters, and flightOf knows it', async () => {
  for (const maxAttempts of [1, 3]) {
    const { coalescer, primary, environment } = openStage({ maxAttempts });
    const waiters = Array.from({ length: 3 }, () => watch(coalescer.request('a')));
    let last: Error | undefined;
    for (let round = 0; round < 6; round++) {
      const call = primary.calls[round];
      if (call !== undefined) call.reject((last = httpError(503)));
      await environment.advance(1_000);
    }
    assert.equal(primary.calls.length, maxAttempts);
    for (const { reason } of waiters) assert.equal(reason, last);
    assert.equal(Object.isFrozen(last), false, 'the error is the user’s');
    assert.equal(flightOf(last)?.attempts.length, maxAttempts);
    assert.equal(flightOf(last)?.waiters, 3);
  }
});

test('flightOf knows nothing of errors that came from no flight', () => {
  for (const strange of [new Error('mine'), undefined, null, 'text', 7, {}, () => 1]) assert.equal(flightOf(strange), undefined);
});

test('each attempt has a state of its own: number, signal, target and context are those of its call', async () => {
  const seen: { attempt: number; target: string; signal: AbortSignal; key: string | null }[] = [];
  const environment = countedEnvironment();
  const run = async (_: string, context: { attempt: number; target: string; signal: AbortSignal; key: string | null }): Promise<string> => {
    const { attempt, target, signal, key } = context;
    seen.push({ attempt, target, signal, key });
    throw httpError(503);
  };
  const coalescer = createCoalescer({ scope: 'public', targets: { one: run, two: run }, maxAttempts: 4, environment });
  const waiter = watch(coalescer.request('a'));
  await environment.settle();
  assert.equal(seen.length, 4);
  assert.deepEqual(
    seen.map(({ attempt }) => attempt),
    [1, 2, 3, 4],
  );
  assert.deepEqual(
    seen.slice(0, 2).map(({ target }) => target),
    ['one', 'two'],
  );
  assert.equal(new Set(seen.map(({ signal }) => signal)).size, 4);
  assert.deepEqual(new Set(seen.map(({ key }) => key)), new Set(['a']));
  assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
});

test('health is the flight’s own: the next flight begins with the first target again', async () => {
  const { coalescer, primary, backup, settled } = openStage({}, 2);
  for (let round = 0; round < 3; round++) {
    const waiter = watch(coalescer.request('a'));
    assert.equal(primary.calls.length, round + 1);
    primary.calls[round]!.reject(httpError(503));
    await settled();
    backup.calls[round]!.resolve('ok');
    await settled();
    assert.equal(waiter.value, 'ok');
  }
});
