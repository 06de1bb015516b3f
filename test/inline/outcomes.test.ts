// outcome: the answer with how it came about. It resolves for whatever happens in operation, and rejects for mistakes in the call.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { flightOf, type Outcome } from '../../src/index.js';
import { httpError, openStage, type Stage, type StageOptions } from './stage.js';

/** The outcome, as it is when `act` has been done. */
async function after(stage: Stage, outcome: Promise<Outcome<string>>, act: () => unknown): Promise<Outcome<string>> {
  await act();
  await stage.settled();
  return outcome;
}

test('a value of the first target that is called is told with that one attempt, whichever target that is and however long the key', async () => {
  for (const [payload, first] of [
    ['a', 'primary'],
    ['k'.repeat(10_000), 'third'],
  ] as const) {
    const stage = openStage({}, 3);
    const { coalescer, environment, calls } = stage;
    if (first === 'third') coalescer.targets.order(['third', 'primary', 'backup']);
    const asked = coalescer.outcome(payload);
    await environment.advance(40);
    const { target, attempts, failedOver } = await after(stage, asked, () => stage[first].calls[0]!.resolve('answer'));
    assert.equal(calls(), 1);
    assert.deepEqual([target, failedOver], [first, false]);
    assert.deepEqual(attempts, [{ target: first, attempt: 1, durationMs: 40, end: 'value' }]);
    const story = await coalescer.explain({ payload });
    assert.deepEqual(
      story!.events.map(({ atMs, what }) => `${atMs} ${what}`),
      ['0 launched', '0 attempt', '40 value', '40 settled'],
    );
  }
});

test('who leaves before the value of a long key comes is told of its attempt when it has come, like those who stay', async () => {
  const stage = openStage({}, 2);
  const { coalescer, primary, environment, calls } = stage;
  const payload = 'k'.repeat(10_000);
  const staying = coalescer.outcome(payload);
  const leaving = coalescer.request(payload, { timeoutMs: 20 }).catch((error: unknown) => error);
  await environment.advance(40);
  const left = await leaving;
  const { target, attempts } = await after(stage, staying, () => primary.calls[0]!.resolve('answer'));
  assert.equal(calls(), 1);
  const told = [{ target: 'primary', attempt: 1, durationMs: 40, end: 'value' }];
  assert.deepEqual([target, attempts, flightOf(left)?.attempts], ['primary', told, told]);
});

test('a value is told with its flight, its target, its attempts and its role', async () => {
  const stage = openStage({ name: 'users' }, 2);
  const { coalescer, primary, backup, environment, calls } = stage;
  const leading = coalescer.outcome('a');
  await environment.advance(40);
  const following = coalescer.outcome('a');
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(60);
  assert.equal(calls(), 2);
  const leader = await after(stage, leading, () => backup.calls[0]!.resolve('answer'));
  const follower = await following;
  const shared = {
    status: 'fulfilled',
    value: 'answer',
    flight: 'users#1',
    target: 'backup',
    waiters: 2,
    failedOver: true,
    relaunches: 0,
    durationMs: 100,
  };
  const attempts = [
    { target: 'primary', attempt: 1, durationMs: 40, end: 'failed', status: 503, message: 'HTTP 503' },
    { target: 'backup', attempt: 2, durationMs: 60, end: 'value' },
  ];
  assert.deepEqual(leader, { ...shared, attempts, role: 'leader', waitedMs: 100 });
  assert.deepEqual(follower, { ...shared, attempts, role: 'follower', waitedMs: 60 });
});

test('flights are numbered within their coalescer, and no number comes twice', async () => {
  const { coalescer, primary, settled } = openStage({ name: 'users' });
  const outcomes = ['a', 'b', 'a'].map((key) => coalescer.outcome(key));
  assert.equal(primary.calls.length, 2);
  for (const call of primary.calls) call.resolve('x');
  await settled();
  const next = coalescer.outcome('a');
  primary.calls[2]!.resolve('x');
  const flights = (await Promise.all([...outcomes, next])).map(({ flight }) => flight);
  assert.deepEqual(flights, ['users#1', 'users#2', 'users#1', 'users#3']);
});

