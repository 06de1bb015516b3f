// What an error means: the default by HTTP status, a target's own classify, and what happens when that one fails itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { classifyHttp, createCoalescer, type AttemptContext, type Verdict } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { countedEnvironment, httpError, openStage, watch, type CountedEnvironment, type Script, type Watched } from './stage.js';

interface Flown {
  readonly first: Script;
  readonly second: Script;
  readonly environment: CountedEnvironment;
  readonly waiter: Watched;
}

/** One flight over two targets, the first with a `classify` of its own, whose first attempt has failed. */
async function failWith(error: unknown, classify: (error: unknown, context: AttemptContext) => Verdict): Promise<Flown> {
  const [first, second] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const environment = countedEnvironment(() => 0.999);
  const coalescer = createCoalescer({ scope: 'public', targets: { first: { run: first, classify }, second }, maxAttempts: 3, environment });
  const waiter = watch(coalescer.request('a'));
  first.calls[0]!.reject(error);
  await environment.advance(0);
  return { first, second, environment, waiter };
}

const answers = [400, 404, 405, 410, 413, 414, 415, 422];
const failures = [401, 402, 403, 408, 409, 411, 412, 416, 421, 425, 426, 429, 431, 451, 500, 501, 502, 503, 504, 529];

for (const status of answers) {
  test(`HTTP ${status} is an answer: no other target is asked, and all waiters get the error as thrown`, async () => {
    for (const shape of [{ status }, { statusCode: status }, { response: { status } }]) {
      const { coalescer, primary, calls, settled } = openStage({}, 3);
      const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
      const error = Object.assign(new Error('no'), shape);
      primary.calls[0]!.reject(error);
      await settled();
      assert.equal(calls(), 1);
      for (const { reason } of waiters) assert.equal(reason, error);
      assert.equal(classifyHttp(error), 'answer');
    }
  });
}

test('every other status fails over, 401 and 403 among them: the next target has other credentials', async () => {
  for (const status of failures) {
    const { coalescer, primary, backup, settled } = openStage({}, 2);
    watch(coalescer.request('a'));
    primary.calls[0]!.reject(httpError(status));
    await settled();
    assert.equal(backup.calls.length, 1, `${status}`);
    assert.equal(classifyHttp(httpError(status)), 'failover', `${status}`);
  }
});

test('an AbortError is an answer; a TimeoutError and connection errors fail over', () => {
  assert.equal(classifyHttp(new DOMException('stopped', 'AbortError')), 'answer');
  assert.equal(classifyHttp(new DOMException('late', 'TimeoutError')), 'failover');
  assert.equal(classifyHttp(Object.assign(new Error('reset'), { code: 'ECONNRESET' })), 'failover');
  assert.equal(classifyHttp(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })), 'failover');
});

test('what is no error and no status fails over: texts, numbers, nothing, and objects that throw when looked at', () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('do not look');
      },
    },
  );
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const thrown of ['404', 404, null, undefined, Symbol('404'), {}, { status: '404' }, { status: Number.NaN }, hostile, proxy]) {
    assert.equal(classifyHttp(thrown), 'failover');
  }
});

test('a target that gives up with an AbortError nobody asked for ends the flight with it', async () => {
  const { coalescer, primary, calls, settled } = openStage({}, 2);
  const waiter = watch(coalescer.request('a'));
  const error = new DOMException('stopped', 'AbortError');
  primary.calls[0]!.reject(error);
  await settled();
  assert.equal(calls(), 1);
  assert.equal(waiter.reason, error);
});

test("verdict 'answer': the error goes to all as it is", async () => {
  const error = httpError(503);
  const { first, second, waiter } = await failWith(error, () => 'answer');
  assert.deepEqual([first.calls.length, second.calls.length], [1, 0]);
  assert.equal(waiter.reason, error);
});

test("verdict 'failover': another target at once, although the status alone would be an answer", async () => {
  const { first, second } = await failWith(httpError(404), () => 'failover');
  assert.deepEqual([first.calls.length, second.calls.length], [1, 1]);
});

test("verdict 'retry': this target again, after backoff", async () => {
  const { first, second, environment } = await failWith(httpError(503), () => 'retry');
  assert.deepEqual([first.calls.length, second.calls.length], [1, 0]);
  await environment.advance(80);
  assert.equal(first.calls.length, 1);
  await environment.advance(30);
  assert.deepEqual([first.calls.length, second.calls.length], [2, 0]);
});

test('classify is asked once for each error, as thrown, with the context of its attempt', async () => {
  const asked: unknown[] = [];
  const error = Object.assign(new Error('mine'), { odd: {} });
  const { first, second } = await failWith(error, (given, { attempt, target }) => {
    asked.push({ given, attempt, target });
    return 'failover';
  });
  assert.deepEqual([first.calls.length, second.calls.length], [1, 1]);
  assert.equal(asked.length, 1);
  assert.deepEqual(asked, [{ given: error, attempt: 1, target: 'first' }]);
});

