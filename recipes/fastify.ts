// Fastify: targets are ready before it listens, a client that goes away leaves its flight, and the coalescer closes with the server.
import fastify, { type FastifyInstance } from 'fastify';
import { signalOf, statusOf } from './http-status.js';
import type { Users } from './users.js';

export function usersServer(users: Users): FastifyInstance {
  const server = fastify();
  server.addHook('onReady', () => users.ready());
  // Fastify runs it when it has stopped listening and all its requests are answered: nothing is in the air any more.
  server.addHook('onClose', () => users.close());
  server.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send({ code: (error as { code?: string }).code }));
  server.get<{ Params: { id: string } }>('/users/:id', (request, reply) =>
    users.request(request.params.id, { signal: signalOf(reply.raw), timeoutMs: 2_000 }),
  );
  return server;
}
