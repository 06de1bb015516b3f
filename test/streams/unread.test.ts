// Streams that nobody reads, or nobody can come to any more: they are stopped, and counted once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { countedEnvironment } from '../inline/stage.js';
import { fedTarget, openStreams, readAll } from './stage.js';

test('a stream that ends its own flight when it is asked for its iterator is closed, and asked for nothing', async () => {
  const environment = countedEnvironment();
  const leave = new AbortController();
  const seen = { calls: 0, pulls: 0, closings: 0 };
  const run = (): AsyncIterable<string> => {
    seen.calls++;
    return {
      [Symbol.asyncIterator]() {
        leave.abort();
        return {
          next: () => Promise.resolve({ done: ++seen.pulls > 50, value: 'x' }),
          return: () => Promise.resolve({ done: true, value: String(++seen.closings) }),
        };
      },
    };
  };
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { run } });
  const reading = readAll(coalescer.stream('a', { signal: leave.signal }));
  await environment.advance(0);
  await environment.advance(0);
  assert.deepEqual([seen, reading.state, coalescer.stats().airborne], [{ calls: 1, pulls: 0, closings: 1 }, 'failed', 0]);
});

test('a stream that is kept for others ends once it is too large for any to come', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { abandonAfterMs: 60_000, streams: { replayBytes: 1_000 } });
  const reader = coalescer.stream('a');
  await settled();
  await reader[Symbol.asyncDispose]();
  only.calls[0]!.give('x'.repeat(500));
  await settled();
  assert.deepEqual([calls(), only.calls[0]!.signal.aborted], [1, false], 'somebody may come yet');
  only.calls[0]!.give('x'.repeat(600));
  await settled();
  assert.deepEqual([only.calls[0]!.signal.aborted, only.calls[0]!.isClosed, coalescer.stats().airborne], [true, true, 0]);
});

test('a reader whose flight is over before it can wait is counted once, and told of that flight', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const only = (): number => {
    calls++;
    coalescer.cancel({ payload: 'a' });
    return 1;
  };
  const coalescer = createCoalescer({ name: 'once', scope: 'public', environment, targets: { only } });
  const outcome = await coalescer.stream('a').outcome;
  assert.equal(calls, 1);
  const { requests, launched, joined, refused } = coalescer.stats();
  assert.deepEqual({ requests, launched, joined, refused }, { requests: 1, launched: 1, joined: 0, refused: 0 });
  assert.deepEqual([outcome.status, outcome.flight], ['rejected', 'once#1']);
});
