// How one value reaches many waiters: as the share option says, and never a value that can be read only once. LESSONS 12, 16, guarantee 7.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type CoalescerError, type Share } from '../../src/index.js';
import { codeOf, countedEnvironment, openStage, watch, type Watched } from './stage.js';

interface Given {
  readonly calls: number;
  readonly waiters: readonly Watched[];
}

/** What `many` waiters get when the target answers with `value`. */
async function give(value: unknown, share: Share | undefined, many = 3, key?: null): Promise<Given> {
  const environment = countedEnvironment();
  let calls = 0;
  const only = async (): Promise<unknown> => (calls++, value);
  const coalescer = createCoalescer({
    scope: 'public',
    targets: { only, backup: only },
    environment,
    ...(share === undefined ? {} : { share }),
  });
  const options = key === undefined ? {} : { key };
  const waiters = Array.from({ length: many }, () => watch(coalescer.request('a', options)));
  await environment.advance(0);
  await environment.advance(0);
  return { calls, waiters };
}

const nested = (): { list: { id: number }[]; when: Date; bytes: Uint8Array } => ({
  list: [{ id: 1 }],
  when: new Date(0),
  bytes: new Uint8Array([1, 2]),
});

for (const share of [undefined, 'readonly', 'same'] as const) {
  test(`share ${share ?? 'not said'}: all get the very object that the target made, and nothing happens to it`, async () => {
    const value = nested();
    const { calls, waiters } = await give(value, share);
    assert.equal(calls, 1);
    for (const waiter of waiters) assert.equal(waiter.value, value);
    assert.equal(Object.isFrozen(value) || Object.isFrozen(value.list), false);
  });
}

test("share 'copy': a Buffer has memory of its own, and none of its neighbours in Node's pool comes along", async () => {
  const value = Buffer.from('answer');
  assert.ok(value.buffer.byteLength > value.length, 'it lies in the pool');
  const { calls, waiters } = await give(value, 'copy');
  assert.equal(calls, 1);
  for (const waiter of waiters) {
    const copy = waiter.value as Buffer;
    assert.ok(Buffer.isBuffer(copy) && copy !== value);
    assert.deepEqual([copy.toString(), copy.byteOffset, copy.buffer.byteLength], ['answer', 0, 6]);
  }
  assert.equal(new Set(waiters.map((waiter) => (waiter.value as Buffer).buffer)).size, waiters.length);
});

test("share 'frozen': all get one object, frozen all the way down, also where only one waits", async () => {
  for (const many of [1, 3]) {
    const { calls, waiters } = await give(nested(), 'frozen', many);
    assert.equal(calls, 1);
    const value = waiters[0]!.value as ReturnType<typeof nested>;
    for (const waiter of waiters) assert.equal(waiter.value, value);
    for (const part of [value, value.list, value.list[0]]) assert.equal(Object.isFrozen(part), true);
    assert.throws(() => value.list.push({ id: 2 }), TypeError);
    assert.deepEqual([value.when.getTime(), value.bytes[1]], [0, 2]);
  }
});

test("share 'frozen' comes to an end with rings, bytes and getters", async () => {
  const ring: Record<string, unknown> = { bytes: Buffer.from('x'), list: [] };
  ring['self'] = ring;
  (ring['list'] as unknown[]).push(ring, Object.freeze({ inner: {} }));
  const { calls, waiters } = await give(ring, 'frozen', 1);
  assert.equal(calls, 1);
  assert.equal(waiters[0]!.state, 'fulfilled');
  assert.equal(Object.isFrozen((waiters[0]!.value as typeof ring)['list']), true);
});

test('a value that throws when it is looked at is refused or given, and loses no waiter', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const thrower = (): never => {
    throw new Error('do not look');
  };
  const unreadable = Object.defineProperty({}, 'part', { enumerable: true, get: thrower });
  const trapped = new Proxy(
    {},
    { get: (_, name) => (name === 'then' ? undefined : thrower()), ownKeys: thrower, preventExtensions: thrower },
  );
  let deep: unknown[] = [];
  for (let level = 0; level < 50_000; level++) deep = [deep];
  for (const value of [unreadable, trapped, deep, [proxy]]) {
    for (const share of ['readonly', 'frozen', 'copy', 'same'] as const) {
      const { calls, waiters } = await give(value, share);
      assert.equal(calls, 1);
      for (const { state } of waiters) assert.notEqual(state, 'pending', share);
    }
  }
});

test("share 'frozen' also freezes what lies under an object that was frozen already", async () => {
  const inner = { deep: { id: 1 } };
  const { calls } = await give(Object.freeze({ inner }), 'frozen', 1);
  assert.equal(calls, 1);
  assert.equal(Object.isFrozen(inner.deep), true);
});

