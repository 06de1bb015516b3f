// SIGTERM in Kubernetes. The server first: no new connections. Then `close({ drainMs })`: requests that are here already may still join what is in
// the air, and get its answer; what would need a new upstream call is refused with COALESCER_CLOSED, and asked for again on another pod.
//
// terminationGracePeriodSeconds must exceed DRAIN_MS and the preStop sleep, which gives the endpoints time to forget this pod:
//
//   terminationGracePeriodSeconds: 30
//   lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } }
import type { Coalescer } from 'coalescer';
import type { Server } from 'node:http';

const DRAIN_MS = 15_000;

/** Ends the process in order when it is told to. Never `process.exit()`: the process ends by itself, since nothing is left. */
export function stopOnSigterm(server: Server, coalescers: readonly Pick<Coalescer<never, unknown>, 'close'>[]): void {
  process.once('SIGTERM', () => void stop(server, coalescers));
}

export async function stop(server: Server, coalescers: readonly Pick<Coalescer<never, unknown>, 'close'>[]): Promise<void> {
  const serverClosed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  await Promise.all(coalescers.map((coalescer) => coalescer.close({ drainMs: DRAIN_MS })));
  // Connections that are kept alive and idle now would keep the process.
  server.closeIdleConnections();
  await serverClosed;
}
