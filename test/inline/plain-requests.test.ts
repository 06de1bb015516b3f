// The short way (a string and nothing else: what is kept, or a flight in the air) must be the long way's shadow: whatever it may not decide goes the long
// way.
import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { createCoalescer, type RequestOptions } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { codeOf, countedEnvironment, openStage, watch } from './stage.js';

test('a string joins the flight of its own key, not one whose key was said to look like it', async () => {
  const { coalescer, primary, settled } = openStage();
  const listed = watch(coalescer.request('anything', { key: '["a"]' }));
  const text = watch(coalescer.request('["a"]'));
  assert.deepEqual(
    primary.calls.map(({ payload }) => payload),
    ['anything', '["a"]'],
  );
  watch(coalescer.request('["a"]'));
  assert.equal(primary.calls.length, 2);
  primary.calls[0]?.resolve('listed');
  primary.calls[1]?.resolve('text');
  await settled();
  assert.deepEqual([listed.value, text.value], ['listed', 'text']);
});

test('who joins by a string is counted like everyone, and stands at the limit like everyone', async () => {
  const { coalescer, primary, settled } = openStage({ limits: { waitersPerFlight: 3 } });
  const waiters = [1, 2, 3, 4].map(() => watch(coalescer.request('a')));
  assert.equal(primary.calls.length, 1);
  assert.deepEqual([coalescer.waiters({ payload: 'a' }), coalescer.stats().waiting, coalescer.stats().joined], [3, 3, 2]);
  await settled();
  assert.equal(codeOf(waiters[3] as never), 'COALESCER_LIMIT');
  assert.deepEqual([coalescer.stats().requests, coalescer.stats().refused], [4, 1]);
  primary.calls[0]?.resolve('x');
  await settled();
  assert.deepEqual(
    waiters.slice(0, 3).map(({ value }) => value),
    ['x', 'x', 'x'],
  );
});

test('a scope finds only its own flights, whichever was asked for last, and whether it has come or gone meanwhile', async () => {
  const environment = countedEnvironment();
  const target = scriptedTarget<string, string>();
  const coalescer = createCoalescer({ scope: 'per-request', targets: { target }, environment });
  const ask = (scope: string): ReturnType<typeof watch> => watch(coalescer.request('a', { scope }));
  const first = ask('acme');
  const other = ask('globex');
  ask('acme');
  assert.equal(target.calls.length, 2);
  target.calls[0]?.resolve('for acme');
  await environment.advance(0);
  assert.deepEqual([first.value, other.state], ['for acme', 'pending']);
  const second = ask('acme');
  const joined = ask('acme');
  assert.equal(target.calls.length, 3);
  target.calls[2]?.resolve('again');
  await environment.advance(0);
  assert.deepEqual([second.value, joined.value, other.state], ['again', 'again', 'pending']);
  for (const wrong of [undefined, null, 'acme', 7, {}, { scope: '' }])
    await assert.rejects(coalescer.request('a', wrong as never), (error: Error) => error instanceof Error);
});

test('options that say more than a scope are heard, however they say it', async () => {
  const environment = countedEnvironment();
  const target = scriptedTarget<string, string>();
  const coalescer = createCoalescer({ scope: 'per-request', targets: { target }, environment });
  const leaving = new AbortController();
  class Options {
    readonly scope = 'acme';
    get signal(): AbortSignal {
      return leaving.signal;
    }
  }
  watch(coalescer.request('a', { scope: 'acme' }));
  const hidden = Object.defineProperty({ scope: 'acme' }, 'timeoutMs', { value: 50 }) as RequestOptions & { scope: string };
  const waiters = [new Options(), hidden, { scope: 'acme', fresh: true }].map((options) => watch(coalescer.request('a', options)));
  assert.equal(target.calls.length, 2, 'the fresh one has a flight of its own');
  leaving.abort(new Error('left'));
  await environment.advance(60);
  assert.deepEqual(
    waiters.map(({ state }) => state),
    ['rejected', 'rejected', 'pending'],
  );
  await assert.rejects(coalescer.request('a', { scope: 'acme', tiemoutMs: 5 } as never), /tiemoutMs/);
});

test('each waiter that gets a copy of its own gets it, and who watches joins is told of them', async () => {
  const environment = countedEnvironment();
  const target = scriptedTarget<string, { n: number }>();
  const coalescer = createCoalescer({ name: 'copied', scope: 'public', share: 'copy', targets: { target }, environment });
  const [one, two] = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
  assert.equal(target.calls.length, 1);
  target.calls[0]?.resolve({ n: 1 });
  await environment.advance(0);
  assert.deepEqual([one.value, two.value], [{ n: 1 }, { n: 1 }]);
  assert.notEqual(one.value, two.value);

  const told: unknown[] = [];
  const listen = (message: unknown): void => void told.push(message);
  const { coalescer: watched, primary } = openStage({ name: 'watched' });
  channel('coalescer:flight:joined').subscribe(listen);
  watch(watched.request('a'));
  watch(watched.request('a'));
  channel('coalescer:flight:joined').unsubscribe(listen);
  assert.equal(primary.calls.length, 1);
  assert.deepEqual(told, [{ coalescer: 'watched', flight: 'watched#1', waiters: 2 }]);
});

