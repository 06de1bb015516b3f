// Whose requests may share: never those of different scopes, and nobody is ever the tenant "undefined". LESSONS 14, RELIABILITY I5.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type Coalescer } from '../../src/index.js';
import { scriptedTarget, virtualEnvironment } from '../../src/testing.js';
import { promisesSettled } from '../../workers/environment.js';
import { hang, watch } from './stage.js';

function perRequest(): { readonly coalescer: Coalescer<string, string, string, 'per-request'>; readonly calls: readonly unknown[] } {
  const only = scriptedTarget<string, string>();
  return { coalescer: createCoalescer({ environment: virtualEnvironment(), scope: 'per-request', targets: { only } }), calls: only.calls };
}

test('equal payloads of one scope share, those of two do not', async () => {
  const only = scriptedTarget<string, string>();
  const coalescer = createCoalescer({ environment: virtualEnvironment(), scope: 'per-request', targets: { only } });
  const requests = ['acme', 'acme', 'globex', 'globex'].map((scope) => coalescer.request('a', { scope }));
  assert.equal(only.calls.length, 2);
  only.calls[0]!.resolve('for acme');
  only.calls[1]!.resolve('for globex');
  assert.deepEqual(await Promise.all(requests), ['for acme', 'for acme', 'for globex', 'for globex']);
});

test('the scope is asked for by the compiler and, where a cast got around it, by the request', async () => {
  const { coalescer, calls } = perRequest();
  // @ts-expect-error: Expected 2 arguments, but got 1.
  await assert.rejects(coalescer.request('a'), { code: 'COALESCER_SCOPE_MISSING' });
  // @ts-expect-error: Property 'scope' is missing.
  await assert.rejects(coalescer.request('a', {}), { code: 'COALESCER_SCOPE_MISSING' });
  // @ts-expect-error: Type 'undefined' is not assignable to type 'string'.
  await assert.rejects(coalescer.request('a', { scope: undefined }), { code: 'COALESCER_SCOPE_MISSING' });
  assert.equal(calls.length, 0);
});

test('undefined, null, the empty text and what is no text are refused, by request, outcome and identify', async () => {
  for (const scope of [undefined, null, '', 7, {}, ['acme'], true, Object('acme')] as never[]) {
    const { coalescer, calls } = perRequest();
    await assert.rejects(coalescer.request('a', { scope }), { code: 'COALESCER_SCOPE_MISSING' });
    await assert.rejects(coalescer.outcome('a', { scope }), { code: 'COALESCER_SCOPE_MISSING' });
    assert.throws(() => coalescer.identify('a', { scope }), { code: 'COALESCER_SCOPE_MISSING' });
    assert.equal(calls.length, 0);
    assert.deepEqual([coalescer.stats().airborne, coalescer.stats().refused], [0, 2]);
  }
});

test('a function that has no scope for a payload is refused in the same way', async () => {
  for (const scope of [undefined, null, '', 7] as never[]) {
    const only = scriptedTarget<string, string>();
    const coalescer = createCoalescer({ environment: virtualEnvironment(), scope: () => scope, targets: { only } });
    await assert.rejects(coalescer.request('a'), { code: 'COALESCER_SCOPE_MISSING' });
    assert.throws(() => coalescer.identify('a'), { code: 'COALESCER_SCOPE_MISSING' });
    assert.equal(only.calls.length, 0);
  }
});

test('a function takes the scope from the payload', () => {
  const calls: unknown[] = [];
  const only = (payload: { owner: string; id: number }): Promise<string> => (calls.push(payload), hang());
  const coalescer = createCoalescer({
    environment: virtualEnvironment(),
    scope: (payload: { owner: string }) => payload.owner,
    key: ({ id }) => `${id}`,
    targets: { only },
  });
  for (const owner of ['acme', 'globex', 'acme']) watch(coalescer.request({ owner, id: 1 }));
  assert.equal(calls.length, 2);
  assert.deepEqual(coalescer.identify({ owner: 'acme', id: 1 }), { scope: 'acme', key: '1' });
  assert.equal(coalescer.waiters({ payload: { owner: 'acme', id: 1 } }), 2);
  assert.equal(coalescer.forget({ scope: 'globex' }), 1);
});

test('a function that throws fails its request with what it threw', async () => {
  const thrown = new Error('no owner');
  const only = scriptedTarget<string, string>();
  const scope = (): string => {
    throw thrown;
  };
  const coalescer = createCoalescer({ environment: virtualEnvironment(), scope, targets: { only } });
  await assert.rejects(coalescer.request('a'), thrown);
  assert.equal(only.calls.length, 0);
});

