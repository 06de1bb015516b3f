// What readers get of a chunk: bytes that nobody else writes to, lists that are their own, and what `share` and `collect` say. LESSONS 10 and 12.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type CoalescerError } from '../../src/index.js';
import { countedEnvironment, watch } from '../inline/stage.js';
import { codeOfReading, fedTarget, openStreams, readAll, resumableTarget } from './stage.js';

const text = (chunks: readonly unknown[]): string[] => chunks.map((chunk) => Buffer.from(chunk as Uint8Array).toString());

for (const share of ['readonly', 'frozen', 'copy', 'same'] as const) {
  test(`a target that reads everything into one buffer gives every reader what was in it then (${share})`, async () => {
    let calls = 0;
    const pool = new Uint8Array(64);
    const environment = countedEnvironment();
    const coalescer = createCoalescer({
      scope: 'public',
      environment,
      share,
      targets: {
        async *pooled(): AsyncGenerator<Uint8Array> {
          calls++;
          for (const word of ['one', 'two', 'six']) {
            pool.set(Buffer.from(word), 8);
            yield pool.subarray(8, 11);
          }
          pool.fill(33);
        },
      },
    });
    const late = coalescer.stream('a');
    const early = readAll(coalescer.stream('a'));
    const whole = watch(coalescer.request('a'));
    for (let turn = 0; turn < 10; turn++) await environment.advance(0);
    const lateReading = readAll(late);
    for (let turn = 0; turn < 10; turn++) await environment.advance(0);
    assert.equal(calls, 1);
    assert.deepEqual([text(early.chunks), text(lateReading.chunks), text(whole.value as unknown[])], [['one', 'two', 'six'], ['one', 'two', 'six'], ['one', 'two', 'six']]); // biome-ignore format: three of a kind
  });
}

for (const make of [
  (buffer: ArrayBuffer) => new Uint16Array(buffer),
  (buffer: ArrayBuffer) => new DataView(buffer),
  (buffer: ArrayBuffer) => buffer,
] as const) {
  const { name } = make(new ArrayBuffer(0)).constructor;
  test(`so does one whose buffer is a ${name}`, async () => {
    let calls = 0;
    const buffer = new ArrayBuffer(4);
    const environment = countedEnvironment();
    const coalescer = createCoalescer({
      scope: 'public',
      environment,
      targets: {
        async *pooled(): AsyncGenerator<unknown> {
          calls++;
          for (const value of [1, 2]) {
            new Uint8Array(buffer).fill(value);
            yield make(buffer);
          }
          new Uint8Array(buffer).fill(9);
        },
      },
    });
    const reading = readAll(coalescer.stream('a'));
    const late = coalescer.stream('a');
    for (let turn = 0; turn < 10; turn++) await environment.advance(0);
    const lateReading = readAll(late);
    for (let turn = 0; turn < 10; turn++) await environment.advance(0);
    assert.equal(calls, 1);
    for (const { chunks } of [reading, lateReading]) {
      const firsts = chunks.map((chunk) => new Uint8Array(chunk instanceof ArrayBuffer ? chunk : (chunk as DataView).buffer)[0]);
      assert.deepEqual(firsts, [1, 2]);
      assert.equal(chunks[0]?.constructor.name, name);
    }
  });
}

test('a batch is its reader’s own list: who writes to it writes to nobody else’s stream', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only });
  const [one, other] = [coalescer.stream('a'), coalescer.stream('a')];
  const whole = watch(coalescer.request('a'));
  await settled();
  only.calls[0]!.give('1', '2');
  await settled();
  const batches = one.batches()[Symbol.asyncIterator]();
  const batch = (await batches.next()).value as unknown[];
  assert.deepEqual(batch, ['1', '2']);
  batch.length = 0;
  batch.push('mine', 'too', 'many');
  only.calls[0]!.give('3');
  only.calls[0]!.end();
  await settled();
  assert.deepEqual((await batches.next()).value, ['3']);
  assert.deepEqual((await other.batches()[Symbol.asyncIterator]().next()).value, ['1', '2', '3']);
  assert.deepEqual([whole.value, calls()], [['1', '2', '3'], 1]);
});

test('who waits for the whole and writes to its list writes to no reader’s stream', async () => {
  const only = fedTarget();
  const { coalescer, calls, settled } = openStreams({ only }, { share: 'same' });
  const reader = coalescer.stream('a');
  const whole = watch(coalescer.request('a'));
  await settled();
  only.calls[0]!.give('1', '2');
  only.calls[0]!.end();
  await settled();
  (whole.value as unknown[]).reverse();
  (whole.value as unknown[]).push('mine');
  const reading = readAll(reader);
  await settled();
  assert.deepEqual([reading.chunks, calls()], [['1', '2'], 1]);
});

