// close, idle and ready: joins are taken while it drains, launches are not; afterwards nothing is left. Guarantee 9, RELIABILITY I26.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { scriptedTarget, virtualEnvironment } from '../../src/testing.js';
import { codeOf, countedEnvironment, httpError, openStage, watch, type Script, type Stage } from './stage.js';

function assertNothingLeft({ coalescer, environment }: Pick<Stage, 'coalescer' | 'environment'>): void {
  const { airborne, waiting, bytes, requests, launched, joined, refused, released, fulfilled, rejected, abandoned } = coalescer.stats();
  assert.deepEqual({ airborne, waiting, bytes }, { airborne: 0, waiting: 0, bytes: 0 });
  assert.equal(requests, launched + joined + refused - released);
  assert.equal(launched, fulfilled + rejected + abandoned);
  assert.equal(environment.timers(), 0);
}

test('a coalescer with nothing in the air closes at once', async () => {
  const stage = openStage();
  await stage.coalescer.close();
  assert.equal(stage.calls(), 0);
  assertNothingLeft(stage);
});

test('while it drains, joins are taken, launches are refused, and flights end as they would have', async () => {
  const stage = openStage({}, 2);
  const { coalescer, primary, backup, settled, calls } = stage;
  const before = watch(coalescer.request('a'));
  const closing = watch(coalescer.close());
  const joined = watch(coalescer.request('a'));
  const refused = [
    watch(coalescer.request('b')),
    watch(coalescer.request('a', { fresh: true })),
    watch(coalescer.request('a', { key: null })),
  ];
  await settled();
  assert.equal(calls(), 1);
  assert.deepEqual(refused.map(codeOf), ['COALESCER_CLOSED', 'COALESCER_CLOSED', 'COALESCER_CLOSED']);
  assert.deepEqual([before.state, joined.state, closing.state], ['pending', 'pending', 'pending']);
  primary.calls[0]!.reject(httpError(503));
  await settled();
  assert.equal(calls(), 2);
  backup.calls[0]!.resolve('answer');
  await settled();
  assert.deepEqual([before.value, joined.value, closing.state], ['answer', 'answer', 'fulfilled']);
  assertNothingLeft(stage);
});

test('those who are released by a value for one fly while it drains, in the time that it has', async () => {
  for (const drainMs of [500, 10_000]) {
    const environment = countedEnvironment();
    const run: Script = scriptedTarget<string, string>();
    const targets = { primary: { run, isShareable: (value: string) => value !== 'mine' } };
    const coalescer = createCoalescer({ scope: 'public', environment, targets });
    const waiters = ['a', 'a', 'a'].map((payload) => watch(coalescer.request(payload)));
    const closing = watch(coalescer.close({ drainMs }));
    run.calls[0]!.resolve('mine');
    await environment.advance(0);
    assert.equal(run.calls.length, 3);
    assert.deepEqual([waiters[0]!.value, closing.state], ['mine', 'pending']);
    await environment.advance(600);
    const isTimeUp = drainMs < 600;
    for (const call of run.calls.slice(1)) call.resolve('mine too');
    await environment.advance(0);
    assert.deepEqual(waiters.slice(1).map(codeOf), isTimeUp ? ['COALESCER_CLOSED', 'COALESCER_CLOSED'] : ['fulfilled', 'fulfilled']);
    assert.equal(closing.state, 'fulfilled');
    assertNothingLeft({ coalescer, environment });
  }
});

test('they fly also where whom the value is for closes as soon as it has it', async () => {
  const environment = countedEnvironment();
  const run: Script = scriptedTarget<string, string>();
  const targets = { primary: { run, isShareable: () => false } };
  const coalescer = createCoalescer({ scope: 'public', environment, targets });
  const closing = watch(coalescer.request('a').then(() => coalescer.close()));
  const follower = watch(coalescer.request('a'));
  run.calls[0]!.resolve('mine');
  await environment.advance(0);
  assert.equal(run.calls.length, 2);
  run.calls[1]!.resolve('mine too');
  await environment.advance(0);
  assert.deepEqual([follower.value, closing.state], ['mine too', 'fulfilled']);
  assertNothingLeft({ coalescer, environment });
});

test('what is left after drainMs rejects with one typed error, and its call is aborted', async () => {
  const stage = openStage();
  const { coalescer, primary, environment } = stage;
  const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a')), watch(coalescer.request('b'))];
  const closing = watch(coalescer.close({ drainMs: 500 }));
  await environment.advance(499);
  assert.deepEqual(
    waiters.map(({ state }) => state),
    ['pending', 'pending', 'pending'],
  );
  await environment.advance(11);
  assert.equal(primary.calls.length, 2);
  assert.deepEqual(waiters.map(codeOf), ['COALESCER_CLOSED', 'COALESCER_CLOSED', 'COALESCER_CLOSED']);
  assert.deepEqual(
    primary.calls.map(({ signal }) => signal.aborted),
    [true, true],
  );
  assert.equal(closing.state, 'fulfilled');
  assertNothingLeft(stage);
});

