// Waiters leave and times run out while flights are on threads: the target hears of it when nobody waits any more, and only then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, threadTargets, type ThreadOptions } from '../../src/index.js';
import type targets from './fixtures/wait-for-abort.js';
import { Tally, until } from './tally.js';

interface Options {
  readonly flightTimeoutMs?: number;
  readonly attemptTimeoutMs?: number;
}

function open(tally: Tally, options: Options = {}, threads: ThreadOptions = {}) {
  const module = new URL('./fixtures/wait-for-abort.js', import.meta.url);
  const targetsThere = threadTargets<typeof targets>(module, { config: { tally: tally.buffer }, ...threads });
  return createCoalescer({ name: 'leaving', scope: 'public', ...options, targets: targetsThere });
}
type Opened = ReturnType<typeof open>;

const inTheAir = (tally: Tally, calls: number): Promise<void> => until(() => tally.count('calls') === calls, `${calls} calls are made`);
const TIMEOUT = { code: 'COALESCER_TIMEOUT' };

for (const threads of [0, 1]) {
  test(`the last waiter's signal reaches the target's, the first one's does not (threads: ${threads})`, async () => {
    const tally = new Tally();
    const coalescer = open(tally, {}, { threads });
    const payload = { id: 1, how: 'heeds' } as const;
    const [first, last] = [new AbortController(), new AbortController()];
    const requests = [first, last].map(({ signal }) => coalescer.request(payload, { signal }));
    await inTheAir(tally, 1);
    first.abort(new Error('first left'));
    await assert.rejects(requests[0] as Promise<unknown>, { message: 'first left' });
    // A full trip behind whatever the first one's leaving may have sent.
    await coalescer.request({ id: 2, how: 'tells time' });
    assert.equal(tally.count('aborts'), 0);
    last.abort(new Error('last left'));
    assert.equal(coalescer.waiters({ payload }), 0, 'its key is free at once');
    await assert.rejects(requests[1] as Promise<unknown>, { message: 'last left' });
    await until(() => tally.count('aborts') === 1, 'the target hears of it');
    assert.deepEqual([tally.count('calls'), tally.count('late')], [2, 0]);
    await coalescer.idle();
    assert.equal(coalescer.stats().abandoned, 1);
    tally.open();
    await coalescer.close();
  });
}

test('a request right after the last waiter left is a flight of its own', async () => {
  const tally = new Tally();
  const coalescer = open(tally);
  const payload = { id: 1, how: 'heeds' } as const;
  const leaver = new AbortController();
  const left = coalescer.request(payload, { signal: leaver.signal });
  await inTheAir(tally, 1);
  leaver.abort();
  const anew = coalescer.outcome(payload);
  await assert.rejects(left, { name: 'AbortError' });
  await inTheAir(tally, 2);
  tally.open();
  const outcome = await anew;
  assert.equal(tally.count('calls'), 2);
  assert.equal(outcome.status, 'fulfilled');
  assert.equal(outcome.role, 'leader');
  await coalescer.close();
});

test('a flight abandoned before the threads are ready is never flown', async () => {
  const tally = new Tally();
  const coalescer = open(tally);
  const leaver = new AbortController();
  const left = coalescer.request({ id: 1, how: 'heeds' }, { signal: leaver.signal });
  leaver.abort(new Error('too slow'));
  await assert.rejects(left, { message: 'too slow' });
  await coalescer.ready();
  await coalescer.request({ id: 2, how: 'tells time' });
  assert.equal(tally.count('calls'), 1);
  assert.equal(coalescer.stats().airborne, 0);
  await coalescer.close();
});

test('a target that asks late finds its signal aborted, and one that ignores it does no harm', async () => {
  const tally = new Tally();
  const coalescer = open(tally);
  await coalescer.ready();
  for (const how of ['asks late', 'ignores'] as const) await assert.rejects(coalescer.request({ id: 1, how }, { timeoutMs: 50 }), TIMEOUT);
  await coalescer.idle();
  tally.open();
  await until(() => tally.count('aborts') === 1, 'the one that asks late is told');
  assert.equal(tally.count('calls'), 2);
  assert.equal(await coalescer.request({ id: 2, how: 'heeds' }), 'answer 2 from primary');
  await coalescer.close();
});