test('`frozen` freezes chunks and the list of them; `copy` gives each its own of both', async () => {
  const only = fedTarget();
  const frozen = openStreams({ only }, { share: 'frozen' });
  const reading = readAll(frozen.coalescer.stream('a'));
  const whole = watch(frozen.coalescer.request('a'));
  await frozen.settled();
  only.calls[0]!.give({ deep: { er: [1] } });
  only.calls[0]!.end();
  await frozen.settled();
  const [chunk] = reading.chunks as { deep: { er: number[] } }[];
  assert.ok(Object.isFrozen(chunk) && Object.isFrozen(chunk?.deep.er) && Object.isFrozen(whole.value));
  const copied = openStreams({ only }, { share: 'copy' });
  const readings = [readAll(copied.coalescer.stream('a')), readAll(copied.coalescer.stream('a'))];
  const wholes = [watch(copied.coalescer.request('a')), watch(copied.coalescer.request('a'))];
  await copied.settled();
  only.calls[1]!.give({ deep: { er: [1] } });
  only.calls[1]!.end();
  await copied.settled();
  const all = [...readings.map(({ chunks }) => chunks[0]), ...wholes.map(({ value }) => (value as unknown[])[0])];
  assert.equal(only.calls.length, 2);
  assert.equal(new Set(all).size, 4);
  for (const each of all) assert.deepEqual(each, { deep: { er: [1] } });
});

test('`resume` gets a list of its own: what it does to it reaches no reader', async () => {
  const [primary, backup] = [fedTarget(), resumableTarget()];
  const { coalescer, calls, settled } = openStreams({ primary, backup }, { streams: { midStream: 'resume' } });
  const early = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give('1', '2');
  primary.calls[0]!.fail(new Error('cut'));
  for (let turn = 0; turn < 5; turn++) await settled();
  const delivered = backup.calls[0]!.delivered as unknown[];
  assert.deepEqual(delivered, ['1', '2']);
  try {
    delivered.length = 0;
    delivered.push('written', 'by', 'resume');
  } catch {
    // Frozen is fine too.
  }
  const late = readAll(coalescer.stream('a'));
  backup.calls[0]!.give('3');
  backup.calls[0]!.end();
  await settled();
  assert.deepEqual([early.chunks, late.chunks, calls()], [['1', '2', '3'], ['1', '2', '3'], 2]);
});

test('`collect` makes one value for all who want the whole; readers get chunks; what it throws they reject with', async () => {
  const only = fedTarget();
  const environment = countedEnvironment();
  const seen: unknown[][] = [];
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    targets: { only: only.spec },
    collect(chunks: readonly unknown[]) {
      seen.push([...chunks]);
      if (chunks.length === 0) throw new RangeError('nothing to collect');
      return { text: chunks.join('') };
    },
  });
  const wholes = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
  const reading = readAll(coalescer.stream('a'));
  await environment.advance(0);
  only.calls[0]!.give('a', 'b');
  only.calls[0]!.end();
  await environment.advance(0);
  assert.equal(only.calls.length, 1);
  assert.deepEqual(seen, [['a', 'b']], 'once for all');
  assert.deepEqual([wholes[0]!.value, wholes[1]!.value, reading.chunks], [{ text: 'ab' }, { text: 'ab' }, ['a', 'b']]);
  const empty = watch(coalescer.request('b'));
  const emptyReading = readAll(coalescer.stream('b'));
  await environment.advance(0);
  only.calls[1]!.end();
  await environment.advance(0);
  assert.equal((empty.reason as Error).message, 'nothing to collect');
  assert.deepEqual([emptyReading.chunks, emptyReading.state, only.calls.length], [[], 'ended', 2]);
});

test('a promise that `collect` returns is waited for; where it rejects and none can be given it, nothing rejects unheard', async (context) => {
  const unheard: unknown[] = [];
  const listen = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  context.after(() => process.off('unhandledRejection', listen));
  const ends: unknown[] = [];
  for (const share of ['readonly', 'copy'] as const) {
    const only = fedTarget();
    const environment = countedEnvironment();
    const collect = async (chunks: readonly unknown[]): Promise<number> => {
      if (chunks.length === 0) throw new RangeError('nothing to collect');
      return chunks.length;
    };
    const coalescer = createCoalescer({ scope: 'public', share, environment, targets: { only: only.spec }, collect });
    const waiters = ['a', 'b'].map((payload) => watch(coalescer.request(payload)));
    await environment.advance(0);
    assert.equal(only.calls.length, 2);
    only.calls[0]!.give('one');
    for (const call of only.calls) call.end();
    await environment.advance(0);
    ends.push(...waiters.map(({ value, reason }) => value ?? (reason as { code?: string }).code ?? (reason as Error).message));
  }
  assert.deepEqual(ends, [1, 'nothing to collect', 'COALESCER_NOT_SHAREABLE', 'COALESCER_NOT_SHAREABLE']);
  assert.deepEqual(unheard, []);
});

test('one chunk larger than a value may be is refused to all who wait, and no other target is called for it', async () => {
  const [only, backup] = [fedTarget(), fedTarget()];
  const { coalescer, calls, settled } = openStreams({ only, backup }, { limits: { resultBytes: 1_000 }, streams: { midStream: 'verify' } });
  const reading = readAll(coalescer.stream('a'));
  const whole = watch(coalescer.request('a'));
  await settled();
  only.calls[0]!.give(new Uint8Array(10));
  only.calls[0]!.give(new Uint8Array(2_000));
  await settled();
  assert.equal(calls(), 1);
  assert.deepEqual([(whole.reason as CoalescerError).code, (whole.reason as CoalescerError).limit], ['COALESCER_LIMIT', 'resultBytes']);
  assert.deepEqual([reading.chunks.length, codeOfReading(reading), only.calls[0]!.isClosed], [1, 'COALESCER_LIMIT', true]);
});
