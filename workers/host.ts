/**
 * What runs on a worker thread: a pool task that loads the targets module, offers a control port, and returns; the shard lives on. It knows its
 * ports and its module, nothing of fronts.
 */
import { createHook } from 'node:async_hooks';
import { threadId } from 'node:worker_threads';
import { serveControl } from './control.js';
import { processEnvironment } from './environment.js';
import { FlightContext } from './flight-context.js';
import { HostSession } from './host-session.js';
import type { HostTask } from './host-task.js';
import { loadModule } from './load-module.js';
import type { PortOrder } from './port-order.js';
import { SharedMemory } from './shared-memory.js';

/** The pool's task: loads, and returns the thread's number. A module that cannot be loaded rejects it with the reason. */
export default async function host(task: HostTask): Promise<number> {
  const { data, config, settings, heartbeatMs } = task;
  const memory = new SharedMemory(task.memory);
  const session = new HostSession({
    module: await loadModule(task.module, task.imports),
    config,
    settings,
    memory,
    heartbeatMs,
    seam: processEnvironment(),
    thread: threadId,
    post: (envelope, transferList) => data.postMessage(envelope, transferList),
    listen: (receive) => {
      data.on('message', receive);
      data.unref();
    },
    watchForBlame: () => watchForBlame(memory),
  });
  serveControl(task.control, session);
  return threadId;
}

/** Whatever kills this thread is first traced to the flight in whose async context it arose. This is dear, and only suspects pay for it. */
function watchForBlame(memory: SharedMemory): FlightContext<PortOrder> {
  const flying = new FlightContext<PortOrder>();
  // Who runs now, also behind an await: a thread that hangs, or has no memory left, cannot tell any more.
  const running: number[] = [];
  createHook({
    before() {
      const number = flying.flight?.number ?? 0;
      running.push(number);
      memory.enter(number);
    },
    after() {
      running.pop();
      memory.enter(running.at(-1) ?? 0);
    },
  }).enable();
  const accuse = (): void => {
    const culprit = flying.flight;
    if (culprit !== undefined) memory.accuse(culprit.number);
  };
  // Of what ends the thread, and nothing else: the monitor changes nothing of what Node does, and what the module handles itself is no crime.
  process.on('uncaughtExceptionMonitor', () => {
    if (process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback()) accuse();
  });
  // Told in the context of whoever calls `process.exit`.
  process.on('exit', accuse);
  return flying;
}
