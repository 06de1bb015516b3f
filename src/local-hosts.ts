/** The caller's own thread as a host (`threads: 0`): the same frames and codec, so that a unit test finds what could not cross. */
import type { Seam } from '../workers/environment.js';
import { HostSession } from '../workers/host-session.js';
import { loadModule } from '../workers/load-module.js';
import type { PortShardSettings } from '../workers/port-shard.js';
import { SharedMemory } from '../workers/shared-memory.js';
import { Wire, type Envelope } from '../workers/wire.js';
import { CALL_MS, type HostLife, type Hosts, type LifeReceiver } from './hosts.js';
import type { FilledThreads } from './thread-targets.js';
import { within } from './within.js';

export interface LocalHostsSetup {
  readonly threads: FilledThreads;
  readonly settings: PortShardSettings;
  readonly slots: number;
  readonly seam: Seam;
}

export class LocalHosts implements Hosts {
  readonly #setup: LocalHostsSetup;

  constructor(setup: LocalHostsSetup) {
    this.#setup = setup;
  }

  makeWire(): Wire {
    return new Wire();
  }

  async open(receiver: LifeReceiver): Promise<HostLife> {
    const { threads, settings, slots, seam } = this.#setup;
    const { module, imports, config, heartbeatMs, readyWithinMs } = threads;
    const memory = SharedMemory.ofSlots(slots);
    let receive: ((envelope: Envelope) => void) | null = null;
    let isOpen = true;
    const waiting: Envelope[] = [];
    const session = new HostSession({
      module: await within(
        seam,
        readyWithinMs,
        loadModule(module, imports),
        `${module} did not load within readyWithinMs = ${readyWithinMs} ms`,
      ),
      config,
      settings,
      memory,
      heartbeatMs,
      seam,
      thread: null,
      post: (envelope) => {
        if (isOpen) receiver.envelope(envelope);
      },
      listen: (listener) => {
        receive = listener;
        for (const envelope of waiting.splice(0)) listener(envelope);
      },
      watchForBlame: null,
    });
    const closed = (closings: Promise<void>): Promise<void> =>
      within(seam, CALL_MS, closings, `what ${module} registered with onClose did not end within ${CALL_MS} ms`);
    return {
      thread: 0,
      memory,
      post: (envelope) => {
        if (receive === null) waiting.push(envelope);
        else receive(envelope);
      },
      hold: () => undefined,
      activate: (role) =>
        within(
          seam,
          readyWithinMs,
          session.activate(role),
          `the set-up of ${module} did not end within readyWithinMs = ${readyWithinMs} ms`,
        ),
      flying: (slot, number) => session.flying(slot, number),
      stop: () => closed(session.stop()),
      terminate: async () => {
        if (!isOpen) return;
        isOpen = false;
        receiver.closed();
        // No thread's death ends what still runs, or what a failed set-up had opened. This life is over, however closing goes.
        await closed(session.end()).catch(() => undefined);
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
