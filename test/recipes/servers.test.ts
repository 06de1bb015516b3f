// Fastify, Express and Hono as in recipes/: many requests are one upstream call, a client that goes away is nobody's loss, errors get their status.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { usersApp as expressApp } from '../../recipes/express.js';
import { usersServer } from '../../recipes/fastify.js';
import { usersApp as honoApp } from '../../recipes/hono.js';
import { statusOf } from '../../recipes/http-status.js';
import { createUsers, type User, type Users } from '../../recipes/users.js';
import { createCoalescer } from '../../src/index.js';
import { scriptedTarget, type ScriptedTarget } from '../../src/testing.js';
import { until } from './until.js';

interface Served {
  readonly ask: (path: string, signal?: AbortSignal) => Promise<Response>;
  readonly close: () => Promise<void>;
}

const serve: Readonly<Record<string, (users: Users) => Promise<Served>>> = {
  async Fastify(users) {
    const server = usersServer(users);
    const address = await server.listen({ port: 0, host: '127.0.0.1' });
    return {
      ask: (path, signal) => fetch(`${address}${path}`, { signal: signal ?? null }),
      close: async () => {
        // The client's idle connections would be waited for.
        server.server.closeAllConnections();
        await server.close();
      },
    };
  },
  async Express(users) {
    const server = createServer(expressApp(users) as Parameters<typeof createServer>[1]);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    return {
      ask: (path, signal) => fetch(`http://127.0.0.1:${port}${path}`, { signal: signal ?? null }),
      close: async () => {
        server.close();
        server.closeAllConnections();
        await users.close();
      },
    };
  },
  async Hono(users) {
    const app = honoApp(users);
    return {
      ask: async (path, signal) => app.fetch(new Request(`http://localhost${path}`, { signal: signal ?? null })),
      close: () => users.close(),
    };
  },
};

type Target = ScriptedTarget<string, User>;

for (const [name, start] of Object.entries(serve)) {
  describe(name, () => {
    const primary: Target = scriptedTarget();
    const replica: Target = scriptedTarget();
    const users = createUsers(primary, replica);
    const served = start(users);
    after(async () => (await served).close());

    test('twenty requests are one upstream call, which fails over once', async () => {
      const { ask } = await served;
      const asked = Array.from({ length: 20 }, () => ask('/users/7'));
      await until(() => users.waiters({ payload: '7' }) === 20);
      assert.equal(primary.calls.length, 1);
      primary.calls[0]?.reject(new Error('primary is away'));
      await until(() => replica.calls.length > 0);
      replica.calls[0]?.resolve({ id: '7', name: 'Ada' });
      const answers = await Promise.all((await Promise.all(asked)).map(async (answer) => [answer.status, await answer.json()]));
      assert.deepEqual(
        answers,
        Array.from({ length: 20 }, () => [200, { id: '7', name: 'Ada' }]),
      );
      assert.deepEqual([primary.calls.length, replica.calls.length], [1, 1]);
    });

    test('a client that goes away leaves its flight; the last one ends the upstream call', async () => {
      const { ask } = await served;
      const goesFirst = new AbortController();
      const goesLast = new AbortController();
      const asked = [ask('/users/8', goesFirst.signal), ask('/users/8', goesLast.signal)].map((answer) => answer.catch(() => 'gone'));
      await until(() => users.waiters({ payload: '8' }) === 2);
      const call = primary.calls.at(-1);
      goesFirst.abort();
      await until(() => users.waiters({ payload: '8' }) === 1);
      assert.equal(call?.signal.aborted, false);
      goesLast.abort();
      await until(() => call?.signal.aborted ?? false);
      // Hono's answer to a client that is gone is made all the same, and read by nobody.
      for (const answer of await Promise.all(asked)) assert.ok(answer === 'gone' || name === 'Hono');
    });

    test("the upstream's own answer keeps its status, and exhaustion is a bad gateway", async () => {
      const { ask } = await served;
      const before = primary.calls.length;
      const missing = ask('/users/9');
      await until(() => primary.calls.length > before);
      primary.calls.at(-1)?.reject(Object.assign(new Error('no such user'), { status: 404 }));
      assert.equal((await missing).status, 404);

      const replicaBefore = replica.calls.length;
      const failing = ask('/users/10');
      await until(() => primary.calls.length > before + 1);
      primary.calls.at(-1)?.reject(new Error('away'));
      await until(() => replica.calls.length > replicaBefore);
      replica.calls.at(-1)?.reject(new Error('away too'));
      const answer = await failing;
      assert.deepEqual([answer.status, await answer.json()], [502, { code: 'COALESCER_TARGETS_FAILED' }]);
    });
  });
}

test('a payload that is too large is the fault of the client, and a service that is full is not', async () => {
  const coalescer = createCoalescer({
    scope: 'public',
    limits: { payloadBytes: 8, flights: 1 },
    targets: { hang: () => new Promise(() => undefined) },
  });
  const abandon = new AbortController();
  const tooLong = coalescer.request('much too long');
  const first = coalescer.request('first', { signal: abandon.signal }).catch(() => 'gone');
  const refusals = await Promise.allSettled([tooLong, coalescer.request('second')]);
  assert.deepEqual(
    refusals.map((refusal) => refusal.status === 'rejected' && statusOf(refusal.reason)),
    [413, 503],
  );
  abandon.abort();
  assert.equal(await first, 'gone');
});
