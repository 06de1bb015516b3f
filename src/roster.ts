/**
 * Which links are on duty: the active ones, the standbys that have loaded and wait, and how they are started, replaced and given up. Of flights it
 * knows only which link their key belongs to, and whether a link has any.
 */
import { inCleanContext } from '../workers/clean-context.js';
import type { Seam } from '../workers/environment.js';
import { TABLE_HASH } from '../workers/flight-steps.js';
import type { Flight } from './flight.js';
import type { Hosts } from './hosts.js';
import { placeOf } from './placement.js';
import type { PortLink } from './port-link.js';

/** The wait after a failed start-up, doubled with each further failure. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** Set-up tries of a replacement: one that fails by bad luck (its thread died, a connection was refused) must not cost any flight. */
const SET_UPS = 3;
/** One replaces a thread that died, the other takes the suspects: with only one, the first death costs a start-up (456 ms instead of 18 at p99, both
 * processors busy). */
const STANDBYS = 2;
/** After so many deaths in a row, with no flight ended in between, replacing waits too: a module that dies by itself must not spin. */
const DEATHS_AT_ONCE_MAX = 10;

/** Told when links come or fail to come. */
export interface RosterOwner {
  /** A link is ready to fly. */
  manned(): void;
  /** No link is ready, and none will be soon. */
  unmanned(error: unknown): void;
  /** A link is about to be set up. */
  settingUp(link: PortLink): void;
  /** A thread has been set up. */
  activated(link: PortLink, isReplacement: boolean): void;
}

export interface RosterSetup {
  readonly seam: Seam;
  /** Active links. */
  readonly count: number;
  readonly spare: boolean;
  readonly openHosts: () => Promise<Hosts>;
  readonly makeLink: (hosts: Hosts) => PortLink;
  readonly owner: RosterOwner;
}

export class Roster {
  readonly #setup: RosterSetup;
  /** On duty: set up, and flying. */
  readonly #actives: (PortLink | null)[];
  /** Places that are being filled, now or after a wait. */
  readonly #raising = new Set<number>();
  readonly #standbys: PortLink[] = [];
  /** Every link that may still have a life, for reading heartbeats and for closing. */
  readonly #all = new Set<PortLink>();
  readonly #waits = new Set<unknown>();
  #targetNames: readonly string[] | null = null;
  /** Assumed until a module has loaded and says otherwise. */
  #mayBeForOne = true;
  #hosts: Promise<Hosts> | null = null;
  #starting: Promise<void> | null = null;
  #standbysOpening = 0;
  readonly #standbysWanted: number;
  /** Start-ups that failed since the last success. */
  #failures = 0;
  #retryAt = -Infinity;
  #deathsInARow = 0;
  #isClosed = false;

  constructor(setup: RosterSetup) {
    this.#setup = setup;
    this.#actives = Array.from({ length: setup.count }, () => null);
    this.#standbysWanted = setup.spare ? STANDBYS : 0;
  }

