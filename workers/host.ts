/**
 * What runs on a worker thread: a pool task that loads the targets module, serves a control port, and returns; the shard lives on. It knows its
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

/** Traces what kills this thread to the flight in whose async context it arose. This is expensive, and only quarantine pays for it. */
function watchForBlame(memory: SharedMemory): FlightContext<PortOrder> {
  const flying = new FlightContext<PortOrder>();
  // Which flight runs now, even after an await: a thread that hangs, or is out of memory, cannot report any more.
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
  // Only errors that end the thread: the monitor does not change what Node does, and errors that the module handles itself are no evidence.
  process.on('uncaughtExceptionMonitor', () => {
    if (process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback()) accuse();
  });
  // Emitted in the context of the code that calls `process.exit`.
  process.on('exit', accuse);
  return flying;
}
