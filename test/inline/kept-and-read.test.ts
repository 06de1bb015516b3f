// What is kept, beside those who read: a value is kept whoever read it as a stream, and a failure that was given to readers has a stand-in for the rest.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { codeOf, httpError, openStage, watch, type Stage } from './stage.js';

/** Reads a key's stream to its end. */
const read = async ({ coalescer }: Stage): Promise<string[]> => {
  const chunks: string[] = [];
  for await (const chunk of coalescer.stream('a')) chunks.push(chunk);
  return chunks;
};
const ask = ({ coalescer }: Stage): Promise<string> => coalescer.request('a');

/** What all messages of flights that settle say of one thing. */
function listen<Name extends 'joins' | 'stoodIn'>(t: TestContext, name: Name): unknown[] {
  const told: unknown[] = [];
  const listener = (message: unknown): void => void told.push((message as Record<Name, unknown>)[name]);
  subscribe('coalescer:flight:settled', listener);
  t.after(() => unsubscribe('coalescer:flight:settled', listener));
  return told;
}

/** One value for `a`, kept. */
async function given(stage: Stage): Promise<void> {
  const first = watch(ask(stage));
  stage.primary.calls[0]!.resolve('old');
  await stage.settled();
  assert.equal(first.value, 'old');
}

const MEETINGS: Readonly<Record<string, readonly ((stage: Stage) => Promise<unknown>)[]>> = {
  'nobody asks beside one who reads': [read],
  'one who reads joins': [ask, read],
  'one who reads was first': [read, ask],
};
for (const [meeting, callers] of Object.entries(MEETINGS)) {
  test(`a value is kept, also where ${meeting}`, async () => {
    const stage = openStage({ keep: { ttlMs: 60_000 } });
    const told = callers.map((caller) => watch(caller(stage)));
    assert.equal(stage.primary.calls.length, 1);
    stage.primary.calls[0]!.resolve('x');
    await stage.settled();
    for (const { value } of told) assert.equal(String(value), 'x');
    assert.equal(await stage.coalescer.request('a'), 'x');
    assert.deepEqual([stage.primary.calls.length, stage.coalescer.stats().kept], [1, 1]);
  });
}

test('who reads is never given what is kept, and what that brings is kept in its place', async () => {
  const stage = openStage({ keep: { ttlMs: 60_000 } });
  await given(stage);
  const reading = watch(read(stage));
  assert.equal(stage.primary.calls.length, 2);
  assert.equal(await ask(stage), 'old', 'meanwhile');
  stage.primary.calls[1]!.resolve('new');
  await stage.settled();
  assert.deepEqual(reading.value, ['new']);
  assert.deepEqual([await ask(stage), stage.primary.calls.length], ['new', 2]);
});

test('one who reads takes the stand-in from nobody, and is told of the failure; each is counted as what it got', async (t) => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleIfErrorMs: 60_000 } });
  const settled = listen(t, 'stoodIn');
  await given(stage);
  await stage.environment.advance(2_000);
  const waiting = [watch(ask(stage)), watch(stage.coalescer.outcome('a')), watch(stage.coalescer.request('a', { timeoutMs: 500 }))];
  const reading = watch(read(stage));
  await stage.coalescer.stream('a')[Symbol.asyncDispose](); // left at once
  stage.primary.calls[1]!.reject(httpError(503));
  await stage.settled();
  assert.equal(stage.primary.calls.length, 2);
  assert.deepEqual([waiting[0]!.value, waiting[2]!.value], ['old', 'old']);
  const outcome = waiting[1]!.value as { role: string; value: unknown };
  assert.deepEqual([outcome.role, outcome.value], ['stale', 'old']);
  assert.deepEqual([reading.state, (reading.reason as { status: number }).status], ['rejected', 503]);
  const { stoodIn, stale, rejected, launched, joined, requests, waiting: left } = stage.coalescer.stats();
  assert.deepEqual({ stoodIn, stale, rejected, left }, { stoodIn: 3, stale: 0, rejected: 1, left: 0 });
  assert.equal(requests, launched + joined);
  assert.deepEqual(settled, [undefined, true]);
  assert.match(String(await stage.coalescer.explain({ payload: 'a' })), /settled: as rejected, why exhausted, given a kept value$/);
});

