// What the run believes about an arm: lost, failed and wrong are three things, and none is mistaken for another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meter, percentile } from '../../demo/meter.js';
import { type Answer, answerText, type Question } from '../../demo/question.js';

const question: Question = { kind: 'question', key: 'a', promptTokens: 1, tokens: 1 };
const right: Answer = { key: 'a', provider: 'primary', text: answerText('a'), begunAt: 0 };

test('an answer to another key is wrong, also one that only claims to be for this key', async () => {
  const meter = new Meter(performance.now());
  await meter.follow(question, performance.now(), Promise.resolve(right));
  assert.equal(meter.wrong, 0);
  await meter.follow(question, performance.now(), Promise.resolve({ ...right, key: 'b', text: answerText('b') }));
  await meter.follow(question, performance.now(), Promise.resolve({ ...right, text: answerText('b') }));
  assert.deepEqual([meter.sent, meter.wrong, meter.failed, meter.waiting], [3, 2, 0, 0]);
});

test('a failed request is not lost, and one that never settles is', async () => {
  const meter = new Meter(performance.now());
  void meter.follow(question, performance.now(), new Promise<Answer>(() => {}));
  await meter.follow(question, performance.now(), Promise.reject(new Error('no')));
  assert.deepEqual([meter.sent, meter.failed, meter.waiting, meter.failure], [2, 1, 1, 'no']);
});

test('time counts from the instant a request was due', async () => {
  const meter = new Meter(performance.now());
  await meter.follow(question, performance.now() - 5_000, Promise.resolve(right));
  assert.ok(meter.latency().p50Ms >= 5_000);
  assert.ok(meter.recentP99Ms(performance.now()) >= 5_000);
  assert.equal(meter.perSecond(performance.now()), 1);
  assert.equal(meter.perSecond(performance.now() + 2_000), 0);
});

test('percentiles are values that occurred', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(
    [percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1), percentile([7], 0.99), percentile([], 0.5)],
    [50, 99, 100, 7, 0],
  );
});
