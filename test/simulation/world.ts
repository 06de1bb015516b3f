/** One simulated process: a real front and real links, put together as `createCoalescer` does, on simulated hosts. */
import { FrontedCoalescer } from '../../src/coalescer.js';
import type { Flight } from '../../src/flight.js';
import { Front } from '../../src/front.js';
import { InlineLinks } from '../../src/inline-links.js';
import type { LinkReceiver, Links } from '../../src/links.js';
import { fillOptions } from '../../src/option-table.js';
import { shardSettings, type FilledOptions } from '../../src/options.js';
import { ThreadLinks } from '../../src/thread-links.js';
import { HealthMemory, LATENCY } from '../../workers/health-memory.js';
import { Latency } from '../../workers/latency.js';
import type { PortShardSettings } from '../../workers/port-shard.js';
import type { TargetSpec } from '../../workers/targets.js';
import { TICK_MS, Wheel } from '../../workers/wheel.js';
import type { Envelope } from '../../workers/wire.js';
import { FlightWatch } from './flight-watch.js';
import { ForOneWatch } from './for-one-watch.js';
import { HedgeWatch } from './hedge-watch.js';
import { HealthWatch } from './health-watch.js';
import { Loop, type LoopHabits } from './loop.js';
import { Random } from './random.js';
import { ReaderWatch } from './reader-watch.js';
import { RequestWatch } from './request-watch.js';
import { Scheduler } from './scheduler.js';
import { SimHosts } from './sim-hosts.js';
import type { SimLife } from './sim-life.js';
import { textOf } from './stream-text.js';
import { SteerWatch } from './steer-watch.js';
import { StreamWatch } from './stream-watch.js';
import { drawSwarm, type Swarm } from './swarm.js';
import { tapLinks, tapReceiver, tapWaiters } from './tap.js';
import { targetsOn } from './targets-module.js';
import { KeepWatch } from './keep-watch.js';
import { ThreadWatch } from './thread-watch.js';
import type { Payload } from './upstream.js';
import { Witness } from './witness.js';

/** As many as a percentile wants, and more. */
const SAMPLES_BEFORE = 128;

/** A bug put in on purpose, where it cannot be done to the classes themselves. */
export interface Alteration {
  readonly target?: (target: TargetSpec<never, unknown>) => TargetSpec<never, unknown>;
  readonly front?: (front: Front) => void;
  /** Another mix of the same seed. */
  readonly swarm?: (swarm: Swarm) => Swarm;
}

export class World {
  readonly swarm: Swarm;
  readonly random: Random;
  readonly scheduler = new Scheduler();
  /** What happens to the process from outside: threads end, faults strike. */
  readonly machine: Loop;
  /** The caller's event loop. */
  readonly front: Loop;
  readonly habits: LoopHabits;
  readonly witness: Witness;
  readonly requestWatch: RequestWatch;
  readonly streamWatch: StreamWatch;
  readonly readerWatch: ReaderWatch;
  readonly flightWatch: FlightWatch;
  readonly hedgeWatch: HedgeWatch;
  readonly threadWatch: ThreadWatch;
  /** `null`: nothing is kept. */
  readonly keepWatch: KeepWatch | null;
  readonly options: FilledOptions;
  readonly settings: PortShardSettings;
  readonly healthMemory: HealthMemory;
  /** The front's; inline it is its shard's too. */
  readonly wheel: Wheel;
  readonly hosts: SimHosts;
  readonly library: Front;
  readonly coalescer: FrontedCoalescer;
  readonly alteration: Alteration;
  /** Do posted buffers really leave their sender, as those that are transferred? */
  readonly #isTransferring: boolean;

