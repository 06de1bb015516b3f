// The short way (a string and nothing else: what is kept, or a flight in the air) must be the long way's shadow: whatever it may not decide goes the long
// way.
import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { createCoalescer, type RequestOptions } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { codeOf, countedEnvironment, openStage, watch, type StageOptions } from './stage.js';

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

test('what a long text says beside itself is read once', async () => {
  const target = scriptedTarget<string, string>();
  const coalescer = createCoalescer({ scope: 'per-request', targets: { target } });
  let reads = 0;
  const options = {
    get scope() {
      reads++;
      return 'acme';
    },
  };
  watch(coalescer.request('x'.repeat(8_193), options));
  assert.equal(target.calls.length, 1);
  assert.equal(reads, 1);
});

// A burst: who comes next is compared with the last one's key before anything is looked up. Whatever happens between two of a burst must end it.
const BURST = 4;
type Between = (stage: ReturnType<typeof openStage>) => unknown;
const ends: readonly { readonly what: string; readonly options?: StageOptions; readonly between: Between; readonly calls: number }[] = [
  { what: 'nothing', between: () => undefined, calls: 1 },
  { what: 'its flight is forgotten', between: ({ coalescer }) => coalescer.forget({ payload: 'a' }), calls: 2 },
  { what: 'a fresh one takes its key', between: ({ coalescer }) => void watch(coalescer.request('a', { fresh: true })), calls: 2 },
  { what: 'its flight is cancelled', between: ({ coalescer }) => coalescer.cancel({ payload: 'a' }), calls: 2 },
  {
    what: 'its flight has its value',
    between: ({ primary, settled }) => {
      primary.calls[0]?.resolve('x');
      return settled();
    },
    calls: 2,
  },
  {
    what: 'its flight is too old to be joined',
    options: { joinWithinMs: 1_000 },
    between: ({ environment }) => environment.advance(1_100),
    calls: 2,
  },
  { what: 'another key is asked for', between: ({ coalescer }) => void watch(coalescer.request('b')), calls: 2 },
  { what: 'another key is joined', between: ({ coalescer }) => void [1, 2, 3].map(() => watch(coalescer.request('b'))), calls: 2 },
];
for (const { what, options, between, calls } of ends) {
  test(`in the middle of a burst: ${what}`, async () => {
    const stage = openStage({ ...options });
    const { coalescer, primary, settled } = stage;
    const early = Array.from({ length: BURST }, () => watch(coalescer.request('a')));
    assert.equal(primary.calls.length, 1);
    await between(stage);
    const late = Array.from({ length: BURST }, () => watch(coalescer.request('a')));
    assert.equal(primary.calls.length, calls);
    const others = primary.calls.filter(({ payload }) => payload === 'b').length;
    assert.equal(coalescer.stats().launched - others, calls - others, 'each call is a flight');
    for (const [index, call] of primary.calls.entries()) call.resolve(`${call.payload} ${index}`);
    await settled();
    // The newest flight of their key.
    const last = primary.calls.map(({ payload }) => payload).lastIndexOf('a');
    assert.deepEqual([...new Set(late.map(({ value }) => value))], [`a ${last}`]);
    assert.equal(
      early.some(({ state }) => state === 'pending'),
      false,
    );
  });
}

test('in the middle of a burst: the flight is full, and is told to watchers, and one waiter has a time of its own', async () => {
  const { coalescer, primary, environment, settled } = openStage({ name: 'bursting', limits: { waitersPerFlight: 8 } });
  for (let count = 0; count < BURST; count++) watch(coalescer.request('a'));
  const told: unknown[] = [];
  const listen = (message: unknown): void => void told.push(message);
  channel('coalescer:flight:joined').subscribe(listen);
  watch(coalescer.request('a'));
  channel('coalescer:flight:joined').unsubscribe(listen);
  assert.deepEqual(told, [{ coalescer: 'bursting', flight: 'bursting#1', waiters: 5 }]);
  const short = watch(coalescer.request('a', { timeoutMs: 50 }));
  const last = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
  const full = watch(coalescer.request('a'));
  await settled();
  assert.deepEqual([primary.calls.length, coalescer.waiters({ payload: 'a' }), codeOf(full)], [1, 8, 'COALESCER_LIMIT']);
  await environment.advance(60);
  assert.equal(codeOf(short), 'COALESCER_TIMEOUT');
  const again = watch(coalescer.request('a'));
  assert.deepEqual([primary.calls.length, coalescer.waiters({ payload: 'a' })], [1, 8]);
  primary.calls[0]?.resolve('x');
  await settled();
  assert.deepEqual(
    [...last, again].map(({ value }) => value),
    ['x', 'x', 'x'],
  );
});

test('in the middle of a burst: the same text in another scope, and without any', async () => {
  const environment = countedEnvironment();
  const target = scriptedTarget<string, string>();
  const coalescer = createCoalescer({ scope: 'per-request', targets: { target }, environment });
  const burst = (scope: string): ReturnType<typeof watch>[] =>
    Array.from({ length: BURST }, () => watch(coalescer.request('a', { scope })));
  const acme = burst('acme');
  const globex = burst('globex');
  await assert.rejects(coalescer.request('a', undefined as never), (error: Error) => error instanceof Error);
  const acmes = [...acme, ...burst('acme')];
  assert.equal(target.calls.length, 2);
  target.calls[0]?.resolve('for acme');
  target.calls[1]?.resolve('for globex');
  await environment.advance(0);
  assert.deepEqual([...new Set(acmes.map(({ value }) => value))], ['for acme']);
  assert.deepEqual([...new Set(globex.map(({ value }) => value))], ['for globex']);
});

test('in the middle of a burst of empty texts: another one', async () => {
  const { coalescer, primary, settled } = openStage();
  watch(coalescer.request('b'));
  watch(coalescer.request('b'));
  const empty = Array.from({ length: BURST }, () => watch(coalescer.request('')));
  assert.deepEqual(
    primary.calls.map(({ payload }) => payload),
    ['b', ''],
  );
  primary.calls[1]?.resolve('nothing');
  await settled();
  assert.deepEqual([...new Set(empty.map(({ value }) => value))], ['nothing']);
});

test('in the middle of a burst: its flight is forgotten, and one of its waiters leaves it', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  watch(coalescer.request('a', { signal: leaving.signal }));
  for (let count = 0; count < BURST; count++) watch(coalescer.request('a'));
  coalescer.forget({ payload: 'a' });
  leaving.abort();
  const late = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  primary.calls[1]?.resolve('new');
  await settled();
  assert.equal(late.value, 'new');
});
