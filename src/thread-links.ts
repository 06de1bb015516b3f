/**
 * The links of a coalescer with threads: which link flies what, and what happens to flights when a thread is lost. Loads nothing heavy until it
 * is made: an inline user never pays for threads.
 */
import { bytesOf, packBody } from '../workers/body.js';
import type { HealthMemory } from '../workers/health-memory.js';
import type { Health } from '../workers/health.js';
import type { InAir } from '../workers/protocol.js';
import { SharedMemory } from '../workers/shared-memory.js';
import type { Wire } from '../workers/wire.js';
import { admitPacked } from './admission.js';
import { judgeDeath, type Fate, type Resident } from './blame.js';
import type { Boarded } from './boarding.js';
import type { Flight } from './flight.js';
import type { Hosts } from './hosts.js';
import type { Admission, Links } from './links.js';
import { takeLedger } from './lost-attempts.js';
import { PortLink, type PortLinkOwner } from './port-link.js';
import { Quarantine } from './quarantine.js';
import type { TargetStats } from './reports.js';
import { Roster, type RosterOwner } from './roster.js';
import { targetStats } from './statistics.js';
import { ThreadHealth, type ThreadHealthSetup } from './thread-health.js';

/** How often the front reads heartbeats per `heartbeatMs`. A hang is a heartbeat that stood still in all of these reads. */
const LOOKS = 10;

export interface ThreadLinksSetup extends ThreadHealthSetup {
  readonly threads: { readonly threads: number; readonly spare: boolean; readonly heartbeatMs: number };
  readonly openHosts: () => Promise<Hosts>;
}

export class ThreadLinks implements Links, PortLinkOwner, RosterOwner {
  readonly payloadsCross = true;
  readonly #setup: ThreadLinksSetup;
  readonly #roster: Roster;
  /** The ward takes suspects together; the cell takes those that remain, one at a time. */
  readonly #ward: Quarantine;
  readonly #cell: Quarantine;
  /** Flights that wait for a link. */
  readonly #parked = new Set<Flight>();
  /** Counts of lives that are over. */
  readonly #gone = SharedMemory.ofSlots(0);
  readonly healthMemory: HealthMemory;
  readonly #health: ThreadHealth;
  #wire: Wire | null = null;
  #lookTimer: unknown = null;
  #isClosed = false;