  get mayBeForOne(): boolean {
    return this.#mayBeForOne;
  }
  get targetNames(): readonly string[] | null {
    return this.#targetNames;
  }
  get links(): ReadonlySet<PortLink> {
    return this.#all;
  }
  get #isManned(): boolean {
    return this.#actives.some((link) => link !== null);
  }

  /** Settles when all active links are set up. After a failure the next call tries again, once the wait is over. */
  start(): Promise<void> {
    const mayRaise = this.#raising.size === 0 && this.#setup.seam.now() >= this.#retryAt;
    const missing = this.#actives.flatMap((link, index) => (link === null && mayRaise ? [index] : []));
    // Threads outlive the request that starts them: their listeners must not run in its async context.
    if (this.#starting === null || missing.length > 0) this.#starting = inCleanContext((places) => this.#raiseAll(places), missing);
    return this.#starting;
  }

  /** The active link of this flight's place, or another one; `null`: there is none, and starting is under way or has failed. */
  pick(flight: Flight): PortLink | null {
    const { length } = this.#actives;
    // A place that failed to start is not retried by itself: whoever needs it tries again.
    if (this.#raising.size === 0 && this.#actives.includes(null)) this.start().catch((error: unknown) => this.#unmanned(error));
    // With one thread there is one place, and the key need not be hashed.
    const place = length === 1 ? 0 : placeOf(flight);
    for (let step = 0; step < length; step++) {
      const link = this.#actives[(place + step) % length];
      if (link !== null && link !== undefined && !link.isLost) return link;
    }
    return null;
  }

  #unmanned(error: unknown): void {
    if (!this.#isClosed && !this.#isManned && this.#raising.size === 0) this.#setup.owner.unmanned(error);
  }

  /** Sets up a further link for a special role. */
  take(role: 'quarantine'): Promise<PortLink> {
    return inCleanContext((duty) => this.#setUp(duty, SET_UPS), role);
  }

  /** A flight has ended: whatever died before, threads do get work done. */
  worked(): void {
    this.#deathsInARow = 0;
  }

  /** A link is lost: a standby takes its place at once, then a new standby is opened. */
  lost(link: PortLink): void {
    this.#all.delete(link);
    if (this.#isClosed) return;
    const standby = this.#standbys.indexOf(link);
    if (standby !== -1) this.#standbys.splice(standby, 1);
    const index = this.#actives.indexOf(link);
    if (index === -1) return this.#refill();
    this.#actives[index] = null;
    const extra = ++this.#deathsInARow - DEATHS_AT_ONCE_MAX;
    if (extra <= 0) this.#replace(index);
    else this.#replaceLater(index, Math.min(RETRY_MS_MAX, 100 * 2 ** Math.min(extra, 20)));
  }

  #replace(index: number): void {
    this.#raise(index, true).catch(() => undefined); // whoever waits for it has been told
  }

  #replaceLater(index: number, ms: number): void {
    const { seam } = this.#setup;
    this.#raising.add(index);
    const wait = seam.setTimer(ms, () => {
      this.#waits.delete(wait);
      this.#replace(index);
    });
    this.#waits.add(wait);
    seam.release(wait);
  }

  async #raiseAll(places: readonly number[]): Promise<void> {
    await Promise.all(places.map((index) => this.#raise(index, false)));
  }

  /** Fills one place with a link. */
  async #raise(index: number, isReplacement: boolean): Promise<void> {
    this.#raising.add(index);
    let link: PortLink;
    try {
      link = await this.#setUp('active', isReplacement ? SET_UPS : 1);
    } catch (error) {
      this.#raising.delete(index);
      this.#failed(error);
      throw error;
    }
    this.#raising.delete(index);
    this.#actives[index] = link;
    if (this.#failures > 0) this.#starting = Promise.resolve();
    this.#failures = 0;
    this.#setup.owner.activated(link, isReplacement);
    this.#setup.owner.manned();
    this.#refill();
  }

  #failed(error: unknown): void {
    this.#retryAt = this.#setup.seam.now() + Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#failures);
    this.#failures++;
    if (!this.#isManned) this.#starting = Promise.reject(error);
    this.#starting?.catch(() => undefined); // whoever asks gets the error
    this.#unmanned(error);
  }

  /** Sets a link up; uses a standby if one waits, which is then replaced. The link flies only after its set-up. */
  async #setUp(role: 'active' | 'quarantine', tries: number): Promise<PortLink> {
    for (let left = tries - 1; ; left--) {
      let link: PortLink | null = null;
      try {
        link = this.#standbys.shift() ?? (await this.#open());
        this.#setup.owner.settingUp(link);
        const { targetNames, mayBeForOne, tableHash } = await link.life.activate(role);
        if (tableHash !== TABLE_HASH)
          throw new Error(`the thread flies table ${tableHash}, this thread ${TABLE_HASH}: two builds of the package`);
        if (link.isLost) throw new Error('the thread died when it was set up');
        this.#targetNames = link.targetNames = targetNames;
        this.#mayBeForOne = mayBeForOne;
        this.#refill();
        return link;
      } catch (error) {
        link?.end('its set-up failed');
        if (left === 0 || this.#isClosed) throw error;
      }
    }
  }

  async #open(): Promise<PortLink> {
    const closed = (): Error => new Error('the coalescer was closed while a thread was starting');
    this.#hosts ??= this.#setup.openHosts();
    const link = this.#setup.makeLink(await this.#hosts);
    if (this.#isClosed) throw closed();
    await link.open();
    if (this.#isClosed) {
      link.end('closed');
      throw closed();
    }
    this.#all.add(link);
    return link;
  }

  /** Standbys are opened one after another, and only after a link is on duty, so that starting does not wait for them. */
  #refill(): void {
    if (this.#isClosed || this.#standbysOpening > 0 || this.#standbys.length >= this.#standbysWanted || this.#failures > 0) return;
    this.#standbysOpening++;
    this.#open().then(
      (link) => {
        this.#standbysOpening--;
        if (!link.isLost) this.#standbys.push(link);
        this.#refill();
      },
      () => {
        // If a standby does not load, the reason is reported when a link is needed.
        this.#standbysOpening--;
      },
    );
  }

  /** Ends all links in order (running what their modules registered), then by force, together with whatever was starting. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const wait of this.#waits) this.#setup.seam.clearTimer(wait);
    const hosts = await this.#hosts?.catch(() => null);
    await Promise.all([...this.#all].map((link) => link.close()));
    await hosts?.close();
    await this.#starting?.catch(() => undefined); // whoever asked for it got the error
  }
}
