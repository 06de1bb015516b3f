// Chunks whose own code throws when they are looked at, or that nothing can be compared with: they reach readers as they are, or fail by a typed error, and never take the process with them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpError, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll } from './stage.js';

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}
const bite = (): never => {
  throw new Error('bites');
};
const biting: Readonly<Record<string, () => unknown>> = {
  'has a getter that throws': () => ({
    get x(): unknown {
      return bite();
    },
  }),
  'has one deep down': () => ({
    list: [
      {
        get x(): unknown {
          return bite();
        },
      },
    ],
  }),
  'is a Proxy that does not tell its properties': () => new Proxy({}, { ownKeys: bite }),
  'is a Proxy that tells nothing': () =>
    new Proxy({}, { ownKeys: bite, get: (_target, name) => (name === 'then' ? undefined : bite()), getPrototypeOf: bite, has: bite }),
  'is a Proxy of bytes': () => new Proxy(new Uint8Array(4), {}),
  'is bytes that were transferred away': detached,
  'is a function': () => () => 'a function',
  'is a symbol': () => Symbol('mine'),
  'is itself a part of itself': () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    return circle;
  },
  'has a toJSON that throws': () => ({ toJSON: bite }),
};

for (const midStream of ['fail', 'verify', 'resume'] as const) {
  for (const [how, make] of Object.entries(biting)) {
    test(`a chunk that ${how} hurts nobody (${midStream})`, async (context) => {
      const unheard: unknown[] = [];
      const listen = (reason: unknown): void => void unheard.push(reason);
      process.on('unhandledRejection', listen);
      context.after(() => process.off('unhandledRejection', listen));
      const [primary, backup] = [fedTarget(), fedTarget()];
      const { coalescer, settled, environment, calls } = openStreams({ primary, backup }, { streams: { midStream } });
      const reading = readAll(coalescer.stream('a'));
      const whole = watch(coalescer.request('a'));
      await settled();
      const chunk = make();
      primary.calls[0]!.give('1', chunk, '2');
      primary.calls[0]!.end();
      for (let turn = 0; turn < 5; turn++) await settled();
      assert.equal(calls(), 1);
      if (reading.state === 'failed') assert.match(String(codeOfReading(reading)), /^COALESCER_/);
      else {
        assert.equal(reading.state, 'ended');
        assert.deepEqual([reading.chunks.length, reading.chunks[0], reading.chunks[2]], [3, '1', '2']);
      }
      assert.notEqual(whole.state, 'pending');
      await environment.advance(50);
      const { airborne, waiting, bytes } = coalescer.stats();
      assert.deepEqual([airborne, waiting, bytes, unheard, environment.timers()], [0, 0, 0, [], 0]);
    });
  }
}

for (const [how, make] of Object.entries(biting)) {
  test(`a chunk that ${how} is never taken for what another target says`, async () => {
    const [primary, backup] = [fedTarget(), fedTarget()];
    const { coalescer, settled } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
    const reading = readAll(coalescer.stream('a'));
    await settled();
    primary.calls[0]!.give('1', make());
    primary.calls[0]!.fail(httpError(502));
    for (let turn = 0; turn < 5; turn++) await settled();
    backup.calls[0]?.give('1', { another: 'value' }, '3');
    backup.calls[0]?.end();
    for (let turn = 0; turn < 5; turn++) await settled();
    assert.ok(primary.calls.length === 1 && backup.calls.length <= 1);
    assert.equal(reading.state, 'failed');
    assert.match(String(codeOfReading(reading)), /^COALESCER_/);
    assert.ok(!reading.chunks.includes('3'));
  });
}

test('what cannot be compared is not believed to have been said again, even where it is the same object', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled, calls } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  const chunk = { text: 'a', method: () => 'of a client’s own class' };
  primary.calls[0]!.give(chunk);
  primary.calls[0]!.fail(httpError(502));
  for (let turn = 0; turn < 5; turn++) await settled();
  backup.calls[0]!.give(chunk, 'more');
  backup.calls[0]!.end();
  await settled();
  assert.equal(calls(), 2);
  assert.deepEqual([reading.chunks, codeOfReading(reading)], [[chunk], 'COALESCER_STREAM_DIVERGED']);
});

test('a chunk that makes its reader leave while it is copied is the last that this reader is given', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { share: 'copy' });
  const leaving = new AbortController();
  const stream = coalescer.stream('a', { signal: leaving.signal });
  const stays = readAll(coalescer.stream('a'));
  await settled();
  let isBiting = false;
  const chunk = {
    get x(): number {
      if (isBiting) leaving.abort();
      return 1;
    },
  };
  only.calls[0]!.give('1', chunk, '2');
  await settled();
  isBiting = true;
  const given = await stream.batches()[Symbol.asyncIterator]().next();
  assert.deepEqual(
    [given.value, stays.chunks],
    [
      ['1', { x: 1 }],
      ['1', { x: 1 }, '2'],
    ],
  );
});