test('without failover nothing says failedOver', async () => {
  const stage = openStage({}, 2);
  const outcome = await after(stage, stage.coalescer.outcome('a'), () => stage.primary.calls[0]!.resolve('x'));
  assert.equal(stage.calls(), 1);
  assert.deepEqual([outcome.failedOver, outcome.target, outcome.attempts.length], [false, 'primary', 1]);
});

test('a repeat of the same target is an attempt, and no failover', async () => {
  const stage = openStage({ maxAttempts: 2 }, 1, () => 0);
  const leading = stage.coalescer.outcome('a');
  stage.primary.calls[0]!.reject(httpError(503));
  await stage.environment.advance(20);
  const outcome = await after(stage, leading, () => stage.primary.calls[1]!.resolve('x'));
  assert.equal(stage.calls(), 2);
  assert.deepEqual([outcome.failedOver, outcome.attempts.length, outcome.target], [false, 2, 'primary']);
});

interface Ending {
  readonly options?: StageOptions;
  readonly code?: string;
  /** Whose answer it was, where there was one. */
  readonly target?: string;
  readonly act: (stage: Stage, leave: AbortController) => unknown;
}

const operating: Readonly<Record<string, Ending>> = {
  'an error that is the answer': { target: 'primary', act: ({ primary }) => primary.calls[0]!.reject(httpError(404)) },
  'a time that is up': { options: { flightTimeoutMs: 100 }, code: 'COALESCER_TIMEOUT', act: ({ environment }) => environment.advance(110) },
  'a cancel': { code: 'COALESCER_FLIGHT_CANCELLED', act: ({ coalescer }) => coalescer.cancel({ payload: 'a' }) },
  'a close': {
    code: 'COALESCER_CLOSED',
    act: ({ coalescer, environment }) => Promise.all([coalescer.close({ drainMs: 0 }), environment.advance(20)]),
  },
  'a value that cannot be shared': {
    code: 'COALESCER_NOT_SHAREABLE',
    target: 'primary',
    act: ({ primary }) => primary.calls[0]!.resolve([1].values() as never),
  },
  'a value that is too large': {
    options: { limits: { resultBytes: 1 } },
    code: 'COALESCER_LIMIT',
    target: 'primary',
    act: ({ primary }) => primary.calls[0]!.resolve('xx'),
  },
  'the waiter’s own abort': { act: (_, leave) => leave.abort('gone') },
};

for (const [what, { options = {}, code, target = null, act }] of Object.entries(operating)) {
  test(`outcome resolves for ${what}`, async () => {
    const stage = openStage(options);
    const leave = new AbortController();
    const outcome = await after(stage, stage.coalescer.outcome('a', { signal: leave.signal }), () => act(stage, leave));
    assert.equal(stage.calls(), 1);
    assert.equal(outcome.status, 'rejected');
    const { reason } = outcome as { reason: { code?: string } };
    if (code !== undefined) assert.equal(reason.code, code);
    assert.deepEqual([outcome.role, outcome.target, outcome.flight], ['leader', target, 'coalescer#1']);
  });
}

test('outcome resolves for a request that was refused by a limit or a close, and for a signal that was aborted before', async () => {
  const { coalescer, primary, environment } = openStage({ limits: { flights: 1 } });
  void coalescer.outcome('a');
  const limited = await coalescer.outcome('b');
  const aborted = await coalescer.outcome('a', { signal: AbortSignal.abort('gone') });
  const closing = coalescer.close({ drainMs: 0 });
  const closed = await coalescer.outcome('c');
  await Promise.all([closing, environment.advance(20)]);
  assert.equal(primary.calls.length, 1);
  for (const outcome of [limited, aborted, closed]) {
    assert.equal(outcome.status, 'rejected');
    assert.deepEqual([outcome.attempts, outcome.target, outcome.failedOver, outcome.waitedMs], [[], null, false, 0]);
  }
  const reasons = [limited, aborted, closed].map((outcome) => (outcome as { reason: unknown }).reason);
  assert.deepEqual(
    [(reasons[0] as { code: string }).code, reasons[1], (reasons[2] as { code: string }).code],
    ['COALESCER_LIMIT', 'gone', 'COALESCER_CLOSED'],
  );
});

