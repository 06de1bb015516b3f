// Watching: exact messages, in order, and nothing published where nobody listens.
import assert from 'node:assert/strict';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test, type TestContext } from 'node:test';
import { createCoalescer, type ChannelMessages } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { countedEnvironment, httpError, openStage, watch } from './stage.js';

const NAMES = {
  'coalescer:flight:launched': true,
  'coalescer:flight:joined': true,
  'coalescer:flight:settled': true,
  'coalescer:attempt': true,
  'coalescer:failover': true,
  'coalescer:seam': true,
  'coalescer:breaker': true,
  'coalescer:refused': true,
  'coalescer:thread': true,
} satisfies Record<keyof ChannelMessages, true>;

/** Everything that is published while a test runs. */
function listen(t: TestContext, names: readonly string[] = Object.keys(NAMES)): { name: string; message: unknown }[] {
  const heard: { name: string; message: unknown }[] = [];
  for (const name of names) {
    const on = (message: unknown): void => void heard.push({ name, message });
    subscribe(name, on);
    t.after(() => unsubscribe(name, on));
  }
  return heard;
}

test('a flight that is joined and fails over publishes launch, join, attempts, failover and settle, in order', async (t) => {
  const heard = listen(t);
  const { coalescer, primary, backup, environment, calls } = openStage({ name: 'users' }, 2);
  watch(coalescer.request('a'));
  watch(coalescer.request('a'));
  await environment.advance(40);
  primary.calls[0]!.reject(Object.assign(httpError(503), { code: 'overloaded' }));
  await environment.advance(60);
  backup.calls[0]!.resolve('x');
  await environment.advance(0);
  assert.equal(calls(), 2);
  const about = { coalescer: 'users', flight: 'users#1' };
  const failed = { target: 'primary', attempt: 1, durationMs: 40, end: 'failed', code: 'overloaded', status: 503, message: 'HTTP 503' };
  const answered = { target: 'backup', attempt: 2, durationMs: 60, end: 'value' };
  const report = { target: 'backup', attempts: [failed, answered], waiters: 2, durationMs: 100, failedOver: true, relaunches: 0 };
  const { keyDigest } = heard[0]!.message as ChannelMessages['coalescer:flight:launched'];
  assert.match(keyDigest ?? '', /^[\w-]{43}$/, 'a sha256');
  assert.deepEqual(heard, [
    { name: 'coalescer:flight:launched', message: { ...about, scope: null, keyDigest } },
    { name: 'coalescer:flight:joined', message: { ...about, waiters: 2 } },
    { name: 'coalescer:attempt', message: { ...about, ...failed } },
    { name: 'coalescer:failover', message: { ...about, from: 'primary', to: 'backup', code: 'overloaded' } },
    { name: 'coalescer:attempt', message: { ...about, ...answered } },
    { name: 'coalescer:flight:settled', message: { ...about, ...report, status: 'fulfilled', joins: 1 } },
  ]);
});

test('the leader is not a join, and a key is never published, only its digest', async (t) => {
  const heard = listen(t);
  const { coalescer, primary, settled } = openStage();
  watch(coalescer.request('a secret'));
  watch(coalescer.request('a secret', { key: null }));
  for (const call of primary.calls) call.resolve('x');
  await settled();
  assert.equal(primary.calls.length, 2);
  assert.equal(
    heard.some(({ name }) => name === 'coalescer:flight:joined'),
    false,
  );
  assert.equal(JSON.stringify(heard).includes('secret'), false);
  const settledMessages = heard
    .filter(({ name }) => name === 'coalescer:flight:settled')
    .map(({ message }) => (message as { joins: number }).joins);
  assert.deepEqual(settledMessages, [0, 0]);
  const digests = heard.filter(({ name }) => name.endsWith('launched')).map(({ message }) => (message as { keyDigest: unknown }).keyDigest);
  assert.deepEqual([typeof digests[0], digests[1]], ['string', null]);
});

