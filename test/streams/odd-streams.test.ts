// What comes as a stream and is odd, late or of another making; and where its code runs.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createCoalescer, type CoalescerError } from '../../src/index.js';
import { countedEnvironment, httpError, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll, turns, type FedTarget } from './stage.js';

const targetOf = (run: (payload: string, context: { readonly signal: AbortSignal }) => unknown): FedTarget => ({
  calls: [],
  spec: { run: run as FedTarget['spec']['run'] },
});

test('a stream whose next chunk is always there lets the loop have its turns', async () => {
  const forever = async function* (): AsyncGenerator<string> {
    for (;;) yield 'a';
  };
  const coalescer = createCoalescer({ scope: 'public', streams: {}, targets: { forever } });
  let hasTurned = false;
  setImmediate(() => {
    hasTurned = true;
  });
  let read = 0;
  for await (const _ of coalescer.stream('a')) if (hasTurned || ++read === 100_000) break;
  assert.ok(hasTurned, `${read} chunks in one turn`);
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const kinds: Readonly<Record<string, readonly [make: () => unknown, chunks: readonly unknown[]]>> = {
  'an async generator': [
    async function* () {
      yield 'a';
      yield 'b';
    },
    ['a', 'b'],
  ],
  'a promise of one': [async () => Readable.from(['a', 'b']), ['a', 'b']],
  'a Readable': [() => Readable.from(['a', 'b']), ['a', 'b']],
  'a ReadableStream': [() => ReadableStream.from(['a', 'b']), ['a', 'b']],
  'a Response’s body': [() => new Response('ab').body, [bytes('ab')]],
  'a Blob’s stream': [() => new Blob(['ab']).stream(), [bytes('ab')]],
  'an iterable without return': [
    () => {
      const left = ['a', 'b'];
      return {
        [Symbol.asyncIterator]: () => ({ next: async () => (left.length === 0 ? { done: true } : { done: false, value: left.shift() }) }),
      };
    },
    ['a', 'b'],
  ],
  'one whose next gives no promise': [
    () => {
      const left = ['a', 'b'];
      return {
        [Symbol.asyncIterator]: () => ({ next: () => (left.length === 0 ? { done: true } : { done: false, value: left.shift() }) }),
      };
    },
    ['a', 'b'],
  ],
};
for (const [kind, [make, chunks]] of Object.entries(kinds)) {
  test(`${kind} is a stream for all who ask, and its list for those who want the whole`, async () => {
    let calls = 0;
    const coalescer = createCoalescer({
      scope: 'public',
      targets: {
        only: (): AsyncIterable<unknown> => {
          calls++;
          return make() as AsyncIterable<unknown>;
        },
      },
    });
    const whole = coalescer.request('a');
    const read = async (): Promise<unknown[]> => {
      const got: unknown[] = [];
      for await (const chunk of coalescer.stream('a')) got.push(chunk);
      return got;
    };
    const all = await Promise.all([read(), read(), whole]);
    assert.equal(calls, 1);
    for (const got of all) assert.deepEqual(got, chunks);
  });
}

function odd(): never {
  throw new Error('odd');
}
const broken: Readonly<Record<string, () => unknown>> = {
  'throws when it is asked for its iterator': () => ({
    [Symbol.asyncIterator]() {
      throw new Error('odd');
    },
  }),
  'has a next that throws': () => ({
    [Symbol.asyncIterator]: () => ({
      next() {
        throw new Error('odd');
      },
    }),
  }),
  'gives no object': () => ({ [Symbol.asyncIterator]: () => ({ next: async () => 5 }) }),
  'gives nothing': () => ({ [Symbol.asyncIterator]: () => ({ next: async () => undefined }) }),
  'has a getter that throws': () => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({
        get done() {
          throw new Error('odd');
        },
      }),
    }),
  }),
  'has no next': () => ({ [Symbol.asyncIterator]: () => ({}) }),
  'gives what throws when it is looked at': () => ({
    [Symbol.asyncIterator]: () => ({ next: () => Proxy.revocable({}, { getPrototypeOf: odd }).proxy }),
  }),
  'gives what only looks like a promise': () => ({
    [Symbol.asyncIterator]: () => ({ next: () => Object.setPrototypeOf({}, Promise.prototype) as unknown }),
  }),
};
for (const [how, make] of Object.entries(broken)) {
  test(`a stream that ${how} fails like any attempt: the next target is called`, async () => {
    let calls = 0;
    const primary = targetOf(() => {
      calls++;
      return make();
    });
    const backup = targetOf(async function* () {
      calls++;
      yield 'b';
    });
    const { coalescer, settled } = openStreams({ primary, backup });
    const reading = readAll(coalescer.stream('a'));
    await turns(settled);
    assert.equal(calls, 2);
    assert.deepEqual([reading.chunks, reading.state], [['b'], 'ended']);
  });
}