test('outcome rejects for mistakes in the call: a bad option, no key, no scope, and functions of ours that throw', async () => {
  const thrown = new Error('broken key');
  const { coalescer, calls } = openStage();
  const broken = openStage({
    key: () => {
      throw thrown;
    },
  });
  await assert.rejects(coalescer.outcome('a', { timeoutMs: -1 }), RangeError);
  await assert.rejects(coalescer.outcome('a', { targets: ['nobody'] }), RangeError);
  await assert.rejects(coalescer.outcome(new Map() as never), { code: 'COALESCER_NOT_KEYABLE' });
  await assert.rejects(broken.coalescer.outcome('a'), thrown);
  assert.equal(calls() + broken.calls(), 0);
  assert.deepEqual([coalescer.stats().refused, broken.coalescer.stats().refused], [3, 1]);
});

test('outcome and request share a flight, and their roles are who launched and who joined', async () => {
  const stage = openStage();
  const { coalescer, primary } = stage;
  const request = coalescer.request('a');
  const outcome = await after(stage, coalescer.outcome('a'), () => primary.calls[0]!.resolve('x'));
  assert.equal(primary.calls.length, 1);
  assert.deepEqual([await request, outcome.role, outcome.waiters], ['x', 'follower', 2]);
});

test('the waiters of a flight are all that ever waited for it', async () => {
  const stage = openStage();
  const { coalescer, primary } = stage;
  const leave = new AbortController();
  const staying = coalescer.outcome('a');
  void coalescer.outcome('a', { signal: leave.signal });
  leave.abort();
  const outcome = await after(stage, staying, () => primary.calls[0]!.resolve('x'));
  assert.equal(primary.calls.length, 1);
  assert.equal(outcome.waiters, 2);
});

test('a fresh request leads a flight of its own, and its outcome says so', async () => {
  const stage = openStage();
  const { coalescer, primary } = stage;
  void coalescer.outcome('a');
  const outcome = await after(stage, coalescer.outcome('a', { fresh: true }), () => primary.calls[1]!.resolve('x'));
  assert.equal(primary.calls.length, 2);
  assert.deepEqual([outcome.role, outcome.flight], ['leader', 'coalescer#2']);
});

test('a waiter that left says how far its flight had come then', async () => {
  const stage = openStage({}, 2);
  const { coalescer, primary, environment, calls } = stage;
  const leave = new AbortController();
  const leaving = coalescer.outcome('a', { signal: leave.signal });
  void coalescer.outcome('a');
  await environment.advance(30);
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(20);
  const outcome = await after(stage, leaving, () => leave.abort('gone'));
  assert.equal(calls(), 2);
  assert.deepEqual([outcome.status, outcome.waitedMs, outcome.durationMs], ['rejected', 50, 50]);
  assert.deepEqual(
    outcome.attempts.map(({ target, end }) => ({ target, end })),
    [{ target: 'primary', end: 'failed' }],
  );
});

test('a mistake in the call is seen, also where its signal was aborted before', async () => {
  const { coalescer } = openStage();
  await assert.rejects(coalescer.outcome('a', { signal: AbortSignal.abort('gone'), timeoutMs: -1 }), RangeError);
});

test('who leaves while its flight is at the next target is told that it had failed over, and so is the channel of its end', async (t) => {
  const ends: { failedOver: boolean; status: string }[] = [];
  const on = (message: unknown): void => void ends.push(message as (typeof ends)[number]);
  subscribe('coalescer:flight:settled', on);
  t.after(() => unsubscribe('coalescer:flight:settled', on));
  const { coalescer, primary, backup, environment, calls } = openStage({}, 2);
  const [early, last] = [100, 200].map((timeoutMs) => coalescer.outcome('a', { timeoutMs }));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(110);
  assert.equal(calls(), 2);
  const { status, failedOver, attempts } = await early!;
  assert.deepEqual([status, failedOver, attempts.length], ['rejected', true, 1]);
  await environment.advance(100);
  assert.equal(backup.calls[0]!.signal.aborted, true);
  assert.equal((await last!).failedOver, true);
  assert.deepEqual(
    ends.map((end) => [end.status, end.failedOver]),
    [['abandoned', true]],
  );
  assert.equal(coalescer.stats().failovers, 1);
});
