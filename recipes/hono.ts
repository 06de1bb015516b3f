// Hono: the request brings its signal along.
import { Hono } from 'hono';
import { statusOf } from './http-status.js';
import type { Users } from './users.js';

export function usersApp(users: Users): Hono {
  const app = new Hono();
  app.get('/users/:id', async (context) => {
    const user = await users.request(context.req.param('id'), { signal: context.req.raw.signal, timeoutMs: 2_000 });
    return context.json(user);
  });
  app.onError((error) => Response.json({ code: (error as { code?: string }).code }, { status: statusOf(error) }));
  return app;
}
