/** Worker threads as hosts. The only file that knows the thread pool; it is loaded when the first coalescer with threads is made. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Control } from '../workers/control.js';
import type { HostTask } from '../workers/host.js';
import type { PortShardSettings } from '../workers/port-shard.js';
import type { Seam } from '../workers/environment.js';
import { SharedMemory } from '../workers/shared-memory.js';
import { Wire, type Envelope } from '../workers/wire.js';
import type { HostLife, Hosts, LifeReceiver } from './hosts.js';
import type { FilledThreads } from './thread-targets.js';

/** What `flying` and `stop` may take. */
const CALL_MS = 1_000;
/** Threads beyond the active ones and the spare: quarantine, and one being replaced. */
const THREADS_BESIDE = 3;

export interface ShardHostsSetup {
  readonly threads: FilledThreads;
  readonly settings: PortShardSettings;
  /** Flights that may be on one shard at once. */
  readonly slots: number;
  readonly seam: Seam;
}

export class ShardHosts implements Hosts {
  readonly #setup: ShardHostsSetup;
  readonly #pool: Piscina;
  /** Threads that have a shard, living or opening; one shard each. */
  readonly #placed = new Set<number>();

  constructor(setup: ShardHostsSetup) {
    const { threads, spare, heapMbMax } = setup.threads;
    this.#setup = setup;
    this.#pool = new Piscina({
      filename: new URL('../workers/host.js', import.meta.url).href,
      minThreads: threads + (spare ? 1 : 0),
      maxThreads: threads + (spare ? 1 : 0) + THREADS_BESIDE,
      // The default blocks an idle worker in Atomics.wait: its timers and ports would stand still.
      atomics: 'disabled',
      idleTimeout: Infinity,
      // A shard's task is over when it is set up; the pool must not take the thread for free.
      concurrentTasksPerWorker: 2,
      loadBalancer: (_task, workers) => {
        const free = workers.find(({ id, terminating, destroyed }) => !terminating && !destroyed && !this.#placed.has(id));
        if (free === undefined) return null;
        this.#placed.add(free.id);
        return free;
      },
      ...(heapMbMax === null ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMbMax } }),
    });
    // A thread that dies between tasks is told by its port; without a listener the pool would throw.
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
    // The thread's death closes its ports, also while it loads: then the pool's own promise may never settle.
    const died = new Promise<never>((_, reject) => {
      data.port1.once('close', () => reject(new Error(`the thread died while it loaded ${module}`)));
    });
    data.port1.unref();
    let timer: unknown;
    const late = new Promise<never>((_, reject) => {
      timer = seam.setTimer(readyWithinMs, () => reject(new Error(`${module} did not load within readyWithinMs = ${readyWithinMs} ms`)));
    });
    try {
      const ran = this.#pool.run(task, { transferList: [data.port2, control.port2] }) as Promise<number>;
      const thread = await Promise.race([ran, died, late]);
      return new ThreadLife({
        thread,
        memory,
        data: data.port1,
        control: new Control(control.port1, seam),
        receiver,
        hosts: this,
        readyWithinMs,
      });
    } catch (error) {
      data.port1.close();
      control.port1.close();
      throw error;
    } finally {
      seam.clearTimer(timer);
      died.catch(() => undefined); // told by `closed` from now on
      late.catch(() => undefined); // its timer is cleared
    }
  }

  /** Ends one thread, however it hangs. */
  async end(thread: number): Promise<void> {
    await this.#pool.threads.find(({ threadId }) => threadId === thread)?.terminate();
    this.#placed.delete(thread);
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
  readonly readyWithinMs: number;
}

class ThreadLife implements HostLife {
  readonly thread: number;
  readonly memory: SharedMemory;
  readonly #setup: ThreadLifeSetup;

  constructor(setup: ThreadLifeSetup) {
    const { data, receiver } = setup;
    this.thread = setup.thread;
    this.memory = setup.memory;
    this.#setup = setup;
    data.on('message', (envelope: Envelope) => receiver.envelope(envelope));
    // The news of its death, 1-7 ms after it, behind everything it posted.
    data.once('close', () => {
      setup.control.close();
      receiver.closed();
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

  activate(role: 'active' | 'quarantine'): ReturnType<HostLife['activate']> {
    return this.#setup.control.call('activate', [role], this.#setup.readyWithinMs);
  }

  flying(slot: number, number: number): ReturnType<HostLife['flying']> {
    return this.#setup.control.call('flying', [slot, number], CALL_MS);
  }

  stop(): Promise<void> {
    return this.#setup.control.call('stop', [], CALL_MS);
  }

  async terminate(): Promise<void> {
    const { data, hosts } = this.#setup;
    const closed = new Promise<void>((resolve) => {
      data.once('close', resolve);
    });
    await hosts.end(this.thread);
    data.close();
    await closed;
  }
}