test('a time-out, an abandon, a cancel and a failure are published once, as what they are', async (t) => {
  const heard = listen(t, ['coalescer:flight:settled', 'coalescer:attempt']);
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 100 });
  const leave = new AbortController();
  watch(coalescer.request('left', { signal: leave.signal }));
  watch(coalescer.request('cancelled'));
  watch(coalescer.request('failed'));
  watch(coalescer.request('late'));
  leave.abort();
  coalescer.cancel({ payload: 'cancelled' });
  primary.calls[2]!.reject(httpError(404));
  await environment.advance(110);
  for (const call of primary.calls) call.resolve('long after');
  await environment.advance(0);
  assert.equal(primary.calls.length, 4);
  const settles = heard.filter(({ name }) => name.endsWith('settled')).map(({ message }) => message as { flight: string; status: string });
  assert.deepEqual(
    settles.map(({ flight, status }) => `${flight} ${status}`),
    ['coalescer#1 abandoned', 'coalescer#2 rejected', 'coalescer#3 rejected', 'coalescer#4 rejected'],
  );
  const ends = heard.filter(({ name }) => name === 'coalescer:attempt').map(({ message }) => message as { flight: string; end: string });
  assert.deepEqual(
    ends.map(({ flight, end }) => `${flight} ${end}`),
    ['coalescer#1 aborted', 'coalescer#2 aborted', 'coalescer#3 answer', 'coalescer#4 timed-out'],
  );
  // What was still out where nobody waits for its end comes behind that of its flight.
  const order = heard.map(
    ({ name, message }) => `${(message as { flight: string }).flight} ${name === 'coalescer:attempt' ? 'attempt' : 'settled'}`,
  );
  const of = (flight: string): string[] =>
    order.filter((line) => line.startsWith(`${flight} `)).map((line) => line.slice(flight.length + 1));
  assert.deepEqual(
    [of('coalescer#1'), of('coalescer#2')],
    [
      ['settled', 'attempt'],
      ['settled', 'attempt'],
    ],
  );
  assert.deepEqual(
    [of('coalescer#3'), of('coalescer#4')],
    [
      ['attempt', 'settled'],
      ['attempt', 'settled'],
    ],
  );
});

test('an attempt that gives its value at once is published too, once', async (t) => {
  const heard = listen(t, ['coalescer:attempt']);
  const { coalescer, primary, environment, calls } = openStage({}, 2);
  const waiter = watch(coalescer.request('a'));
  await environment.advance(30);
  primary.calls[0]!.resolve('x');
  await environment.advance(0);
  assert.deepEqual([calls(), waiter.value], [1, 'x']);
  const message = { coalescer: 'coalescer', flight: 'coalescer#1', target: 'primary', attempt: 1, durationMs: 30, end: 'value' };
  assert.deepEqual(heard, [{ name: 'coalescer:attempt', message }]);
});

test('a flight that had to wait before it went on at another target is a failover: published, counted and in its story when the attempt there is over', async (t) => {
  const heard = listen(t, ['coalescer:failover']);
  const [primary, backup] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const environment = countedEnvironment();
  const targets = { primary, backup: { run: backup, maxConcurrency: 1 } };
  const coalescer = createCoalescer({ name: 'users', scope: 'public', targets, environment });
  watch(coalescer.request('a', { targets: ['backup'] }));
  watch(coalescer.request('b'));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(40);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1], 'it waits for a place');
  backup.calls[0]!.resolve('x');
  await environment.advance(0);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 2]);
  backup.calls[1]!.resolve('x');
  await environment.advance(0);
  const message = { coalescer: 'users', flight: 'users#2', from: 'primary', to: 'backup', code: '503' };
  assert.deepEqual(heard, [{ name: 'coalescer:failover', message }]);
  assert.equal(coalescer.stats().failovers, 1);
  const story = await coalescer.explain({ payload: 'b' });
  assert.deepEqual(
    story?.events.map(({ atMs, what }) => `${atMs} ${what}`),
    ['0 launched', '0 attempt', '0 failed', '40 failover', '40 passed over', '40 attempt', '40 value', '40 settled'],
  );
});