  constructor(seed: number, alteration: Alteration) {
    const drawn = drawSwarm(seed);
    const swarm = alteration.swarm?.(drawn) ?? drawn;
    const { scheduler } = this;
    this.swarm = swarm;
    this.alteration = alteration;
    this.random = new Random(seed, 1);
    this.#isTransferring = this.random.chance(0.05);
    this.habits = { lateMsMax: swarm.lateMsMax, deferMsMax: swarm.deferMsMax };
    this.machine = new Loop(scheduler, this.random, { lateMsMax: 0, deferMsMax: 0 });
    this.front = new Loop(scheduler, this.random, this.habits);
    this.witness = new Witness(swarm, scheduler);
    this.requestWatch = new RequestWatch(this.witness, this.front);
    this.hedgeWatch = new HedgeWatch(this.witness, (ms, check) => void scheduler.at(scheduler.now + ms, this.machine, check));
    this.streamWatch = new StreamWatch(this.witness, this.hedgeWatch);
    this.readerWatch = new ReaderWatch(this.witness, this.streamWatch);
    this.flightWatch = new FlightWatch(this.witness, this.streamWatch, this.hedgeWatch);
    this.threadWatch = new ThreadWatch(this.witness);
    this.keepWatch = swarm.keep === null ? null : new KeepWatch(this.witness, swarm.keep);
    if (swarm.forOne !== null)
      this.witness.forOne = new ForOneWatch(this.witness, swarm.forOne, (check) => void scheduler.at(scheduler.now, this.machine, check));
    if (swarm.steer !== null) this.witness.steer = new SteerWatch(this.witness, (check) => this.#later(check));
    this.options = this.#fillOptions();
    this.healthMemory = HealthMemory.ofTargets(swarm.targetNames.length);
    this.settings = {
      name: this.options.name,
      resultBytes: this.options.limits.resultBytes,
      health: this.healthMemory.buffer,
      ...shardSettings(this.options),
    };
    this.hosts = new SimHosts(this);
    const { seam } = this.front;
    const wheel = new Wheel(seam);
    this.wheel = wheel;
    const connect = (receiver: LinkReceiver): Links => this.#connect(wheel, tapReceiver(this, receiver));
    this.library = new Front({ seam, wheel, options: this.options, reentrance: null, connect });
    this.witness.health = new HealthWatch(this.witness, () => this.library.links.health);
    this.#remember();
    tapWaiters(this, this.library);
    alteration.front?.(this.library);
    this.coalescer = new FrontedCoalescer(this.library, this.options, seam);
  }

  /** How long targets took before all this: a percentile wants a hundred attempts. */
  #remember(): void {
    const { hedge, targetNames } = this.swarm;
    if (hedge?.options.percentile === undefined) return;
    const { healthMemory } = this.library.links;
    for (const index of targetNames.keys()) {
      const latency = new Latency(healthMemory.cells, healthMemory.baseOf(index) + LATENCY);
      for (let sample = 1; sample <= SAMPLES_BEFORE; sample++) latency.add((hedge.tookMsMax * sample) / SAMPLES_BEFORE);
    }
  }

  #fillOptions(): FilledOptions {
    const { options, scopes, hasKeyFunction, streams, hedge, keep } = this.swarm;
    return fillOptions({
      name: 'simulated',
      scope: scopes[0] === null ? 'public' : 'per-request',
      key: hasKeyFunction ? ({ payload }: Payload) => `key ${payload}` : undefined,
      // Tells the targets which flight it is; the front numbers them alike.
      carry: () => ({ number: this.witness.flights.size + 1 }),
      ...options,
      ...(streams === null ? {} : { streams: streams.options }),
      ...(hedge === null ? {} : { hedge: hedge.options }),
      ...(keep === null ? {} : { keep }),
      ...(streams?.isCollecting === true ? { collect: textOf } : {}),
    });
  }

  #connect(wheel: Wheel, receiver: LinkReceiver): Links {
    const { options, swarm } = this;
    const { seam } = this.front;
    if (swarm.threads === 0)
      return tapLinks(this, new InlineLinks({ targets: targetsOn(this, null), seam, wheel, options, reentrance: null, receiver }));
    const openHosts = (): Promise<SimHosts> => Promise.resolve(this.hosts);
    return tapLinks(this, new ThreadLinks({ threads: swarm, seam, options, receiver, openHosts, healthMemory: this.healthMemory }));
  }

  #later(check: () => void): void {
    const { scheduler, machine, front, witness } = this;
    const { pausedMs } = front;
    // A tick for who is looked at each tick, beside what any time is late by.
    scheduler.at(scheduler.now + witness.slackMs + TICK_MS, machine, () => {
      if (front.pausedMs === pausedMs) check();
    });
  }

  /** What arrives of what is posted. */
  carry(envelope: Envelope, transferList: readonly ArrayBuffer[]): Envelope {
    return this.#isTransferring ? structuredClone(envelope, { transfer: [...transferList] }) : envelope;
  }

  /** What the front thinks is on a life. */
  residentsOf(life: SimLife): Flight[] {
    return this.library.airborne.filter(({ passage }) => passage.link?.life === life);
  }
}