test('a fresh request is not counted among those that a kept value stood in for', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleIfErrorMs: 60_000 } });
  await given(stage);
  await stage.environment.advance(2_000);
  const fresh = watch(stage.coalescer.request('a', { fresh: true }));
  const joined = watch(ask(stage));
  stage.primary.calls[1]!.reject(httpError(503));
  await stage.settled();
  assert.deepEqual([codeOf(fresh), joined.value, stage.coalescer.stats().stoodIn], ['rejected: Error: HTTP 503', 'old', 1]);
});

test('a refresh goes on past joinWithinMs, and is counted as no join of those who join it', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleWhileRevalidateMs: 600_000 } });
  await given(stage);
  await stage.environment.advance(2_000);
  assert.equal(await ask(stage), 'old');
  await stage.environment.advance(20_000);
  assert.equal(stage.primary.calls.length, 2);
  assert.ok(!stage.primary.calls[1]!.signal.aborted, 'half of flightTimeoutMs is over');
  stage.primary.calls[1]!.resolve('new');
  await stage.settled();
  assert.equal(await ask(stage), 'new');
  assert.deepEqual([stage.coalescer.stats().fulfilled, stage.primary.calls.length], [2, 2]);
});

test('one refresh of a key is in the air, however soon it is too old to be joined; one that was forgotten is none', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleWhileRevalidateMs: 600_000 }, joinWithinMs: 100 });
  await given(stage);
  for (let second = 0; second < 8; second++) {
    await stage.environment.advance(1_500);
    assert.equal(await ask(stage), 'old');
  }
  assert.deepEqual([stage.primary.calls.length, stage.coalescer.stats().refreshes], [2, 1]);
  stage.primary.calls[1]!.reject(httpError(503));
  await stage.settled();
  await stage.environment.advance(1_500);
  assert.equal(await ask(stage), 'old');
  assert.equal(stage.primary.calls.length, 3, 'when that is over, the next');
  stage.coalescer.forget({ payload: 'a' });
  const anew = watch(ask(stage));
  stage.primary.calls[3]!.resolve('new');
  await stage.environment.advance(1_500);
  assert.deepEqual([anew.value, await ask(stage), stage.primary.calls.length], ['new', 'new', 5]);
});

test('a refresh that turns out to stream is not read: what streams is not kept', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleWhileRevalidateMs: 600_000 }, streams: {} });
  await given(stage);
  await stage.environment.advance(1_500);
  assert.equal(await ask(stage), 'old');
  const stream = new Readable({ objectMode: true, read: () => void stream.push('chunk') });
  stage.primary.calls[1]!.resolve(stream as unknown as string);
  await stage.environment.advance(10);
  assert.deepEqual([stream.destroyed, stage.coalescer.stats().airborne, stage.primary.calls.length], [true, 0, 2]);
});

test('who joins a refresh is a join of it, in its message and its story', async (t) => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleWhileRevalidateMs: 1_000 } });
  const joins = listen(t, 'joins');
  await given(stage);
  await stage.environment.advance(1_500);
  assert.equal(await ask(stage), 'old');
  await stage.environment.advance(1_000);
  const joined = watch(ask(stage));
  assert.equal(stage.primary.calls.length, 2);
  stage.primary.calls[1]!.resolve('new');
  await stage.settled();
  assert.deepEqual([joined.value, joins, stage.coalescer.stats().joined], ['new', [0, 1], 1]);
  assert.match(String(await stage.coalescer.explain({ payload: 'a' })), /joined: waiters 1/);
});

for (const [why, keep] of Object.entries({ 'was too large': { bytes: 20_000 }, 'had to go': { entries: 1 } })) {
  test(`what an older flight brings is not kept after a newer one, whose value ${why}`, async () => {
    const stage = openStage({ keep: { ttlMs: 60_000, ...keep } });
    const older = watch(ask(stage));
    const newer = watch(stage.coalescer.request('a', { fresh: true }));
    stage.primary.calls[1]!.resolve('new'.repeat(10_000));
    await stage.settled();
    const other = watch(stage.coalescer.request('b'));
    stage.primary.calls[2]!.resolve('b');
    await stage.settled();
    stage.primary.calls[0]!.resolve('old');
    await stage.settled();
    assert.deepEqual([older.value, newer.state, other.value], ['old', 'fulfilled', 'b']);
    watch(ask(stage));
    assert.equal(stage.primary.calls.length, 4, 'the old value is no hit');
  });
}
