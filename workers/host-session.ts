/** A host from loading to its end: the part that worker threads, the caller's own thread and the simulation share. */
import { closeList } from './close-list.js';
import type { HostControl, HostFacts } from './control.js';
import type { Seam } from './environment.js';
import type { FlightCalls } from './flight-context.js';
import type { PortOrder } from './port-order.js';
import { PortShard, type PortShardSettings } from './port-shard.js';
import type { InAir } from './protocol.js';
import { TABLE_HASH } from './flight-steps.js';
import type { SharedMemory } from './shared-memory.js';
import { fillTargets, openOn, type OpenableModule } from './targets.js';
import { Wheel } from './wheel.js';
import { Wire, type Envelope } from './wire.js';

/** Beats per `heartbeatMs`: twice as many as the front reads. */
const BEATS = 20;

export interface HostSessionSetup {
  readonly module: OpenableModule;
  readonly config: unknown;
  readonly settings: PortShardSettings;
  readonly memory: SharedMemory;
  readonly heartbeatMs: number;
  readonly seam: Seam;
  /** `null`: the caller's own thread. */
  readonly thread: number | null;
  readonly post: (envelope: Envelope, transferList: readonly ArrayBuffer[]) => void;
  /** Starts reading frames; earlier ones have waited. */
  readonly listen: (receive: (envelope: Envelope) => void) => void;
  /** Used in quarantine: names the flight in whose async context something happens. */
  readonly watchForBlame: (() => FlightCalls<PortOrder>) | null;
}

export class HostSession implements HostControl {
  readonly #setup: HostSessionSetup;
  readonly #closings = closeList();
  #shard: PortShard | null = null;
  #beatTimer: unknown = null;
  #isStopped = false;

  constructor(setup: HostSessionSetup) {
    this.#setup = setup;
    this.#beat();
  }

  async activate(role: 'active' | 'quarantine'): Promise<HostFacts> {
    const { module, config, settings, memory, seam, thread, post, listen, watchForBlame } = this.#setup;
    const targets = fillTargets(await module[openOn](config, { thread, onClose: this.#closings.add }));
    const flying = role === 'quarantine' && watchForBlame !== null ? watchForBlame() : null;
    const shard = new PortShard({ seam, wheel: new Wheel(seam), wire: new Wire(), memory, targets, settings, flying, post });
    this.#shard = shard;
    listen((envelope) => shard.receive(envelope));
    const mayBeForOne = targets.some(({ isShareable }) => isShareable !== null);
    return { targetNames: targets.map(({ name }) => name), mayBeForOne, tableHash: TABLE_HASH };
  }

  flying(slot: number, number: number): Promise<readonly InAir[]> {
    return Promise.resolve(this.#shard?.flying(slot, number) ?? []);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#setup.seam.clearTimer(this.#beatTimer);
    await this.#closings.run();
  }

  /** Ends what runs here without a thread that would end it: nothing of it is reported any more. */
  async end(): Promise<void> {
    this.#shard?.end();
    await this.stop();
  }

  /** A sign of life: it stops when this thread's event loop is blocked. */
  #beat(): void {
    const { memory, seam, heartbeatMs } = this.#setup;
    if (this.#isStopped) return;
    memory.beat();
    this.#beatTimer = seam.setTimer(heartbeatMs / BEATS, () => this.#beat());
    seam.release(this.#beatTimer);
  }
}