test('cancel stops the flight for all who wait', async () => {
  const tally = new Tally();
  const coalescer = open(tally);
  const payload = { id: 1, how: 'heeds' } as const;
  const requests = [1, 2, 3].map(() => coalescer.request(payload));
  await inTheAir(tally, 1);
  assert.equal(coalescer.cancel({ payload }, 'stop pressed'), 1);
  for (const result of await Promise.allSettled(requests)) {
    assert.equal(result.status, 'rejected');
    assert.equal((result.reason as { code: string }).code, 'COALESCER_FLIGHT_CANCELLED');
  }
  await until(() => tally.count('aborts') === 1, 'the target hears of it');
  await coalescer.idle();
  assert.equal(tally.count('calls'), 1);
  await coalescer.close();
});

test("an attempt's time runs on its thread: the next target is called, and the late one hears why", async () => {
  const tally = new Tally();
  const coalescer = open(tally, { attemptTimeoutMs: 100 });
  const outcome = coalescer.outcome({ id: 1, how: 'heeds' });
  await inTheAir(tally, 2);
  tally.open();
  const { attempts, status } = await outcome;
  assert.deepEqual([tally.count('primary'), tally.count('backup')], [1, 1]);
  assert.equal(status, 'fulfilled');
  assert.deepEqual(attempts.map(({ target, end }) => [target, end]), [['primary', 'timed-out'], ['backup', 'value']]); // biome-ignore format: one line
  assert.deepEqual([tally.count('aborts'), tally.count('late')], [1, 1]);
  await coalescer.close();
});

test("a target is told the time that is left of its flight's, on the same clock", async () => {
  const tally = new Tally();
  const coalescer = open(tally, { flightTimeoutMs: 8_000 });
  await coalescer.ready();
  const left = await coalescer.request({ id: 1, how: 'tells time' });
  assert.equal(tally.count('calls'), 1);
  assert.ok(Number(left) > 2_000 && Number(left) <= 4_000, `half of 8 s for the first of two targets, not ${left}`);
  await coalescer.close();
});

test('waiters keep their times while their thread hangs, and so does their flight', async () => {
  const tally = new Tally();
  const coalescer: Opened = open(tally, { flightTimeoutMs: 600 }, { heartbeatMs: 60_000 });
  await coalescer.ready();
  const startedAt = performance.now();
  const payload = { id: 1, how: 'hangs' } as const;
  const hasty = coalescer.request(payload, { timeoutMs: 100 }).catch((error: unknown) => [error, performance.now() - startedAt] as const);
  const patient = coalescer.request(payload).catch((error: unknown) => [error, performance.now() - startedAt] as const);
  const leaver = new AbortController();
  const leaving = assert.rejects(coalescer.request(payload, { signal: leaver.signal }), { message: 'left' });
  await inTheAir(tally, 1);
  leaver.abort(new Error('left'));
  await leaving;
  const [hastyError, hastyMs] = (await hasty) as unknown as [{ code: string }, number];
  const [patientError, patientMs] = (await patient) as unknown as [{ code: string }, number];
  assert.equal(tally.count('calls'), 1);
  assert.deepEqual([hastyError.code, patientError.code], ['COALESCER_TIMEOUT', 'COALESCER_TIMEOUT']);
  assert.ok(hastyMs >= 100 && hastyMs < 400, `${hastyMs} ms instead of 100`);
  assert.ok(patientMs >= 600 && patientMs < 1_000, `${patientMs} ms instead of 600`);
  assert.equal(coalescer.waiters({ payload }), 0);
  const closing = performance.now();
  await coalescer.close({ drainMs: 100 });
  assert.ok(performance.now() - closing < 3_000, 'a hung thread is ended by force');
});

test('unknown names in the targets of a request are refused, before the module has loaded and after', async () => {
  const tally = new Tally();
  const coalescer = open(tally);
  const payload = { id: 1, how: 'tells time' } as const;
  const expected = { name: 'RangeError', message: /expected one of 'primary', 'backup', got 'nowhere'/ };
  const early = coalescer.request(payload, { targets: ['backup', 'nowhere'] });
  await assert.rejects(early, (error: Error) => error instanceof Error && expected.message.test(error.message));
  await coalescer.ready();
  await assert.rejects(coalescer.request(payload, { targets: ['nowhere'] }), expected);
  assert.equal(tally.count('calls'), 0);
  await coalescer.request(payload, { targets: ['backup'] });
  assert.deepEqual([tally.count('calls'), tally.count('backup')], [1, 1]);
  await coalescer.close();
});
