// What a target's error means for its flight and for the target: who is at fault, who is left alone and for how long, whatever `classify` says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../workers/attempt.js';
import { judge, type Judgement } from '../../workers/judge.js';
import type { FilledTarget, Verdict } from '../../workers/targets.js';
import { filledTarget } from './filled-target.js';
import { manualSeam } from './manual-seam.js';

const target = filledTarget('a');
const judged = (error: unknown, changed: Partial<FilledTarget> = {}): Judgement =>
  judge({ ...target, ...changed }, error, {} as Attempt, manualSeam());
const picked = ({ verdict, sample, holdMs }: Judgement): readonly unknown[] => [verdict, sample, holdMs];

test('a target that is overloaded or broken is ill, one that answers is well, and a caller that gave up says nothing', () => {
  for (const status of [500, 502, 503, 504, 529, 408, 401, 403]) assert.equal(judged({ status }).sample, 'ill', String(status));
  assert.equal(judged(new Error('ECONNREFUSED')).sample, 'ill');
  for (const status of [400, 404, 422]) assert.equal(judged({ status }).sample, 'well', String(status));
  assert.equal(judged(new DOMException('gone', 'AbortError')).sample, 'none');
});

test('too many requests hold the target and its credential, and are no illness', () => {
  assert.deepEqual(judged({ status: 429, retryAfterMs: 7_000 }), {
    status: 429,
    verdict: 'failover',
    retryAfterMs: 7_000,
    holdMs: 7_000,
    isForCredential: true,
    sample: 'none',
  });
  assert.equal(judged({ status: 429 }).holdMs, 500, 'also without a time');
});

test('another status that says when to come back holds that target alone', () => {
  const { holdMs, isForCredential, sample } = judged({ status: 503, headers: { 'retry-after': '120' } });
  assert.deepEqual({ holdMs, isForCredential, sample }, { holdMs: 120_000, isForCredential: false, sample: 'ill' });
  assert.equal(judged({ status: 503 }).holdMs, 0);
});

test('a spend cap is never asked again by this flight, and once a minute by others', () => {
  const { verdict, retryAfterMs, holdMs, isForCredential, sample } = judged({ status: 429, code: 'insufficient_quota', retryAfterMs: 5 });
  assert.deepEqual(
    { verdict, retryAfterMs, holdMs, isForCredential, sample },
    { verdict: 'failover', retryAfterMs: Infinity, holdMs: 60_000, isForCredential: true, sample: 'none' },
  );
});

test('what the target itself says goes first', () => {
  assert.equal(judged({ status: 500 }, { classify: () => 'answer' }).sample, 'well');
  assert.equal(judged({ status: 404 }, { classify: () => 'failover' }).sample, 'ill');
  const said = judged({ retryAfterMs: 9 }, { classify: () => ({ verdict: 'retry', retryAfterMs: 50 }) });
  assert.deepEqual([said.verdict, said.retryAfterMs, said.holdMs], ['retry', 50, 50]);
  assert.equal(judged({}, { classify: () => ({ verdict: 'retry', retryAfterMs: Infinity }) }).holdMs, 3_600_000);
});

test('a time that `classify` says is the time, also for what holds a target by itself: 0 is no hold at all', () => {
  const says = (retryAfterMs: number) => (): Verdict => ({ verdict: 'failover', retryAfterMs });
  const tooMany = { status: 429, headers: { 'retry-after': '3600' } };
  assert.deepEqual(picked(judged(tooMany, { classify: says(0) })), ['failover', 'none', 0], "one tenant's own key");
  assert.equal(judged(tooMany, { classify: says(70) }).holdMs, 70);
  assert.equal(judged(tooMany, { classify: () => ({ verdict: 'failover' }) as Verdict }).holdMs, 3_600_000, 'no time was said');
  const answered = (): Verdict => ({ verdict: 'answer', retryAfterMs: 0 });
  assert.deepEqual(picked(judged(tooMany, { classify: answered })), ['answer', 'none', 0], 'that tenant is told');
  const spent = judged({ status: 429, code: 'insufficient_quota' }, { classify: says(0) });
  assert.deepEqual([...picked(spent), spent.retryAfterMs], ['failover', 'none', 0, Infinity], 'this flight asks no more');
});

test('an error of what must not be called twice is the answer, and still says how the target is', () => {
  for (const classify of [null, (): Verdict => 'failover', (): Verdict => 'retry'])
    assert.deepEqual(picked(judged({ status: 503 }, { replayable: false, classify })), ['answer', 'ill', 0]);
  assert.deepEqual(picked(judged({ status: 404 }, { replayable: false })), ['answer', 'well', 0]);
  assert.deepEqual(picked(judged(new Error('declined'), { replayable: false, classify: () => 'answer' })), ['answer', 'well', 0]);
  const busy = (): Verdict => ({ verdict: 'failover', retryAfterMs: 5_000 });
  assert.deepEqual(picked(judged(new Error('busy'), { replayable: false, classify: busy })), ['answer', 'ill', 5_000]);
});

test('errors that throw when they are looked at are ill, and nothing more', () => {
  const trap = new Proxy(new Error('x'), {
    get() {
      throw new Error('boom');
    },
  });
  assert.deepEqual(judged(trap), { status: 0, verdict: 'failover', retryAfterMs: 0, holdMs: 0, isForCredential: false, sample: 'ill' });
});