test("a tenant named 'public', 'null' or 'undefined' is a tenant", () => {
  const { coalescer, calls } = perRequest();
  const names = ['public', 'null', 'undefined', '__proto__', 'constructor', ' '];
  for (const scope of names) watch(coalescer.request('a', { scope }));
  assert.equal(calls.length, names.length);
  for (const scope of names) {
    assert.deepEqual(coalescer.identify('a', { scope }), { scope, key: 'a' });
    assert.equal(coalescer.waiters({ scope }), 1);
  }
  assert.equal(coalescer.waiters({ scope: null }), 0);
});

test('no delimiter in a key or a scope fakes another scope', () => {
  const { coalescer, calls } = perRequest();
  const pairs = new Map<string, { scope: string; key: string }>();
  for (const mark of [
    '\0',
    '\u0001',
    ':',
    '::',
    '|',
    '/',
    '#',
    '\n',
    ' ',
    ',',
    '","',
    '"],["',
    '\ufeff',
    '\u2028',
    '\uffff',
    '%00',
    '\\',
    '\\0',
  ]) {
    for (const [scope, key] of [
      [`a${mark}b`, 'c'],
      ['a', `b${mark}c`],
      [`a${mark}`, `b${mark}c`],
      [`a${mark}b${mark}`, 'c'],
      [mark, mark],
      [`${mark}${mark}`, mark],
      [mark, `${mark}${mark}`],
    ] as const)
      pairs.set(JSON.stringify([scope, key]), { scope, key });
  }
  for (const { scope, key } of pairs.values()) for (let twice = 0; twice < 2; twice++) watch(coalescer.request('p', { scope, key }));
  assert.equal(calls.length, pairs.size);
  for (const { scope, key } of pairs.values()) assert.equal(coalescer.waiters({ scope, key }), 2, JSON.stringify([scope, key]));
});

test('no scope, key or route can be written so that it meets a request with other targets', () => {
  const [one, two] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const coalescer = createCoalescer({ environment: virtualEnvironment(), scope: 'per-request', targets: { one, two } });
  const texts = ['["one"]', '["two"]', '["one","two"]', 'one', '[]', 'null'];
  for (const scope of texts) {
    for (const key of texts) {
      watch(coalescer.request('p', { scope, key }));
      watch(coalescer.request('p', { scope, key, targets: ['two'] }));
      watch(coalescer.request('p', { scope, key, targets: ['two', 'one'] }));
    }
  }
  assert.equal(one.calls.length + two.calls.length, 3 * texts.length ** 2);
  for (const scope of texts) for (const key of texts) assert.equal(coalescer.waiters({ scope, key }), 3);
});

test('forget, cancel and waiters reach one scope only', async () => {
  const { coalescer, calls } = perRequest();
  const [acme, globex] = ['acme', 'globex'].map((scope) => watch(coalescer.request('a', { scope })));
  assert.equal(calls.length, 2);
  assert.equal(coalescer.waiters({ payload: 'a', scope: 'acme' }), 1);
  assert.equal(coalescer.cancel({ payload: 'a', scope: 'acme' }), 1);
  assert.equal(coalescer.forget({ scope: 'acme' }), 0);
  assert.throws(() => coalescer.waiters({ payload: 'a' }), { code: 'COALESCER_SCOPE_MISSING' });
  await promisesSettled();
  assert.deepEqual([acme!.state, globex!.state], ['rejected', 'pending']);
});

test("with 'public' the scope is null, in the identity and for targets", async () => {
  let scope: unknown;
  const coalescer = createCoalescer({
    environment: virtualEnvironment(),
    scope: 'public',
    targets: { only: async (_: string, context) => void (scope = context.scope) },
  });
  await coalescer.request('a');
  assert.equal(scope, null);
  assert.deepEqual(coalescer.identify('a'), { scope: null, key: 'a' });
  await coalescer.close();
});

test("a request with a scope of its own never meets the shared ones of a 'public' coalescer unnoticed", async () => {
  const only = scriptedTarget<string, string>();
  const coalescer = createCoalescer({ environment: virtualEnvironment(), scope: 'public', targets: { only } });
  watch(coalescer.request('a'));
  const scoped = watch(coalescer.request('a', { scope: 'acme' }));
  await Promise.resolve();
  await Promise.resolve();
  const isApart = only.calls.length === 2 && coalescer.waiters({ scope: 'acme' }) === 1;
  assert.ok(isApart || scoped.state === 'rejected', 'a scope that was given is either kept or refused, never dropped');
});