for (const [how, make] of Object.entries(broken)) {
  if (how.includes('iterator')) continue;
  test(`a stream that ${how} behind its first chunk breaks off, and nothing of it is unheard`, async (context) => {
    const unheard: unknown[] = [];
    const listen = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', listen);
    context.after(() => process.off('unhandledRejection', listen));
    let calls = 0;
    const only = targetOf(() => {
      calls++;
      let asked = 0;
      const behind = (make() as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      return { [Symbol.asyncIterator]: () => ({ next: () => (asked++ === 0 ? { done: false, value: 'a' } : behind.next()) }) };
    });
    const { coalescer, settled } = openStreams({ only });
    const reading = readAll(coalescer.stream('a'));
    await turns(settled);
    assert.equal(calls, 1);
    assert.deepEqual([reading.chunks, codeOfReading(reading), unheard], [['a'], 'COALESCER_STREAM_BROKEN', []]);
  });
}

for (const returns of ['throws', 'hangs', 'rejects'] as const) {
  test(`a return() that ${returns} keeps nobody who leaves`, async () => {
    let closings = 0;
    const only = targetOf(() => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return() {
          closings++;
          if (returns === 'throws') throw new Error('odd');
          return returns === 'hangs' ? new Promise(() => {}) : Promise.reject(new Error('odd'));
        },
      }),
    }));
    const { coalescer, settled } = openStreams({ only });
    const stream = coalescer.stream('a');
    await turns(settled);
    await stream[Symbol.asyncDispose]();
    await turns(settled);
    assert.deepEqual([closings, coalescer.stats().airborne], [1, 0]);
  });
}

test('the first chunk belongs to the attempt: without it in time the next target is called, and the last one is not cut off', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled, environment } = openStreams(
    { primary, backup },
    { streams: { firstChunkTimeoutMs: 1_000 }, flightTimeoutMs: 60_000 },
  );
  const reading = readAll(coalescer.stream('a'));
  await settled();
  await environment.advance(900);
  assert.equal(calls(), 1);
  await environment.advance(150);
  assert.equal(calls(), 2);
  assert.deepEqual([primary.calls[0]!.signal.aborted, primary.calls[0]!.isClosed], [true, true]);
  primary.calls[0]!.give('late');
  await environment.advance(20_000);
  backup.calls[0]!.give('in its own time');
  backup.calls[0]!.end();
  await settled();
  assert.deepEqual([reading.chunks, reading.state], [['in its own time'], 'ended']);
});

test('a target that hangs before it returns its stream is cut off by the same time; a stream that comes later is closed', async () => {
  let give!: (stream: unknown) => void;
  const late = fedTarget();
  const primary = targetOf(() => new Promise((resolve) => (give = resolve)));
  const backup = fedTarget();
  const { coalescer, settled, environment } = openStreams({ primary, backup }, { streams: { firstChunkTimeoutMs: 1_000 } });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  await environment.advance(1_050);
  assert.equal(backup.calls.length, 1);
  give(late.spec.run('a', { signal: new AbortController().signal } as never));
  await turns(settled);
  assert.equal(late.calls[0]!.isClosed, true);
  backup.calls[0]!.give('b');
  backup.calls[0]!.end();
  await settled();
  assert.deepEqual(reading.chunks, ['b']);
});

test('where nobody says a time to the first chunk, one that returns its stream late has a minute from then on, and is not cut off as it begins', async () => {
  let give!: (stream: unknown) => void;
  const begun = fedTarget();
  const primary = targetOf(() => new Promise((resolve) => (give = resolve)));
  const backup = fedTarget();
  const { coalescer, settled, environment } = openStreams({ primary, backup });
  for (const [payload, chunkMs, isIn] of [
    ['a', 59_900, true],
    ['b', 60_100, false],
  ] as const) {
    const reading = readAll(coalescer.stream(payload));
    await environment.advance(100_000); // a provider that queues, and says its headers late
    give(begun.spec.run(payload, { signal: new AbortController().signal } as never));
    await environment.advance(chunkMs);
    assert.equal(backup.calls.length, isIn ? 0 : 1);
    for (const feed of [begun.calls.at(-1)!, ...backup.calls]) {
      feed.give(payload);
      feed.end();
    }
    await turns(settled);
    assert.deepEqual([reading.chunks, reading.state], [[payload], 'ended']);
  }
});