test('options that throw when they are read reject the request, and it is counted', async () => {
  const { coalescer, primary } = openStage();
  void watch(coalescer.request('a'));
  const options = {
    get signal(): never {
      throw new RangeError('no signal');
    },
  };
  await assert.rejects(coalescer.request('a', options), /no signal/);
  assert.deepEqual([primary.calls.length, coalescer.stats().requests, coalescer.stats().refused], [1, 2, 1]);
});

test('a string takes what is kept for its own key, all the same promise, and not what is kept for a key that looks like it', async () => {
  const { coalescer, primary, settled } = openStage({ keep: { ttlMs: 1_000 } });
  watch(coalescer.request('a'));
  watch(coalescer.request('anything', { key: '["a"]' }));
  primary.calls[0]?.resolve('x');
  primary.calls[1]?.resolve('listed');
  await settled();
  const [one, other] = [coalescer.request('a'), coalescer.request('a')];
  assert.equal(one, other);
  assert.deepEqual([await one, primary.calls.length, coalescer.stats().hits], ['x', 2, 2]);
  watch(coalescer.request('["a"]'));
  assert.equal(primary.calls.length, 3, 'a text that reads like a list is no list');
  const fresh = watch(coalescer.request('a', { fresh: true }));
  assert.deepEqual([primary.calls.length, fresh.state], [4, 'pending']);
  assert.equal(await coalescer.request('a'), 'x', 'what is kept comes before what is in the air');
  assert.deepEqual([coalescer.stats().hits, coalescer.stats().joined], [3, 0]);
});

test('a string takes what is kept to the last instant of its time, and where nothing is kept it joins', async () => {
  const { coalescer, primary, environment, settled } = openStage({ keep: { ttlMs: 1_005 } });
  watch(coalescer.request('a'));
  const joined = watch(coalescer.request('a'));
  assert.deepEqual([primary.calls.length, coalescer.stats().joined], [1, 1]);
  primary.calls[0]?.resolve('x');
  await settled();
  assert.equal(joined.value, 'x');
  for (const step of [990, 10, 4]) {
    await environment.advance(step);
    assert.equal(await coalescer.request('a'), 'x');
  }
  await environment.advance(1);
  watch(coalescer.request('a'));
  assert.deepEqual([primary.calls.length, coalescer.stats().hits], [2, 3]);
});

test('a string is not given what is kept for a key whose values are known to be for one alone', async () => {
  const environment = countedEnvironment();
  const target = scriptedTarget<string, string>();
  const primary = { run: target, isShareable: (value: string) => value !== 'mine' };
  const coalescer = createCoalescer({ scope: 'public', keep: { ttlMs: 1_000 }, targets: { primary }, environment });
  const [mine, fresh] = [watch(coalescer.request('a')), watch(coalescer.request('a', { fresh: true }))];
  target.calls[0]?.resolve('mine');
  await environment.advance(0);
  target.calls[1]?.resolve('ours');
  await environment.advance(0);
  assert.deepEqual([mine.value, fresh.value, coalescer.stats().kept], ['mine', 'ours', 1]);
  watch(coalescer.request('a'));
  assert.deepEqual([target.calls.length, coalescer.stats().hits], [3, 0]);
});

test('what a string was given goes after what nobody asked for', async () => {
  const calls: string[] = [];
  const answer = async (payload: string): Promise<string> => (calls.push(payload), payload);
  const coalescer = createCoalescer({ scope: 'public', keep: { ttlMs: 60_000, entries: 2 }, targets: { answer } });
  for (const payload of ['a', 'b', 'a', 'c', 'a', 'b']) assert.equal(await coalescer.request(payload), payload);
  assert.deepEqual(calls, ['a', 'b', 'c', 'b'], 'b had to go for c, and a, which was asked for, did not');
  await coalescer.close();
});

test('the short way is open to strings from outside also where targets are watched for asking for themselves (as on Node 24)', async () => {
  const environment = countedEnvironment();
  let readings = 0;
  const now = (): number => {
    readings++;
    return environment.now();
  };
  const target = scriptedTarget<string, string>();
  const coalescer = createCoalescer({
    scope: 'public',
    targets: { target },
    keep: { ttlMs: 1_000 },
    detectReentrance: true,
    environment: { ...environment, now },
  });
  const leader = coalescer.request('a');
  // The long way reads the clock, since something may be kept.
  readings = 0;
  const follower = coalescer.request('a');
  assert.equal(target.calls.length, 1);
  assert.equal(readings, 0);
  target.calls[0]?.resolve('x');
  assert.deepEqual(await Promise.all([leader, follower]), ['x', 'x']);
  await coalescer.close();
});

test('a key that is asked for again while its request is still being read flies once', async () => {
  const environment = countedEnvironment();
  const target = scriptedTarget<string, string>();
  const asked: Promise<unknown>[] = [];
  const coalescer = createCoalescer({ scope: 'per-request', targets: { target }, environment });
  let reads = 0;
  const options = {
    get scope() {
      if (++reads === 2) asked.push(coalescer.request('a', { scope: 'acme' }));
      return 'acme';
    },
  };
  const first = coalescer.request('a', options);
  assert.equal(target.calls.length, 1);
  assert.equal(asked.length, 1);
  target.calls[0]?.resolve('x');
  assert.deepEqual(await Promise.all([first, ...asked]), ['x', 'x']);
});
