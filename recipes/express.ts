// Express: what is shared is what makes the answer, never the response, which belongs to one client.
import express, { type ErrorRequestHandler, type Express } from 'express';
import { signalOf, statusOf } from './http-status.js';
import type { Users } from './users.js';

export function usersApp(users: Users): Express {
  const app = express();
  app.get('/users/:id', async (request, response) => {
    response.json(await users.request(request.params.id, { signal: signalOf(response), timeoutMs: 2_000 }));
  });
  // Express knows an error handler by its four parameters.
  const answerError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    response.status(statusOf(error)).json({ code: (error as { code?: string }).code });
  };
  app.use(answerError);
  return app;
}