test('classify is not asked about a value, nor about an error that came too late', async () => {
  let asked = 0;
  const run = scriptedTarget<string, string>();
  const classify = (): Verdict => (asked++, 'failover');
  const environment = countedEnvironment();
  const coalescer = createCoalescer({ scope: 'public', targets: { only: { run, classify } }, environment, flightTimeoutMs: 1_000 });
  watch(coalescer.request('a'));
  run.calls[0]!.resolve('x');
  await environment.advance(0);
  watch(coalescer.request('b'));
  await environment.advance(1_010);
  run.calls[1]!.reject(new Error('late'));
  await environment.advance(0);
  assert.equal(run.calls.length, 2);
  assert.equal(asked, 0);
});

test('a classify that throws loses no waiter: the flight ends or goes on, and the target’s own error is not lost', async () => {
  const error = httpError(503);
  const { first, second, environment, waiter } = await failWith(error, () => {
    throw new Error('classify is broken');
  });
  assert.equal(first.calls.length, 1);
  if (second.calls.length === 1) second.calls[0]!.resolve('from the second');
  await environment.advance(0);
  assert.notEqual(waiter.state, 'pending');
  if (waiter.state === 'rejected') assert.equal(waiter.reason, error);
  assert.equal(environment.now(), 0);
});

test('a classify that says something unheard of loses no waiter either', async () => {
  const odd = [
    undefined,
    null,
    7,
    'banana',
    {},
    { verdict: 'banana' },
    { verdict: 'answer' },
    Promise.resolve('answer'),
    () => 'answer',
    [],
  ];
  for (const verdict of odd) {
    const { first, second, environment, waiter } = await failWith(httpError(503), () => verdict as never);
    assert.equal(first.calls.length, 1);
    for (const call of second.calls) call.resolve('from the second');
    await environment.advance(40_000);
    assert.notEqual(waiter.state, 'pending', inspect(verdict));
    assert.ok(first.calls.length + second.calls.length <= 3);
  }
});

test('a verdict that throws when it is looked at, or is a promise that rejects, is no crash', async () => {
  const thrown = new Error('do not look');
  const unreadable = Object.defineProperty({}, 'verdict', {
    get: () => {
      throw thrown;
    },
  });
  for (const verdict of [() => unreadable, () => Promise.reject(thrown)]) {
    const { first, second, environment, waiter } = await failWith(httpError(503), verdict as never);
    assert.equal(first.calls.length, 1);
    for (const call of second.calls) call.resolve('from the second');
    await environment.advance(0);
    assert.notEqual(waiter.state, 'pending');
  }
});

test('replayable: false allows no second attempt, neither elsewhere nor here, and the error is the answer', async () => {
  for (const classify of [undefined, (): Verdict => 'failover', (): Verdict => 'retry'] as const) {
    const [first, second] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
    const environment = countedEnvironment();
    const spec = { run: first, replayable: false, ...(classify === undefined ? {} : { classify }) };
    const coalescer = createCoalescer({ scope: 'public', targets: { first: spec, second }, maxAttempts: 5, environment });
    const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
    const error = httpError(503);
    first.calls[0]!.reject(error);
    await environment.advance(60_000);
    assert.deepEqual([first.calls.length, second.calls.length], [1, 0]);
    for (const { reason } of waiters) assert.equal(reason, error);
  }
});

test('answers of a target that is not replayable do not make it ill, and what its classify asks for is obeyed', async () => {
  const run = scriptedTarget<string, string>();
  const environment = countedEnvironment();
  const classify = (error: unknown): Verdict =>
    String(error).includes('busy')
      ? { verdict: 'failover', retryAfterMs: 5_000 }
      : String(error).includes('declined')
        ? 'answer'
        : 'failover';
  const elsewhere = scriptedTarget<string, string>();
  const targets = { charge: { run, replayable: false, classify }, elsewhere };
  const coalescer = createCoalescer({ scope: 'public', targets, breaker: { consecutive: 3 }, environment });
  for (let flight = 0; flight < 5; flight++) {
    const waiter = watch(coalescer.request(`k${flight}`));
    run.calls.at(-1)?.reject(new Error('card declined'));
    await environment.advance(0);
    assert.match(String(waiter.reason), /card declined/);
  }
  assert.deepEqual([run.calls.length, elsewhere.calls.length], [5, 0]);
  watch(coalescer.request('b'));
  run.calls.at(-1)?.reject(new Error('busy'));
  await environment.advance(0);
  assert.equal(coalescer.stats().targets['charge']?.heldMs, 5_000);
});

test('a time-out of a target that is not replayable is no reason for a second attempt', async () => {
  const [first, second] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const environment = countedEnvironment();
  const targets = { first: { run: first, replayable: false, attemptTimeoutMs: 100 }, second };
  const coalescer = createCoalescer({ scope: 'public', targets, environment });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(60_000);
  assert.deepEqual([first.calls.length, second.calls.length], [1, 0]);
  assert.equal(waiter.state, 'rejected');
});

test('a target that may be replayed fails over to one that may not, which then has the last word', async () => {
  const [first, second, last] = [scriptedTarget<string, string>(), scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const environment = countedEnvironment();
  const coalescer = createCoalescer({ scope: 'public', targets: { first, second: { run: second, replayable: false }, last }, environment });
  const waiter = watch(coalescer.request('a'));
  first.calls[0]!.reject(httpError(503));
  await environment.advance(0);
  const error = httpError(502);
  second.calls[0]!.reject(error);
  await environment.advance(60_000);
  assert.deepEqual([first.calls.length, second.calls.length, last.calls.length], [1, 1, 0]);
  assert.equal(waiter.reason, error);
});