test('by default it drains for ten seconds', async () => {
  const stage = openStage();
  const waiter = watch(stage.coalescer.request('a'));
  const closing = watch(stage.coalescer.close());
  await stage.environment.advance(9_999);
  assert.deepEqual([waiter.state, closing.state], ['pending', 'pending']);
  await stage.environment.advance(11);
  assert.equal(stage.calls(), 1);
  assert.deepEqual([codeOf(waiter), closing.state], ['COALESCER_CLOSED', 'fulfilled']);
  assertNothingLeft(stage);
});

test('drainMs 0 ends everything at once', async () => {
  const stage = openStage({ maxAttempts: 2 });
  const { coalescer, primary, environment } = stage;
  const hung = watch(coalescer.request('a'));
  const backedOff = watch(coalescer.request('b'));
  primary.calls[1]!.reject(httpError(503));
  await environment.advance(0);
  const closing = watch(coalescer.close({ drainMs: 0 }));
  await environment.advance(10);
  assert.equal(primary.calls.length, 2);
  assert.deepEqual([codeOf(hung), codeOf(backedOff), closing.state], ['COALESCER_CLOSED', 'COALESCER_CLOSED', 'fulfilled']);
  assertNothingLeft(stage);
  await environment.advance(60_000);
  assert.equal(primary.calls.length, 2);
});

test('who waited is told of it before close settles, also some functions deep', async () => {
  const { coalescer, primary, environment } = openStage();
  const told: string[] = [];
  const deep = async (levels: number): Promise<unknown> => (levels === 0 ? coalescer.request('a') : await deep(levels - 1));
  const waiting = deep(8).catch(({ code }: { code: string }) => told.push(code));
  assert.equal(primary.calls.length, 1);
  const closing = coalescer.close({ drainMs: 0 }).then(() => told.push('closed'));
  await environment.advance(0);
  await Promise.all([waiting, closing]);
  assert.deepEqual(told, ['COALESCER_CLOSED', 'closed']);
});

// A timer of more than 31 bits is up at once.
test('a drain may take as long as it likes', async () => {
  const timers: number[] = [];
  const environment = virtualEnvironment();
  const noting = { ...environment, setTimer: (ms: number, run: () => void) => (timers.push(ms), environment.setTimer(ms, run)) };
  for (const drainMs of [Infinity, 2 ** 31]) {
    const primary = scriptedTarget<string, string>();
    const coalescer = createCoalescer({ scope: 'public', targets: { primary }, environment: noting });
    const waiter = watch(coalescer.request('a'));
    timers.length = 0;
    const closing = coalescer.close({ drainMs });
    assert.equal(primary.calls.length, 1);
    assert.deepEqual(timers, [2 ** 31 - 1]);
    primary.calls[0]!.resolve('x');
    await environment.advance(0);
    await closing;
    assert.equal(waiter.value, 'x');
  }
});

test('close is idempotent: called again, before or after its end, it settles with the first', async () => {
  const stage = openStage();
  const { coalescer, primary, environment } = stage;
  const waiter = watch(coalescer.request('a'));
  const closings = [watch(coalescer.close({ drainMs: 100 })), watch(coalescer.close({ drainMs: 60_000 })), watch(coalescer.close())];
  await environment.advance(110);
  assert.equal(primary.calls.length, 1);
  assert.equal(codeOf(waiter), 'COALESCER_CLOSED');
  assert.deepEqual(
    closings.map(({ state }) => state),
    ['fulfilled', 'fulfilled', 'fulfilled'],
  );
  await coalescer.close();
  assertNothingLeft(stage);
});

test('a second close does not shorten the first', async () => {
  const { coalescer, primary, environment } = openStage();
  const waiter = watch(coalescer.request('a'));
  const closings = [watch(coalescer.close({ drainMs: 500 })), watch(coalescer.close({ drainMs: 0 }))];
  await environment.advance(100);
  assert.equal(primary.calls.length, 1);
  assert.deepEqual([waiter.state, ...closings.map(({ state }) => state)], ['pending', 'pending', 'pending']);
  primary.calls[0]!.resolve('x');
  await environment.advance(0);
  assert.deepEqual([waiter.value, ...closings.map(({ state }) => state)], ['x', 'fulfilled', 'fulfilled']);
});

