// What readers of one stream get when they come, ask, wait and leave in unusual orders. Each of these was found by the simulation of streams.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type StreamsOption } from '../../src/index.js';
import { countedEnvironment, watch } from './stage.js';

/** A target whose stream gives what is said, when it is said. */
function speaker(): { run: () => AsyncIterable<string>; say: (chunk: string) => void; end: () => void; calls: () => number } {
  let calls = 0;
  let waiting: ((result: IteratorResult<string>) => void) | null = null;
  const said: IteratorResult<string>[] = [];
  const push = (result: IteratorResult<string>): void => {
    said.push(result);
    if (waiting === null) return;
    waiting(said.shift() as IteratorResult<string>);
    waiting = null;
  };
  const next = (): Promise<IteratorResult<string>> =>
    new Promise((resolve) => {
      const ready = said.shift();
      if (ready === undefined) waiting = resolve;
      else resolve(ready);
    });
  return {
    run: () => {
      calls++;
      return { [Symbol.asyncIterator]: () => ({ next }) };
    },
    say: (value) => push({ done: false, value }),
    end: () => push({ done: true, value: undefined }),
    calls: () => calls,
  };
}

function stageOf(streams: StreamsOption = {}, abandonAfterMs = 0, resultBytes = 1_000_000) {
  const environment = countedEnvironment();
  const speech = speaker();
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    streams,
    abandonAfterMs,
    limits: { resultBytes },
    targets: { only: { run: speech.run } },
  });
  return { ...speech, environment, coalescer, settled: () => environment.advance(0) };
}

test('several questions of a reader that may leave are answered in the order asked', async () => {
  const { coalescer, say, end, settled, calls } = stageOf();
  const reader = coalescer.stream('a', { signal: new AbortController().signal })[Symbol.asyncIterator]();
  const order: string[] = [];
  const ask = (name: string, then: () => void = () => undefined): void =>
    void reader.next().then(({ done = false, value }) => {
      order.push(`${name} ${done ? 'end' : value}`);
      then();
    });
  // The fourth is asked when the second is answered, before the third is.
  ask('first');
  ask('second', () => ask('fourth'));
  ask('third');
  for (const chunk of ['0', '1', '2', '3']) {
    say(chunk);
    await settled();
  }
  end();
  await settled();
  assert.equal(calls(), 1);
  assert.deepEqual(order, ['first 0', 'second 1', 'third 2', 'fourth 3']);
});

test('the last reader, aborted while it waits, is told the reason of its signal', async () => {
  const { coalescer, say, settled, calls } = stageOf();
  const controller = new AbortController();
  const reader = coalescer.stream('a', { signal: controller.signal })[Symbol.asyncIterator]();
  const first = watch(reader.next());
  await settled();
  say('0');
  await settled();
  const second = watch(reader.next());
  const reason = new Error('gone');
  controller.abort(reason);
  await settled();
  assert.equal(calls(), 1);
  assert.deepEqual(first.value, { done: false, value: '0' });
  assert.equal(second.state, 'rejected');
  assert.equal(second.reason, reason);
});

test('the last reader that has read enough gets the end, and no error, for a question still in the air', async () => {
  const { coalescer, say, settled, calls } = stageOf();
  const reader = coalescer.stream('a')[Symbol.asyncIterator]();
  const first = watch(reader.next());
  await settled();
  say('0');
  await settled();
  const second = watch(reader.next());
  await reader.return?.();
  await settled();
  assert.equal(calls(), 1);
  assert.equal(first.state, 'fulfilled');
  assert.deepEqual(second.value, { done: true, value: undefined });
});

test('a reader alone is not cut off for being behind one who collected and left', async () => {
  const { coalescer, say, end, settled, calls } = stageOf({ lagBytes: 100 });
  const controller = new AbortController();
  const collected = watch(coalescer.request('a', { signal: controller.signal }));
  const reader = coalescer.stream('a');
  await settled();
  say('x'.repeat(60));
  await settled();
  controller.abort(new Error('left'));
  for (let more = 0; more < 5; more++) {
    say('x'.repeat(60));
    await settled();
  }
  end();
  let chunks = 0;
  for await (const chunk of reader) chunks += chunk.length / 60;
  assert.equal(calls(), 1);
  assert.equal(collected.state, 'rejected');
  assert.equal(chunks, 6);
});

test('who comes when nobody has read for a while is not cut off for what went by', async () => {
  const { coalescer, say, end, settled, calls } = stageOf({ lagBytes: 100 }, 1_000);
  const first = coalescer.stream('a');
  await settled();
  await first[Symbol.asyncIterator]().return?.();
  say('x'.repeat(60));
  await settled();
  const second = coalescer.stream('a');
  for (let more = 0; more < 5; more++) {
    say('x'.repeat(60));
    await settled();
  }
  end();
  let chunks = 0;
  for await (const chunk of second) chunks += chunk.length / 60;
  assert.equal(calls(), 1);
  assert.equal(chunks, 6);
});

test('upstream is asked for more though a reader that begins further on stands still, and another has left', async () => {
  const { coalescer, say, end, settled, calls } = stageOf();
  const reader = coalescer.stream('a');
  const further = coalescer.stream('a', { from: 100 });
  const leaver = coalescer.stream('a');
  await settled();
  // As many as may be given before anybody takes one.
  for (let chunk = 0; chunk < 7; chunk++) {
    say('x'.repeat(10_000));
    await settled();
  }
  await leaver[Symbol.asyncIterator]().return?.();
  let chunks = 0;
  const read = watch(
    (async () => {
      for await (const chunk of reader) chunks += chunk.length / 10_000;
    })(),
  );
  await settled();
  say('x'.repeat(10_000));
  await settled();
  end();
  await settled();
  assert.equal(calls(), 1);
  assert.equal(read.state, 'fulfilled');
  assert.equal(chunks, 8);
  assert.equal(further.cursor, 100);
});

test('who asks late for all of a stream that is too large already is refused, and readers read on', async () => {
  const { coalescer, say, end, settled, calls } = stageOf({}, 0, 100);
  const reader = coalescer.stream('a');
  await settled();
  for (const chunk of ['0', '1', '2', '3']) say(chunk.repeat(20));
  await settled();
  const late = watch(coalescer.request('a'));
  await settled();
  end();
  let chunks = 0;
  for await (const chunk of reader) chunks += chunk.length / 20;
  await settled();
  assert.equal(calls(), 1);
  assert.equal((late.reason as { code?: string }).code, 'COALESCER_LIMIT');
  assert.equal(chunks, 4);
  assert.equal(coalescer.stats().waiting, 0);
});

test('an attempt that ends before it says anything is not complete by what another has said', async () => {
  const calls: string[] = [];
  const isComplete = (last: string | undefined): boolean => last === 'end';
  const target = (name: string, chunks: readonly string[], breaksOff: boolean) => ({
    isComplete,
    run: async function* () {
      calls.push(name);
      yield* chunks;
      if (breaksOff) throw new Error('broken');
    },
  });
  const coalescer = createCoalescer({
    scope: 'public',
    environment: countedEnvironment(),
    streams: { midStream: 'verify' },
    targets: { one: target('one', ['0', 'end'], true), two: target('two', [], false), three: target('three', ['0', 'end'], false) },
  });
  const read: string[] = [];
  for await (const chunk of coalescer.stream('a')) read.push(chunk);
  assert.deepEqual(calls, ['one', 'two', 'three']);
  assert.deepEqual(read, ['0', 'end']);
});