test('of two attempts that are out the first goes on when its hedge fails: no failover', async (t) => {
  const heard = listen(t, ['coalescer:failover']);
  const { coalescer, primary, backup, environment, calls } = openStage({ hedge: { afterMs: 20 } }, 2);
  watch(coalescer.request('a'));
  await environment.advance(30);
  backup.calls[0]!.reject(httpError(503));
  await environment.advance(0);
  primary.calls[0]!.resolve('x');
  await environment.advance(0);
  assert.equal(calls(), 2);
  assert.deepEqual([heard, coalescer.stats().failovers], [[], 0]);
});

test('a repeat of the same target is published as attempts, and as no failover', async (t) => {
  const heard = listen(t, ['coalescer:failover', 'coalescer:attempt']);
  const { coalescer, primary, environment } = openStage({ maxAttempts: 2 }, 1, () => 0);
  watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(20);
  primary.calls[1]!.resolve('x');
  await environment.advance(0);
  assert.equal(primary.calls.length, 2);
  assert.deepEqual(
    heard.map(({ name }) => name),
    ['coalescer:attempt', 'coalescer:attempt'],
  );
});

test('a refusal is published with its code, and with the limit where it was one', async (t) => {
  const heard = listen(t, ['coalescer:refused', 'coalescer:flight:launched']);
  const { coalescer, primary, settled } = openStage({ name: 'users', limits: { flights: 1 } });
  watch(coalescer.request('a'));
  watch(coalescer.request('b'));
  watch(coalescer.request(new Map() as never));
  const closing = watch(coalescer.close());
  watch(coalescer.request('c'));
  primary.calls[0]!.resolve('x');
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(closing.state, 'fulfilled');
  assert.deepEqual(heard.slice(1), [
    { name: 'coalescer:refused', message: { coalescer: 'users', code: 'COALESCER_LIMIT', limit: 'flights' } },
    { name: 'coalescer:refused', message: { coalescer: 'users', code: 'COALESCER_NOT_KEYABLE' } },
    { name: 'coalescer:refused', message: { coalescer: 'users', code: 'COALESCER_CLOSED' } },
  ]);
});

test('nothing is published on a channel that nobody listens to', async (t) => {
  const published: string[] = [];
  for (const name of Object.keys(NAMES)) {
    const own = Object.assign(channel(name), { publish: () => published.push(name) });
    t.after(() => Reflect.deleteProperty(own, 'publish'));
  }
  const { coalescer, primary, backup, settled, calls } = openStage({ limits: { flights: 1 } }, 2);
  watch(coalescer.request('a'));
  watch(coalescer.request('a'));
  watch(coalescer.request('b'));
  primary.calls[0]!.reject(httpError(503));
  await settled();
  backup.calls[0]!.resolve('x');
  await settled();
  assert.equal(calls(), 2);
  assert.deepEqual(published, []);
});

test('the tracing channel surrounds each call of a target, and tells its error', async (t) => {
  const heard = listen(
    t,
    ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((event) => `tracing:coalescer:call:${event}`),
  );
  const { coalescer, primary, backup, settled, calls } = openStage({ name: 'users' }, 2);
  const waiter = watch(coalescer.request('a'));
  assert.deepEqual(
    heard.map(({ name }) => name.split(':').at(-1)),
    ['start', 'end'],
  );
  const error = httpError(503);
  primary.calls[0]!.reject(error);
  await settled();
  backup.calls[0]!.resolve('x');
  await settled();
  assert.equal(calls(), 2);
  assert.equal(waiter.value, 'x');
  const names = heard.map(({ name }) => name.split(':').at(-1));
  assert.deepEqual(names.filter((name) => name === 'start').length, 2);
  assert.deepEqual(names.filter((name) => name === 'asyncEnd').length, 2);
  const failure = heard.find(({ name }) => name.endsWith(':error'))!.message as { error: unknown; target: string };
  assert.deepEqual([failure.error, failure.target], [error, 'primary']);
});

test('a target that throws at once, or answers with a plain value, is traced and settles as without a trace', async (t) => {
  listen(t, ['tracing:coalescer:call:start']);
  const thrown = httpError(503);
  let calls = 0;
  const targets = {
    one: (): string => {
      calls++;
      throw thrown;
    },
    two: (): string => `call ${++calls}`,
  };
  const coalescer = createCoalescer({ scope: 'public', targets });
  assert.equal(await coalescer.request('a'), 'call 2');
  await coalescer.close();
});