test("share 'copy': each waiter gets its own, and none is the target's", async () => {
  const value = nested();
  const { calls, waiters } = await give(value, 'copy');
  assert.equal(calls, 1);
  const values = waiters.map((waiter) => waiter.value as typeof value);
  assert.equal(new Set([value, ...values]).size, 4);
  for (const copy of values) assert.deepEqual(copy, nested());
  values[0]!.list[0]!.id = 99;
  values[0]!.when.setTime(5);
  values[0]!.bytes[0] = 7;
  for (const other of [value, values[1], values[2]]) assert.deepEqual(other, nested());
  const alone = await give(value, 'copy', 1);
  assert.notEqual(alone.waiters[0]!.value, value);
  assert.deepEqual(alone.waiters[0]!.value, value);
});

test("share 'copy': what the first waiter writes as soon as it has its copy is not in the copies of the rest", async () => {
  const { coalescer, primary, settled } = openStage({ share: 'copy' as never });
  const list = { items: ['x'] };
  const sizes: number[] = [];
  const take = (value: unknown): void => {
    const { items } = value as typeof list;
    items.push('y');
    sizes.push(items.length);
  };
  for (let waiter = 0; waiter < 3; waiter++) void coalescer.request('a').then(take);
  assert.equal(primary.calls.length, 1);
  primary.calls[0]!.resolve(list as never);
  list.items.push('written by the target, late');
  await settled();
  assert.equal(new Set(sizes).size, 1);
  assert.equal(list.items.length, 2);
});

test("share 'copy' of what cannot be copied is a typed error for every waiter, with one call", async () => {
  const { calls, waiters } = await give({ deep: { run: () => 1 } }, 'copy');
  assert.equal(calls, 1);
  for (const waiter of waiters) assert.match(codeOf(waiter), /^COALESCER_NOT_(?:CLONEABLE|SHAREABLE)$/);
});

function* count(): Generator<number> {
  yield 1;
}
const readOnce: Readonly<Record<string, () => unknown>> = {
  'a Response': () => new Response('body'),
  'a Request with a body': () => new Request('http://localhost/', { method: 'POST', body: 'x' }),
  'a generator': count,
  'an iterator of a list': () => [1].values(),
  'an iterator of a Map': () => new Map([[1, 2]]).entries(),
  'an iterator made by hand': () => ({
    next: () => ({ done: true, value: undefined }),
    [Symbol.iterator]() {
      return this;
    },
  }), // prettier
};

for (const [what, make] of Object.entries(readOnce)) {
  if (what.startsWith('a Request')) continue;
  test(`${what} is refused where it would be shared: one call, no failover, one typed error for all at once`, async () => {
    for (const share of ['readonly', 'frozen', 'copy'] as const) {
      const { calls, waiters } = await give(make(), share);
      assert.equal(calls, 1);
      for (const waiter of waiters) assert.equal(codeOf(waiter), 'COALESCER_NOT_SHAREABLE', share);
      assert.equal(new Set(waiters.map(({ reason }) => reason)).size, 1);
      assert.equal(typeof (waiters[0]!.reason as CoalescerError).message, 'string');
    }
  });

  test(`${what} is given as it is to the one waiter of an unshared flight`, async () => {
    const value = make();
    const { calls, waiters } = await give(value, undefined, 1, null);
    assert.equal(calls, 1);
    assert.equal(waiters[0]!.value, value);
  });
}

test('what can be read again and again is shared: texts, bytes, lists, maps, sets, functions, errors', async () => {
  const values = [
    'text',
    Buffer.from('x'),
    [1],
    new Map(),
    new Set(),
    { next: 'page 2' },
    { pipe: 'line' },
    () => 1,
    new Error('as a value'),
    new Blob(['x']),
    null,
  ];
  for (const value of values) {
    const { calls, waiters } = await give(value, undefined);
    assert.equal(calls, 1);
    for (const waiter of waiters) assert.equal(waiter.value, value);
  }
});

test('a flight that was refused its value has ended: the next request calls again', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const only = async (): Promise<unknown> => (++calls === 1 ? [1].values() : 'text');
  const coalescer = createCoalescer({ scope: 'public', targets: { only }, environment });
  const first = watch(coalescer.request('a'));
  await environment.advance(0);
  const second = watch(coalescer.request('a'));
  await environment.advance(0);
  assert.equal(calls, 2);
  assert.deepEqual([codeOf(first), second.value], ['COALESCER_NOT_SHAREABLE', 'text']);
  assert.equal(coalescer.stats().airborne, 0);
});

test('by its type a shared value is not to be written to', () => {
  const coalescer = createCoalescer({ scope: 'public', targets: { only: async () => ({ list: [1] }) } });
  const own = createCoalescer({ scope: 'public', share: 'copy', targets: { only: async () => ({ list: [1] }) } });
  // Never called: the compiler's complaint is what is tested.
  const write = async (): Promise<void> => {
    // @ts-expect-error: Property 'push' does not exist on type 'readonly number[]'.
    (await coalescer.request('a')).list.push(2);
    (await own.request('a')).list.push(2);
  };
  assert.equal(typeof write, 'function');
});
