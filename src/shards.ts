/** Worker threads as hosts. The only file that knows the thread pool; it is loaded when the first coalescer with threads is made. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina, queueOptionsSymbol } from 'piscina';
import { Control, ControlLost } from '../workers/control.js';
import type { HostTask } from '../workers/host-task.js';
import type { PortShardSettings } from '../workers/port-shard.js';
import type { Seam } from '../workers/environment.js';
import { SharedMemory } from '../workers/shared-memory.js';
import { Wire, type Envelope } from '../workers/wire.js';
import { CALL_MS, type HostLife, type Hosts, type LifeReceiver } from './hosts.js';
import type { FilledThreads } from './thread-targets.js';
import { within } from './within.js';

/** Threads besides those on duty and their replacements: standbys, quarantine, and dying ones. */
const THREADS_BESIDE = 6;

/**
 * The young generation of a thread with a memory limit: three spaces of 8 MB. A thread at its limit gets 16 MiB more, so that Node can end it
 * (`src/node_worker.cc`). If a minor collection moves more than that into the full heap, the whole process dies instead, as it does with V8's default
 * from Node 24 on (three spaces of 32 MB: six of six soaks).
 */
const YOUNG_MB = 24;

export interface ShardHostsSetup {
  readonly threads: FilledThreads;
  readonly settings: PortShardSettings;
  /** Flights that may be on one shard at once. */
  readonly slots: number;
  readonly seam: Seam;
  /** The file that each thread loads. */
  readonly entry: string;
}

/** Which thread a pool's task went to: written by the load balancer, read when the thread must be ended. -1: none yet. */
interface Place {
  thread: number;
}

export class ShardHosts implements Hosts {
  readonly #setup: ShardHostsSetup;
  readonly #pool: Piscina;
  /** Threads that have a shard, alive or opening; one shard each. */
  readonly #placed = new Set<number>();

  constructor(setup: ShardHostsSetup) {
    const { threads, heapMbMax, niceness } = setup.threads;
    this.#setup = setup;
    this.#pool = new Piscina({
      filename: setup.entry,
      minThreads: threads,
      maxThreads: 2 * threads + THREADS_BESIDE,
      // The default blocks an idle worker in Atomics.wait: its timers and ports would stand still.
      atomics: 'disabled',
      idleTimeout: Infinity,
      // Only Linux has niceness per thread: elsewhere the caller's own thread would yield too.
      niceIncrement: process.platform === 'linux' ? niceness : 0,
      // A shard's task is over when it is set up; the pool must not take the thread for free.
      concurrentTasksPerWorker: 2,
      loadBalancer: (task, workers) => {
        const free = workers.find(({ id, terminating, destroyed }) => !terminating && !destroyed && !this.#placed.has(id));
        if (free === undefined) return null;
        this.#placed.add(free.id);
        (task[queueOptionsSymbol] as Place).thread = free.id;
        return free;
      },
      ...(heapMbMax === null ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMbMax, maxYoungGenerationSizeMb: YOUNG_MB } }),
    });
    // A thread that dies between tasks is reported by its port; without a listener the pool would throw.
    this.#pool.on('error', () => undefined);
  }

  makeWire(): Wire {
    return new Wire();
  }

  async open(receiver: LifeReceiver): Promise<HostLife> {
    const { threads, settings, slots, seam } = this.#setup;
    const memory = SharedMemory.ofSlots(slots);
    const data = new MessageChannel();
    const control = new MessageChannel();
    const { module, imports, config, heartbeatMs, readyWithinMs } = threads;
    const task: HostTask = {
      module,
      imports,
      config,
      settings,
      memory: memory.buffer,
      heartbeatMs,
      data: data.port2,
      control: control.port2,
    };
    // The thread's death closes its ports, even while it loads: then the pool's own promise may never settle.
    const died = new Promise<never>((_, reject) => {
      data.port1.once('close', () => reject(new Error(`the thread died while it loaded ${module}`)));
    });
    died.catch(() => undefined); // reported by `closed` once it has loaded
    data.port1.unref();
    const place: Place = { thread: -1 };
    const giveUp = new AbortController();
    try {
      const ran = this.#pool.run(Object.assign(task, { [queueOptionsSymbol]: place }), {
        transferList: [data.port2, control.port2],
        signal: giveUp.signal,
      }) as Promise<number>;
      ran.catch(() => undefined); // ignored if one of the others was first
      const late = `${module} did not load within readyWithinMs = ${readyWithinMs} ms`;
      const thread = await within(seam, readyWithinMs, Promise.race([ran, died]), late);
      const controls = new Control(control.port1, seam);
      return new ThreadLife({ thread, memory, data: data.port1, control: controls, receiver, hosts: this, threads });
    } catch (error) {
      data.port1.close();
      control.port1.close();
      // Takes it off the queue, or ends its thread: a thread that failed to load would fail again, since its loader remembers.
      giveUp.abort();
      void this.end(place.thread);
      throw error;
    }
  }

  /** Ends one thread, even if it hangs. */
  async end(thread: number): Promise<void> {
    await this.#pool.threads.find(({ threadId }) => threadId === thread)?.terminate();
    // Only threads that are gone are freed: the pool must not take a dying one for free.
    const living = new Set(this.#pool.threads.map(({ threadId }) => threadId));
    for (const placed of this.#placed) if (!living.has(placed)) this.#placed.delete(placed);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

interface ThreadLifeSetup {
  readonly thread: number;
  readonly memory: SharedMemory;
  readonly data: MessagePort;
  readonly control: Control;
  readonly receiver: LifeReceiver;
  readonly hosts: ShardHosts;
  readonly threads: FilledThreads;
}

class ThreadLife implements HostLife {
  readonly thread: number;
  readonly memory: SharedMemory;
  readonly #setup: ThreadLifeSetup;
  readonly #closed: Promise<void>;

  constructor(setup: ThreadLifeSetup) {
    const { data, receiver } = setup;
    this.thread = setup.thread;
    this.memory = setup.memory;
    this.#setup = setup;
    data.on('message', (envelope: Envelope) => receiver.envelope(envelope));
    this.#closed = new Promise((resolve) => {
      // Its death arrives 1-7 ms later, after everything it posted.
      data.once('close', () => {
        setup.control.close();
        receiver.closed();
        resolve();
      });
    });
    data.unref();
  }

  post(envelope: Envelope, transferList: readonly ArrayBuffer[]): void {
    this.#setup.data.postMessage(envelope, transferList);
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.#setup.data.ref();
    else this.#setup.data.unref();
  }

  async activate(role: 'active' | 'quarantine'): ReturnType<HostLife['activate']> {
    const { control, threads } = this.#setup;
    const { module, readyWithinMs } = threads;
    try {
      return await control.call('activate', [role], readyWithinMs);
    } catch (error) {
      if (!(error instanceof ControlLost)) throw error;
      if (error.isGone) throw new Error(`the thread died in the set-up of ${module}`, { cause: error });
      throw new Error(`the set-up of ${module} did not end within readyWithinMs = ${readyWithinMs} ms`, { cause: error });
    }
  }

  flying(slot: number, number: number): ReturnType<HostLife['flying']> {
    return this.#setup.control.call('flying', [slot, number], CALL_MS);
  }

  stop(): Promise<void> {
    return this.#setup.control.call('stop', [], CALL_MS);
  }

  async terminate(): Promise<void> {
    const { data, hosts } = this.#setup;
    await hosts.end(this.thread);
    data.close();
    await this.#closed;
  }
}
