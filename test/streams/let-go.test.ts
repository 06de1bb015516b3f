// Streams of Node and of the web that nobody reads any more, or never did, are let go of at once: nothing is left open, and no error of theirs ends the process.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createCoalescer, type CoalescerOptions } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { countedEnvironment, watch } from '../inline/stage.js';

type Stream = AsyncIterable<unknown>;

/** One that has nothing to give, and says when it is let go of. */
interface Silent {
  readonly stream: Stream;
  readonly isLetGo: () => boolean;
}
function silentReadable(): Silent {
  const stream = new Readable({ read() {} });
  return { stream, isLetGo: () => stream.destroyed };
}
function silentWeb(): Silent {
  let isCancelled = false;
  const cancel = (): void => void (isCancelled = true);
  return { stream: new ReadableStream({ cancel }), isLetGo: () => isCancelled };
}
const KINDS = { 'a Readable': silentReadable, 'a web stream': silentWeb };

function open(options: Partial<CoalescerOptions<string, unknown, 'public', 'readonly'>> = {}) {
  const environment = countedEnvironment();
  const [primary, backup] = [scriptedTarget<string, Stream>(), scriptedTarget<string, Stream>()];
  const coalescer = createCoalescer({ scope: 'public', environment, streams: {}, ...options, targets: { primary, backup } });
  return { coalescer, environment, primary, backup };
}

for (const [kind, silent] of Object.entries(KINDS)) {
  test(`${kind} that comes when its waiter has left, or another has answered, is let go of unread`, async () => {
    for (const hedge of [false, { afterMs: 100 }] as const) {
      const { coalescer, environment, primary, backup } = open({ hedge });
      const asked = watch(coalescer.request('a', hedge === false ? { timeoutMs: 100 } : {}));
      await environment.advance(200);
      if (hedge !== false) backup.calls[0]!.resolve(Readable.from(['x']));
      await environment.advance(50);
      assert.deepEqual([primary.calls.length, asked.state], [1, hedge === false ? 'rejected' : 'fulfilled']);
      const { stream, isLetGo } = silent();
      primary.calls[0]!.resolve(stream);
      await environment.advance(0);
      assert.ok(isLetGo());
    }
  });

  for (const end of ['its reader leaves', 'its first chunk does not come', 'the coalescer closes'] as const) {
    test(`${kind} that hangs is let go of when ${end}`, async () => {
      const { coalescer, environment, primary } = open();
      const leaving = new AbortController();
      const reading = watch(coalescer.stream('a', { signal: leaving.signal })[Symbol.asyncIterator]().next());
      const { stream, isLetGo } = silent();
      primary.calls[0]!.resolve(stream);
      await environment.advance(0);
      assert.ok(!isLetGo());
      if (end === 'its reader leaves') leaving.abort();
      else if (end === 'the coalescer closes') watch(coalescer.close({ drainMs: 10 }));
      await environment.advance(end === 'its first chunk does not come' ? 61_000 : 20);
      assert.ok(isLetGo());
      leaving.abort();
      await environment.advance(0);
      assert.equal(reading.state, 'rejected');
    });
  }
}

test('a Readable that fails after it was let go of ends nobody', async () => {
  const { coalescer, environment, primary } = open();
  const asked = watch(coalescer.request('a', { timeoutMs: 100 }));
  await environment.advance(200);
  const stream = new Readable({
    read() {},
    destroy: (_error, done) => setImmediate(done, new Error('nobody listens')),
  });
  primary.calls[0]!.resolve(stream);
  await environment.advance(0);
  await new Promise(setImmediate);
  assert.deepEqual([asked.state, stream.destroyed, stream.errored?.message], ['rejected', true, 'nobody listens']);
});

/** What a leaving reader makes of a stream that has given one chunk and hangs. */
async function leave(stream: Stream): Promise<unknown> {
  const { coalescer, environment, primary } = open();
  const iterator = coalescer.stream('a')[Symbol.asyncIterator]();
  const first = watch(iterator.next());
  primary.calls[0]!.resolve(stream);
  await environment.advance(0);
  await new Promise(setImmediate);
  await iterator.return?.();
  await environment.advance(0);
  return (first.value as { value: unknown } | undefined)?.value;
}

test('what has an iterator of its own making is let go of by that, and read by it', async () => {
  let returned = 0;
  const own = {
    next: (): Promise<IteratorResult<string>> => Promise.resolve({ done: false, value: 'own' }),
    return: (): Promise<IteratorResult<string>> => (returned++, Promise.resolve({ done: true, value: undefined })),
  };
  const readable = Object.assign(new Readable({ read() {} }), { [Symbol.asyncIterator]: () => own });
  const web = Object.assign(new ReadableStream(), { [Symbol.asyncIterator]: () => own });
  let isDestroyed = false;
  const pooled = { [Symbol.asyncIterator]: () => own, on() {}, destroy: () => void (isDestroyed = true) };
  for (const stream of [readable, web, pooled] as unknown as Stream[]) assert.equal(await leave(stream), 'own');
  assert.deepEqual([returned, readable.destroyed, web.locked, isDestroyed], [3, false, false, false]);
});

test('a web stream is unlocked at its end, and when it was let go of', async () => {
  const whole = new ReadableStream({ start: (control) => (control.enqueue('x'), control.close()) });
  const { coalescer, environment, primary } = open();
  const all = watch(coalescer.request('a'));
  primary.calls[0]!.resolve(whole);
  for (let turn = 0; turn < 3; turn++) await environment.advance(0);
  assert.deepEqual([all.value, whole.locked], [['x'], false]);
  const hanging = new ReadableStream({ start: (control) => control.enqueue('x') });
  assert.equal(await leave(hanging), 'x');
  assert.equal(hanging.locked, false);
});

test('streams are read where there are no web streams', async (t) => {
  const web = globalThis.ReadableStream;
  Reflect.deleteProperty(globalThis, 'ReadableStream');
  t.after(() => Object.assign(globalThis, { ReadableStream: web }));
  const chunks = async function* (): AsyncGenerator<number> {
    yield* [1, 2];
  };
  const coalescer = createCoalescer({ scope: 'public', targets: { only: chunks } });
  assert.deepEqual(await coalescer.request(null), [1, 2]);
});