test('a stream that comes when nothing is left of its flight is closed, and one whose looks throw is let be', async () => {
  for (const isWhole of [true, false]) {
    let closed = 0;
    let give: (stream: unknown) => void = () => assert.fail('not called');
    const target = targetOf(() => new Promise((resolve) => (give = resolve)));
    const { coalescer, environment, settled } = openStreams({ one: target });
    const leaving = new AbortController();
    const waiter = watch(coalescer.request('a', { signal: leaving.signal }));
    leaving.abort('left');
    await turns(settled);
    assert.deepEqual([waiter.reason, coalescer.stats().airborne], ['left', 0]);
    const iterator = { next: () => new Promise(() => {}), return: async () => ({ done: true, value: void closed++ }) };
    const throwing = (): never => {
      throw new Error('looked at');
    };
    give(Object.defineProperty({}, Symbol.asyncIterator, isWhole ? { value: () => iterator } : { get: throwing }));
    await turns(settled);
    assert.equal(closed, isWhole ? 1 : 0);
    await environment.advance(20);
    assert.equal(environment.timers(), 0);
  }
});

test('a silence longer than idleTimeoutMs is a failure in mid-air; one that waits for its readers is not silent', async () => {
  const only = fedTarget();
  const { coalescer, settled, environment } = openStreams({ only }, { streams: { idleTimeoutMs: 1_000 }, flightTimeoutMs: 3_600_000 });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give('one');
  await settled();
  await environment.advance(900);
  only.calls[0]!.give('two');
  await settled();
  await environment.advance(900);
  assert.equal(reading.state, 'reading');
  await environment.advance(150);
  assert.deepEqual([reading.chunks, codeOfReading(reading)], [['one', 'two'], 'COALESCER_STREAM_BROKEN']);
  assert.equal((reading.error as CoalescerError).attempts?.[0]?.end, 'timed-out');

  const waits = coalescer.stream('b')[Symbol.asyncIterator]();
  await settled();
  while (only.calls[1]!.pulls > only.calls[1]!.given) {
    only.calls[1]!.give('x'.repeat(10_000));
    await settled();
  }
  await environment.advance(100_000);
  assert.equal((await waits.next()).done, false);
  assert.equal(coalescer.stats().airborne, 1);
});

test('verdicts hold for streams as for values: an answer ends it, a failure goes on, exhaustion lists every attempt', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled, calls } = openStreams({ primary, backup });
  const answered = readAll(coalescer.stream('a'));
  await settled();
  const notFound = httpError(404);
  primary.calls[0]!.fail(notFound);
  await turns(settled);
  assert.deepEqual([answered.error, calls()], [notFound, 1]);
  const exhausted = readAll(coalescer.stream('b'));
  const whole = watch(coalescer.request('b'));
  await settled();
  primary.calls[1]!.fail(httpError(503));
  await turns(settled);
  backup.calls[0]!.fail(httpError(503));
  await turns(settled);
  assert.equal(calls(), 3);
  assert.equal((exhausted.error as CoalescerError).code, 'COALESCER_TARGETS_FAILED');
  assert.deepEqual((exhausted.error as CoalescerError).attempts?.map(({ target }) => target), ['primary', 'backup']); // biome-ignore format: one line
  assert.equal(whole.reason, exhausted.error);
});

test('a generator runs in nobody’s async context, whoever reads it, and each reader keeps its own', async () => {
  const tenant = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  let calls = 0;
  const only = targetOf(async function* () {
    calls++;
    for (let chunk = 0; chunk < 30; chunk++) {
      seen.push(tenant.getStore());
      if (chunk === 3) tenant.enterWith('entered by the target');
      await Promise.resolve();
      yield 'x'.repeat(10_000);
    }
  });
  const { coalescer, settled } = openStreams({ only });
  const read = async (): Promise<Set<unknown>> => {
    const stores = new Set<unknown>();
    for await (const chunk of coalescer.stream('a')) stores.add((chunk as string).length > 0 ? tenant.getStore() : null);
    return stores;
  };
  const both = Promise.all([tenant.run('one', read), tenant.run('other', read)]);
  await turns(settled, 60);
  assert.deepEqual((await both).map((stores) => Array.from(stores)), [['one'], ['other']]); // biome-ignore format: one line
  assert.equal(calls, 1);
  // What it enters itself it may see again, or not, as with any generator; never what a reader has.
  for (const store of seen) assert.ok(store === undefined || store === 'entered by the target', String(store));
  assert.equal(seen.length, 30);
});

