// NestJS as in recipes/: the provider is there for others, and the application's end closes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { USERS, UsersModule } from '../../recipes/nest.js';
import type { User, Users } from '../../recipes/users.js';
import { scriptedTarget } from '../../src/testing.js';

test('the provider coalesces, drains what is in the air at shut-down, and refuses what comes after', async () => {
  const primary = scriptedTarget<string, User>();
  const replica = scriptedTarget<string, User>();
  const app = await NestFactory.createApplicationContext(UsersModule.register(primary, replica), { logger: false });
  const users = app.get<Users>(USERS);
  const asked = Promise.all([users.request('7'), users.request('7')]);
  assert.equal(primary.calls.length, 1);

  const closing = app.close();
  await assert.rejects(refusedAtLast(users), { code: 'COALESCER_CLOSED' });
  primary.calls[0]?.resolve({ id: '7', name: 'Ada' });
  await closing;
  assert.deepEqual(await asked, [
    { id: '7', name: 'Ada' },
    { id: '7', name: 'Ada' },
  ]);
  assert.equal(users.stats().airborne, 0);
});

/** Nest comes to the hook some turns after `close()`. What is launched before that is let go of at once. */
async function refusedAtLast(users: Users): Promise<void> {
  for (let id = 0; id < 1_000; id++) {
    const gone = new AbortController();
    const asked = users.request(`late ${id}`, { signal: gone.signal });
    gone.abort();
    await asked.catch((error: Error & { code: unknown }) => {
      if (error.code === 'COALESCER_CLOSED') throw error;
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