  constructor(setup: ThreadLinksSetup) {
    const { seam, threads, receiver } = setup;
    this.#setup = setup;
    this.healthMemory = setup.healthMemory;
    this.#health = new ThreadHealth(setup);
    this.#roster = new Roster({
      seam,
      count: Math.max(1, threads.threads),
      spare: threads.spare,
      openHosts: async () => {
        const hosts = await setup.openHosts();
        this.#wire = hosts.makeWire();
        return hosts;
      },
      makeLink: (hosts) => new PortLink({ seam, hosts, receiver, owner: this, isResuming: setup.options.streams.midStream === 'resume' }),
      owner: this,
    });
    const quarantine = { seam, roster: this.#roster, failed: (flights: readonly Flight[], error: unknown) => this.#fail(flights, error) };
    this.#ward = new Quarantine({ flightsMax: Infinity, ...quarantine });
    this.#cell = new Quarantine({ flightsMax: 1, ...quarantine });
    // Started at once, so that it is ready for the first request; whoever waits for it gets its failure.
    this.#roster.start().catch(() => undefined);
  }

  get targetNames(): readonly string[] | null {
    return this.#roster.targetNames;
  }

  get mayBeForOne(): boolean {
    return this.#roster.mayBeForOne;
  }
  get health(): Health | null {
    return this.#health.of(this.targetNames);
  }

  settingUp(link: PortLink): void {
    this.#health.number(link);
  }

  async ready(): Promise<void> {
    await this.#roster.start();
  }

  admit(boarded: Boarded): Admission {
    return admitPacked(boarded, this.#wire?.packValue ?? null, this.#setup.options.limits.payloadBytes);
  }

  admitCarried(carried: unknown): Admission {
    const body = packBody(carried, this.#wire?.packValue ?? null);
    return { bytes: bytesOf(body.data), body };
  }

  /** A real reading of the clock, since it crosses at once. */
  instant(): number {
    return this.#setup.seam.now();
  }

  launch(flight: Flight): void {
    this.#keepLooking();
    const { suspicion } = flight.passage;
    if (suspicion !== 'none') return (suspicion === 'suspect' ? this.#ward : this.#cell).add(flight);
    const link = this.#roster.pick(flight);
    if (link === null) this.#parked.add(flight);
    else link.launch(flight);
  }

  abandon(flight: Flight): void {
    const { link } = flight.passage;
    if (link !== null) return link.abandon(flight);
    // It was never launched on a link, so nobody else knows of it.
    if (this.#parked.delete(flight) || this.#ward.remove(flight) || this.#cell.remove(flight))
      this.#setup.receiver.failed(flight, null, 'abandoned', undefined);
  }

  grant(flight: Flight, credit: number): void {
    flight.passage.link?.grant(flight, credit);
  }

  async flying(flight: Flight): Promise<readonly InAir[]> {
    try {
      return (await flight.passage.link?.life.flying(flight.slot, flight.number)) ?? [];
    } catch {
      return []; // the thread is dying or deaf: its attempts are unknown
    }
  }

  ticked(): void {
    // Shards watch the times of their attempts.
  }

  targetStats(): Readonly<Record<string, TargetStats>> {
    const { health } = this;
    if (health === null) return {};
    const living = [...this.#roster.links].filter(({ isLost }) => !isLost).map(({ life }) => life.memory);
    return targetStats({ names: this.targetNames ?? [], living, gone: [this.#gone], health, now: this.#setup.seam.now() });
  }

  manned(): void {
    for (const flight of this.#parked) {
      const link = this.#roster.pick(flight);
      if (link === null) return;
      this.#parked.delete(flight);
      link.launch(flight);
    }
  }

  unmanned(error: unknown): void {
    const flights = [...this.#parked];
    this.#parked.clear();
    // Not while a launch runs: its waiters are not seated yet.
    this.#setup.seam.defer(() => this.#fail(flights, error));
  }

  activated({ life }: PortLink, isReplacement: boolean): void {
    this.#setup.receiver.thread(isReplacement ? 'replaced' : 'ready', life.thread, 0);
  }

  #fail(flights: readonly Flight[], error: unknown): void {
    for (const flight of flights) this.#setup.receiver.failed(flight, null, 'not-loaded', error);
  }

  landed(link: PortLink): void {
    this.#roster.worked();
    this.#quarantineOn(link)?.pump();
  }

  #quarantineOn(link: PortLink): Quarantine | null {
    return this.#ward.isLink(link) ? this.#ward : this.#cell.isLink(link) ? this.#cell : null;
  }

  /** A life is over, so nobody writes its ledger any more. First a standby takes its place, then its flights go on. */
  lost(link: PortLink, flights: readonly Flight[], why: string): void {
    const { receiver, options } = this.#setup;
    const { memory, thread } = link.life;
    const quarantine = this.#quarantineOn(link);
    this.#gone.inherit(memory);
    this.#health.giveBack(link, this.targetNames);
    this.#roster.lost(link);
    const residents = flights.map((flight): Resident & { readonly flight: Flight } => {
      const { passage, attempts } = flight;
      const { attemptsMade } = memory.ledger(passage.slot);
      // In the air, or its end could not be reported any more.
      return { flight, passage, isBegun: attemptsMade > attempts.length, hasFlown: attemptsMade > passage.attemptsMade };
    });
    const culprit = memory.culprit === 0 ? null : (residents.find(({ flight }) => (flight.number | 0) === memory.culprit) ?? 'gone');
    const fates = judgeDeath(residents, culprit, quarantine !== null, options.relaunchesMax);
    const goOn = residents.filter(({ flight }, index) => flight.status === 'flying' && fates[index]?.end === 'relaunch');
    if (!link.isRetired && !this.#isClosed) receiver.thread('lost', thread, goOn.length);
    for (const [index, { flight }] of residents.entries()) {
      takeLedger(flight, memory, { targetNames: this.targetNames, endedAt: this.#setup.seam.now(), why, receiver });
      flight.ownPassage().leaves();
      this.#carryOn(flight, fates[index] as Fate, why);
    }
    quarantine?.pump();
  }

  #carryOn(flight: Flight, fate: Fate, why: string): void {
    const { receiver, options } = this.#setup;
    if (this.#isClosed || flight.status !== 'flying') return receiver.failed(flight, null, 'abandoned', undefined);
    const { suspicion, deathsBlamed, lossesBegun } = fate;
    Object.assign(flight.ownPassage(), { suspicion, deathsBlamed, lossesBegun });
    if (fate.end === 'poisoned') return receiver.failed(flight, null, 'poisoned', new Error(why));
    // A stream that readers have begun cannot start again.
    if (!flight.mayContinue(options.streams.midStream)) return receiver.failed(flight, null, 'broken', new Error(why));
    if (fate.end === 'worn-out') return receiver.failed(flight, null, 'worn-out', new Error(`${why}, once more than relaunchesMax`));
    receiver.relaunched(flight, why);
    this.launch(flight);
  }

  /** Heartbeats are read while there is work; the timer does not keep the process alive, the work does. */
  #keepLooking(): void {
    if (this.#lookTimer === null && !this.#isClosed) this.#lookLater();
  }

  #lookLater(): void {
    const { seam, threads } = this.#setup;
    this.#lookTimer = seam.setTimer(threads.heartbeatMs / LOOKS, () => {
      this.#lookTimer = null;
      let hasWork = this.#parked.size > 0 || this.#ward.hasWork || this.#cell.hasWork;
      for (const link of this.#roster.links) {
        hasWork ||= link.residentCount > 0;
        link.look(LOOKS);
      }
      if (hasWork) this.#keepLooking();
    });
    seam.release(this.#lookTimer);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#lookTimer !== null) this.#setup.seam.clearTimer(this.#lookTimer);
    this.#ward.close();
    this.#cell.close();
    await this.#roster.close();
  }
}
