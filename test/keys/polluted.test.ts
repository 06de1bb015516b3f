// Somebody has put properties on Object.prototype (a merge of what came over the wire, say). None of them is an option, a scope, a key or an identity
// that anybody gave: as one it would be everybody's. Requests are launched while it is there, and answered when it is gone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, isCoalescerError, type StreamOptions } from '../../src/index.js';

/** Runs with `name` on Object.prototype, as an assignment makes it or hidden. */
function polluted<Result>(name: string, value: unknown, isHidden: boolean, run: () => Result): Result {
  Reflect.defineProperty(Object.prototype, name, { value, configurable: true, writable: true, enumerable: !isHidden });
  try {
    return run();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}

const POLLUTIONS: Readonly<Record<keyof StreamOptions, unknown>> = {
  signal: 'none',
  timeoutMs: -1,
  scope: 'tenant',
  key: 'one for all',
  fresh: true,
  targets: ['none'],
  from: 3,
  flight: 'none#1',
};

function open() {
  const calls: unknown[] = [];
  const call = async (payload: unknown): Promise<unknown> => ({ for: payload, call: calls.push(payload) });
  return { calls, call, everybodys: createCoalescer({ scope: 'public', targets: { call } }) };
}

for (const isHidden of [false, true]) {
  for (const [name, value] of Object.entries(POLLUTIONS)) {
    test(`'${name}' on every object ${isHidden ? '(hidden) ' : ''}is no option of a request`, async () => {
      const { calls, call, everybodys } = open();
      const tenants = createCoalescer({ scope: 'per-request', targets: { call } });
      const asked = polluted(name, value, isHidden, () => [
        everybodys.request({ a: 1 }),
        everybodys.request({ a: 2 }, {}),
        everybodys.request('3', { timeoutMs: 1_000 }),
        everybodys.request({ a: 1 }, { targets: ['call'] }),
        tenants.request({ a: 1 }, { scope: 'tenant' }),
        tenants.request({ a: 2 }, { scope: 'tenant' }),
        tenants.request({ a: 2 }, { scope: 'other' }),
        tenants.request('text', { scope: 'tenant' }),
      ]);
      const answers = (await Promise.all(asked)) as { readonly for: unknown }[];
      assert.equal(calls.length, 7);
      const payloads = [{ a: 1 }, { a: 2 }, '3', { a: 1 }, { a: 1 }, { a: 2 }, { a: 2 }, 'text'];
      assert.deepEqual(
        answers.map((answer) => answer.for),
        payloads,
      );
      const streams = polluted(name, value, isHidden, () => [everybodys.stream({ a: 1 }), everybodys.stream('b', {})]);
      const read = await Promise.all(
        streams.map(async (stream) => (await stream[Symbol.asyncIterator]().next()).value as { readonly for: unknown }),
      );
      assert.deepEqual(
        read.map((chunk) => chunk.for),
        [{ a: 1 }, 'b'],
      );
    });
  }

  test(`nobody becomes a tenant that stands on every object${isHidden ? ' (hidden)' : ''}`, async () => {
    const { calls, call } = open();
    const tenants = createCoalescer({ scope: 'per-request', targets: { call } });
    const own = tenants.request('a', { scope: 'tenant' });
    const unsaid = polluted('scope', 'tenant', isHidden, () => [
      tenants.request('a', {} as never),
      tenants.request('a', undefined as never),
    ]);
    assert.equal(calls.length, 1);
    for (const ended of await Promise.allSettled(unsaid))
      assert.ok(ended.status === 'rejected' && isCoalescerError(ended.reason, 'COALESCER_SCOPE_MISSING'), ended.status);
    await own;
  });

  test(`what is forgotten is what was named${isHidden ? ' (hidden)' : ''}`, async () => {
    const { calls, call } = open();
    const tenants = createCoalescer({ scope: 'per-request', keep: { ttlMs: 60_000 }, targets: { call } });
    const all = () => Promise.all(['a', 'b'].map((payload) => tenants.request(payload, { scope: 'tenant' })));
    await all();
    assert.equal(calls.length, 2);
    assert.equal(
      polluted('payload', 'b', isHidden, () => tenants.forget({ scope: 'tenant', key: 'a' })),
      1,
    );
    assert.equal(
      polluted('scope', 'other', isHidden, () => tenants.forget({ payload: 'b', scope: 'tenant' })),
      1,
    );
    await all();
    assert.equal(
      polluted('key', 'a', isHidden, () => tenants.forget({ scope: 'tenant' })),
      2,
    );
    assert.throws(() => polluted('scope', 'tenant', isHidden, () => tenants.forget({} as never)), TypeError);
  });
}

test('options of a class of their own are given, whatever stands on every object', async () => {
  const { calls, call } = open();
  const tenants = createCoalescer({ scope: 'per-request', targets: { call } });
  class Options {
    get scope(): string {
      return 'mine';
    }
    readonly key = 'k';
  }
  assert.deepEqual(
    polluted('scope', 'tenant', false, () => tenants.identify('a', new Options())),
    { scope: 'mine', key: 'k' },
  );
  assert.deepEqual(calls, []);
});

test('a target that is an object can be made while every object has a property more', () => {
  const run = (payload: string): string => payload;
  assert.doesNotThrow(() => polluted('more', true, false, () => createCoalescer({ scope: 'public', targets: { only: { run } } })));
});