test('after close a request, an outcome and a join are refused with a typed error, and nothing is called', async () => {
  const stage = openStage();
  const { coalescer } = stage;
  await coalescer.close();
  await assert.rejects(coalescer.request('a'), { code: 'COALESCER_CLOSED' });
  assert.equal((await coalescer.outcome('a')).status, 'rejected');
  assert.equal(stage.calls(), 0);
  assert.equal(coalescer.forget({ payload: 'a' }) + coalescer.cancel({ payload: 'a' }) + coalescer.waiters({ payload: 'a' }), 0);
  assert.equal(await coalescer.explain({ payload: 'a' }), null);
  await coalescer.idle();
  assertNothingLeft(stage);
});

test('a waiter that asks again when it is told of the close gets the same answer, and keeps nothing alive', async () => {
  const stage = openStage();
  const { coalescer, environment } = stage;
  const again = watch(coalescer.request('a').catch(() => coalescer.request('a')));
  const closing = watch(coalescer.close({ drainMs: 0 }));
  await environment.advance(10);
  assert.equal(stage.calls(), 1);
  assert.deepEqual([codeOf(again), closing.state], ['COALESCER_CLOSED', 'fulfilled']);
  assertNothingLeft(stage);
});

test('waiters may leave while it drains, and the last one leaving ends the drain', async () => {
  const stage = openStage();
  const { coalescer, primary, settled } = stage;
  const leave = new AbortController();
  const waiter = watch(coalescer.request('a', { signal: leave.signal }));
  const closing = watch(coalescer.close());
  leave.abort('gone');
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  assert.deepEqual([waiter.reason, closing.state], ['gone', 'fulfilled']);
  assertNothingLeft(stage);
  assert.equal(getEventListeners(leave.signal, 'abort').length, 0);
});

test("a flight that nobody waits for is drained too: 'finish' means finish", async () => {
  const stage = openStage({ abandonAfterMs: 'finish' });
  const { coalescer, primary, settled } = stage;
  const leave = new AbortController();
  watch(coalescer.request('a', { signal: leave.signal }));
  leave.abort();
  const closing = watch(coalescer.close());
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.deepEqual([closing.state, primary.calls[0]!.signal.aborted], ['pending', false]);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.equal(closing.state, 'fulfilled');
  assertNothingLeft(stage);
});

test('await using closes it', async () => {
  const environment = countedEnvironment();
  const only = scriptedTarget<string, string>();
  let waiter: ReturnType<typeof watch> | undefined;
  const scope = async (): Promise<void> => {
    await using coalescer = createCoalescer({ scope: 'public', targets: { only }, environment });
    waiter = watch(coalescer.request('a'));
  };
  const left = watch(scope());
  await environment.advance(0);
  assert.equal(left.state, 'pending');
  only.calls[0]!.resolve('x');
  await environment.advance(0);
  assert.equal(only.calls.length, 1);
  assert.deepEqual([waiter?.value, left.state, environment.timers()], ['x', 'fulfilled', 0]);
});

test('idle settles when nothing is in the air any more, at once if nothing is, and takes requests meanwhile', async () => {
  const { coalescer, primary, settled } = openStage();
  await coalescer.idle();
  watch(coalescer.request('a'));
  const idle = [watch(coalescer.idle()), watch(coalescer.idle())];
  watch(coalescer.request('b'));
  primary.calls[0]!.resolve('x');
  await settled();
  assert.deepEqual(
    idle.map(({ state }) => state),
    ['pending', 'pending'],
  );
  primary.calls[1]!.reject(new Error('x'));
  await settled();
  assert.equal(primary.calls.length, 2);
  assert.deepEqual(
    idle.map(({ state }) => state),
    ['fulfilled', 'fulfilled'],
  );
});

test('idle notices an abandon, a cancel and a time-out', async () => {
  const ends: readonly ((stage: Stage, leave: AbortController) => unknown)[] = [
    (_, leave) => leave.abort(),
    ({ coalescer }) => coalescer.cancel({ payload: 'a' }),
    ({ environment }) => environment.advance(1_010),
  ];
  for (const end of ends) {
    const stage = openStage({ flightTimeoutMs: 1_000 });
    const leave = new AbortController();
    watch(stage.coalescer.request('a', { signal: leave.signal }));
    const idle = watch(stage.coalescer.idle());
    await end(stage, leave);
    await stage.settled();
    assert.equal(stage.calls(), 1);
    assert.equal(idle.state, 'fulfilled');
  }
});

test('ready settles at once where targets run on this thread', async () => {
  const { coalescer, calls } = openStage();
  await coalescer.ready();
  assert.equal(calls(), 0);
});

test('a wrong drainMs is refused with its path, what was expected and what came', async () => {
  const { coalescer } = openStage();
  for (const drainMs of [-1, Number.NaN, '5', null] as never[]) {
    await assert.rejects(async () => coalescer.close({ drainMs }), /drainMs.*expected.*got/);
  }
  await assert.rejects(coalescer.close({ drainMS: 1 } as never), /close options\.drainMS: there is no such option; known is drainMs/);
});