test('one that has waited for its readers goes on in nobody’s context, not in that of the reader who came', async () => {
  const tenant = new AsyncLocalStorage<string>();
  const seen = new Set<unknown>();
  let given = 0;
  const only = targetOf(async function* () {
    for (; given < 100; given++) {
      seen.add(tenant.getStore());
      yield 'x'.repeat(10_000);
    }
  });
  const { coalescer, settled } = openStreams({ only });
  const iterator = coalescer.stream('a')[Symbol.asyncIterator]();
  await turns(settled, 30);
  assert.ok(given < 20, 'it waits for its reader');
  for (let chunk = 0; chunk < 100; chunk++) {
    const next = tenant.run('reader', () => iterator.next());
    await settled();
    assert.equal((await next).done, false);
  }
  assert.deepEqual([given >= 99, seen], [true, new Set([undefined])]);
});

test('bytes are each reader’s as they were given, though their producer fills one buffer again and again', async () => {
  const buffer = new Uint8Array(4);
  let calls = 0;
  const only = targetOf(async function* () {
    calls++;
    for (let chunk = 0; chunk < 5; chunk++) {
      yield buffer.fill(chunk);
      await Promise.resolve();
    }
    yield Buffer.from(buffer.buffer);
    buffer.fill(99);
  });
  const { coalescer, settled } = openStreams({ only });
  const slow = coalescer.stream('a');
  const whole = watch(coalescer.request('a'));
  await turns(settled);
  const reading = readAll(slow);
  await turns(settled);
  assert.equal(calls, 1);
  for (const chunks of [reading.chunks, whole.value as unknown[]])
    assert.deepEqual(chunks.map((chunk) => (chunk as Uint8Array)[0]), [0, 1, 2, 3, 4, 4]); // biome-ignore format: one line
  assert.ok(Buffer.isBuffer(reading.chunks[5]));
});

test('a generator that asks for its own key is told, where that is looked for', async () => {
  const environment = countedEnvironment();
  let error: unknown;
  const coalescer = createCoalescer({
    scope: 'public',
    detectReentrance: true,
    environment,
    targets: {
      only: async function* (payload: string): AsyncGenerator<string> {
        yield 'first';
        error = await coalescer.request(payload).catch((reason: unknown) => reason);
        yield 'second';
      },
    },
  });
  const reading = readAll(coalescer.stream('a'));
  for (let turn = 0; turn < 10; turn++) await environment.advance(0);
  assert.equal((error as CoalescerError).code, 'COALESCER_REENTRANT');
  assert.deepEqual([reading.chunks, reading.state], [['first', 'second'], 'ended']);
});

test('refused requests come as streams that say why, and nothing rejects unheard', async () => {
  const unheard: unknown[] = [];
  const listen = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { limits: { flights: 1 } });
  const flying = coalescer.stream('a');
  await settled();
  const refused = [
    coalescer.stream('b'),
    coalescer.stream('a', { signal: AbortSignal.abort('gone') }),
    coalescer.stream('a', { from: -1 }),
    coalescer.stream('a', { form: 1 } as never),
  ];
  const codes = await Promise.all(refused.map(async ({ outcome }) => (await outcome).status));
  assert.deepEqual(codes, ['rejected', 'rejected', 'rejected', 'rejected']);
  const readings = refused.map((stream) => readAll(stream));
  await settled();
  assert.deepEqual([codeOfReading(readings[0]!), readings[1]!.error], ['COALESCER_LIMIT', 'gone']);
  assert.match(String(readings[2]!.error), /options\.from/);
  assert.match(String(readings[3]!.error), /options\.form/);
  coalescer.cancel({ payload: 'a' });
  await turns(settled);
  await flying[Symbol.asyncDispose]();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  process.off('unhandledRejection', listen);
  assert.deepEqual([unheard, only.calls.length], [[], 1]);
});
