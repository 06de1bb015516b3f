// Who had joined a flight whose value was for one alone flies as it came: with its own scope, payload, signal and time, whatever its owner did to them since.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { createCoalescer, threadTargets, type RequestOptions } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import type targets from '../threads/fixtures/private-orders.js';
import type { Order } from '../threads/fixtures/private-orders.js';
import { codeOf, countedEnvironment, watch } from './stage.js';

function opened() {
  const environment = countedEnvironment();
  const run = scriptedTarget<string, string>();
  const scopes: (string | null)[] = [];
  const primary = {
    run: (payload: string, context: { readonly scope: string | null; readonly signal: AbortSignal }) => (scopes.push(context.scope), run(payload, context)),
    isShareable: () => false,
  }; // biome-ignore format: one line
  const coalescer = createCoalescer({ scope: 'per-request', environment, targets: { primary } });
  return { coalescer, environment, run, scopes };
}

for (const ask of ['request', 'outcome'] as const) {
  test(`${ask}: an options object that is used again for another tenant changes nothing of the one it was used for`, async () => {
    const { coalescer, environment, run, scopes } = opened();
    const leader = watch(coalescer.request('a', { scope: 'acme' }));
    const options: { scope: string; timeoutMs?: number; signal?: AbortSignal } = { scope: 'acme', timeoutMs: 1_000 };
    const follower = watch(coalescer[ask]('a', options));
    Object.assign(options, { scope: 'globex', timeoutMs: 1, signal: AbortSignal.abort('another’s') });
    run.calls[0]!.resolve('for one');
    await environment.advance(0);
    assert.deepEqual([run.calls.length, scopes, leader.value], [2, ['acme', 'acme'], 'for one']);
    await environment.advance(500);
    run.calls[1]!.resolve('its own');
    await environment.advance(0);
    assert.equal(ask === 'request' ? follower.value : (follower.value as { value: unknown }).value, 'its own');
  });
}

for (const threads of [0, 1]) {
  test(`a payload that its owner writes to when it was asked for crosses as it was (threads: ${threads})`, async () => {
    const module = new URL('../threads/fixtures/private-orders.js', import.meta.url);
    const scope = ({ tenant }: { readonly tenant: string }): string => tenant;
    const coalescer = createCoalescer({ scope, targets: threadTargets<typeof targets>(module, { threads }) });
    const order = { id: 1, tenant: 'acme' };
    const [leader, follower, told] = [coalescer.request({ ...order }), coalescer.request(order), coalescer.outcome(order)];
    Object.assign(order, { id: 2, tenant: 'globex' });
    const outcome = await told;
    assert.deepEqual([await leader, await follower, outcome.status === 'fulfilled' && outcome.value], Array(3).fill('1 for acme'));
    assert.equal(coalescer.stats().released, 2);
    await coalescer.close();
  });
}

for (const threads of [0, 1]) {
  test(`the same of a payload whose key is of another making (threads: ${threads})`, async () => {
    const module = new URL('../threads/fixtures/private-orders.js', import.meta.url);
    const key = ({ tenant }: Order): string => tenant;
    const coalescer = createCoalescer({ scope: 'public', key, targets: threadTargets<typeof targets>(module, { threads }) });
    const order = { id: 1, tenant: 'acme' };
    const odd = Object.assign(Object.create({ of: 'a class' }) as object, order);
    const asked = [coalescer.request({ ...order }), coalescer.request(order), coalescer.request(odd)];
    const refused = assert.rejects(asked.pop()!, { code: 'COALESCER_NOT_CLONEABLE' });
    Object.assign(order, { id: 2, tenant: 'globex' });
    assert.deepEqual(await Promise.all(asked), Array(2).fill('1 for null'));
    await refused;
    await coalescer.close();
  });
}

test('one whose time is up by then is told so at once, and does not fly', async () => {
  const { coalescer, environment, run } = opened();
  watch(coalescer.request('a', { scope: 'acme' }));
  const options: RequestOptions & { scope: string } = { scope: 'acme', timeoutMs: 104 };
  const followers = [watch(coalescer.request('a', options)), watch(coalescer.outcome('a', options))];
  // Its time is up, and the tick in which it would be told has not come.
  await environment.advance(105);
  run.calls[0]!.resolve('for one');
  await environment.advance(0);
  assert.equal(codeOf(followers[0]!), 'COALESCER_TIMEOUT');
  const { status, reason } = followers[1]!.value as { status: string; reason: { code: string } };
  assert.deepEqual([status, reason.code, run.calls.length], ['rejected', 'COALESCER_TIMEOUT', 1]);
  const { requests, launched, joined, released, timedOut, waiting } = coalescer.stats();
  assert.deepEqual(
    { requests, launched, joined, released, timedOut, waiting },
    { requests: 3, launched: 1, joined: 2, released: 0, timedOut: 2, waiting: 0 },
  );
});

// Neither `refused` nor `coalescer:refused` told of them, and they were no longer counted as released.
test('those who find no room, or have left, are counted once: as released and refused, and as left', async (context) => {
  const environment = countedEnvironment();
  const run = scriptedTarget<string, string>();
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    limits: { flights: 2 },
    targets: { primary: { run, isShareable: () => false } },
  });
  const told: unknown[] = [];
  const note = (message: unknown): void => void told.push(message);
  subscribe('coalescer:refused', note);
  context.after(() => unsubscribe('coalescer:refused', note));
  const leaving = new AbortController();
  const waiters = [undefined, undefined, undefined, undefined, leaving.signal].map((signal) => watch(coalescer.request('a', { signal })));
  run.calls[0]!.resolve('for one');
  // In the very turn in which it is released.
  void Promise.resolve().then(() => leaving.abort('gone'));
  await environment.advance(0);
  assert.equal(run.calls.length, 3);
  assert.deepEqual(waiters.map(codeOf), ['fulfilled', 'pending', 'pending', 'COALESCER_LIMIT', 'rejected: gone']);
  assert.deepEqual(told, [{ coalescer: 'coalescer', code: 'COALESCER_LIMIT', limit: 'flights' }]);
  const { requests, launched, joined, released, refused, left, waiting } = coalescer.stats();
  assert.deepEqual(
    { requests, launched, joined, released, refused, left, waiting },
    { requests: 5, launched: 3, joined: 4, released: 3, refused: 1, left: 1, waiting: 2 },
  );
});
