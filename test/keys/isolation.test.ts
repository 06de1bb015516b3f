// Whatever is delivered was made for the very scope and key that asked: every answer and every error says whom it is for, and each waiter
// compares. 100,000 operations of 40 tenants whose keys have the same names, mixed by a seed: requests that join, leave, time out, fail
// over, start afresh or go unshared, among forgets and cancels. Through the codec of threads too, where tenants share a packer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as aTurn } from 'node:timers/promises';
import { createCoalescer, isCoalescerError, threadTargets, type Coalescer, type RequestOptions } from '../../src/index.js';
import { virtualEnvironment, type VirtualEnvironment } from '../../src/testing.js';
import type targets from './fixtures/answer-for-tenant.js';
import type { Asked } from './fixtures/answer-for-tenant.js';

interface Told {
  readonly scope: string | null;
  readonly key: string;
}
type Tested = Coalescer<Asked, unknown, unknown, 'per-request'>;

function later(environment: VirtualEnvironment, ms: number): Promise<void> {
  return new Promise((resolve) => {
    environment.setTimer(ms, resolve);
  });
}

const TENANTS = 40;
const NAMES = ['user', 'user:1', '1', '', 'public', 'user:1:admin', `long ${'x'.repeat(9_000)}`];

/** Runs drawn operations, `step` after each handful of them. Returns how many deliveries were compared. */
async function mix(coalescer: Tested, operations: number, step: () => Promise<void>): Promise<number> {
  const chance = virtualEnvironment({ seed: 7 });
  const draw = (most: number): number => Math.floor(chance.random() * most);
  let compared = 0;
  const compare = (scope: string, key: string, delivered: unknown): void => {
    const told = (delivered as { told?: Told }).told ?? (delivered as Told);
    assert.ok(told.scope === scope && told.key === key, `${told.scope} ${told.key}`.slice(0, 80));
    compared++;
  };
  const waiting: Promise<void>[] = [];
  const leaving: (() => void)[] = [];
  for (let operation = 0; operation < operations; operation++) {
    const scope = `tenant${draw(TENANTS)}`;
    const key = NAMES[draw(NAMES.length)] as string;
    const kind = draw(100);
    if (kind === 0) coalescer.forget(draw(2) === 0 ? { scope } : { scope, key });
    else if (kind === 1) coalescer.cancel({ scope, key }, { told: { scope, key } });
    else {
      const controller = new AbortController();
      const reason = { told: { scope, key } };
      const options: RequestOptions & { scope: string } = {
        scope,
        ...(kind < 20 ? { signal: controller.signal } : kind < 30 ? { timeoutMs: 1 + draw(40) } : {}),
        ...(kind % 10 === 3 ? { fresh: true } : kind % 10 === 4 ? { key: null } : kind % 10 === 5 ? { targets: ['backup'] } : {}),
      };
      waiting.push(
        coalescer.request({ key, draw: draw(1_000) }, options).then(
          (value) => compare(scope, key, value),
          (error: unknown) => {
            if (!isCoalescerError(error)) return compare(scope, key, error);
            if (error.key !== undefined && key.length < 200)
              assert.equal(`${error.code} ${error.key}`.slice(0, 80), `${error.code} ${key}`.slice(0, 80));
            if (error.cause !== undefined) compare(scope, key, error.cause);
          },
        ),
      );
      if (kind < 20 && draw(3) === 0) leaving.push(() => controller.abort(reason));
    }
    if (operation % 200 === 199) {
      await step();
      for (const leave of leaving.splice(0)) leave();
    }
  }
  while (coalescer.stats().waiting > 0) await step();
  await Promise.all(waiting);
  return compared;
}

test('in 100,000 mixed operations of 40 tenants nothing is read across scopes or keys', async () => {
  const environment = virtualEnvironment({ seed: 3 });
  const answer = async ({ key, draw }: Asked, { scope }: { readonly scope: string | null }): Promise<Told> => {
    if (draw % 3 > 0) await later(environment, draw % 60);
    if (draw % 11 === 0) throw Object.assign(new Error('down'), { status: draw % 2 === 0 ? 404 : 503, told: { scope, key } });
    return { scope, key };
  };
  const coalescer: Tested = createCoalescer({
    scope: 'per-request',
    key: ({ key }: Asked) => key,
    flightTimeoutMs: 50,
    abandonAfterMs: 5,
    limits: { flights: 100_000 },
    environment,
    targets: { primary: answer, backup: answer },
  });
  const compared = await mix(coalescer, 100_000, () => environment.advance(10));
  const { joined, launched, left, timedOut, failovers, airborne } = coalescer.stats();
  assert.ok(compared > 50_000, `only ${compared} deliveries`);
  for (const [what, count] of Object.entries({ joined, launched, left, timedOut, failovers })) assert.ok(count > 100, `${what}: ${count}`);
  await environment.settle();
  assert.equal(coalescer.stats().airborne, 0, `${airborne} before`);
});

test('in 10,000 mixed operations through the codec of threads nothing is read across scopes or keys', async () => {
  const module = new URL('./fixtures/answer-for-tenant.js', import.meta.url);
  const coalescer: Tested = createCoalescer({
    scope: 'per-request',
    key: ({ key }: Asked) => key,
    backoff: { baseMs: 1 },
    targets: threadTargets<typeof targets>(module, { threads: 0 }),
  });
  await coalescer.ready();
  const compared = await mix(coalescer, 10_000, () => aTurn());
  assert.ok(compared > 5_000, `only ${compared} deliveries`);
  await coalescer.close();
});
