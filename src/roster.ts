/**
 * Who is on duty: the active links, the standbys that have loaded and wait, and how they are started, replaced and given up on. It knows no
 * flights beyond asking whether a link has any.
 */
import type { Seam } from '../workers/environment.js';
import { TABLE_HASH } from '../workers/shard.js';
import type { Hosts } from './hosts.js';
import type { PortLink } from './port-link.js';

/** Start-ups that failed: the next waits twice as long as the last. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** Deaths in a row, without one flight ended between them, after which replacing waits too: a module that dies of itself must not spin. */
const DEATHS_AT_ONCE_MAX = 10;

/** Told what the roster can do for flights that wait. */
export interface RosterOwner {
  /** A link is there to fly on. */
  manned(): void;
  /** None is there, and none will be soon. */
  unmanned(error: unknown): void;
  /** One more thread is set up. */
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
  readonly #actives: (PortLink | null)[];
  readonly #raising = new Set<number>();
  readonly #standbys: PortLink[] = [];
  /** Every link that may still have a life: to be looked at, and closed. */
  readonly #all = new Set<PortLink>();
  #targetNames: readonly string[] | null = null;
  #hosts: Promise<Hosts> | null = null;
  #starting: Promise<void> | null = null;
  #standbysOpening = 0;
  /** One in waiting; after the first death two, since suspects need a thread of their own. */
  #standbysWanted: number;
  #failures = 0;
  #retryAt = 0;
  #deathsInARow = 0;
  #isClosed = false;

  constructor(setup: RosterSetup) {
    this.#setup = setup;
    this.#actives = Array.from({ length: setup.count }, () => null);
    this.#standbysWanted = setup.spare ? 1 : 0;
  }

  get targetNames(): readonly string[] | null {
    return this.#targetNames;
  }
  get links(): ReadonlySet<PortLink> {
    return this.#all;
  }

  /** Settles when all active links are set up. After a failure it is tried again, but not before its time. */
  start(): Promise<void> {
    if (this.#starting !== null && (this.#failures === 0 || this.#setup.seam.now() < this.#retryAt)) return this.#starting;
    this.#starting = this.#raiseAll();
    return this.#starting;
  }

  async #raiseAll(): Promise<void> {
    const missing = this.#actives.flatMap((link, index) => (link === null && !this.#raising.has(index) ? [index] : []));
    await Promise.all(missing.map((index) => this.#raise(index, false)));
  }

  /** An active link for this hash; another one where its own is not there; `null`: none, and then starting is under way or in vain. */
  pick(hash: number): PortLink | null {
    const { length } = this.#actives;
    for (let step = 0; step < length; step++) {
      const link = this.#actives[(hash + step) % length];
      if (link !== null && link !== undefined && !link.isLost) return link;
    }
    if (this.#raising.size === 0) this.start().catch((error: unknown) => this.#setup.owner.unmanned(error));
    return null;
  }

  /** A link that has loaded, at once where a standby waits. Its set-up has not run. */
  async take(): Promise<PortLink> {
    const link = this.#standbys.shift() ?? (await this.#open());
    this.#refill();
    return link;
  }

  /** A flight has ended: whatever died, threads do get work done. */
  worked(): void {
    this.#deathsInARow = 0;
  }

  /** A link is lost: a standby takes its place at once, then a new standby is opened. */
  lost(link: PortLink): void {
    this.#all.delete(link);
    if (this.#isClosed) return;
    const standby = this.#standbys.indexOf(link);
    if (standby !== -1) this.#standbys.splice(standby, 1);
    if (this.#setup.spare) this.#standbysWanted = 2;
    const index = this.#actives.indexOf(link);
    if (index === -1) return this.#refill();
    this.#actives[index] = null;
    // A set-up that failed has ended its link itself, and says so in its own time.
    if (!this.#raising.has(index)) this.#replace(index);
  }

  #replace(index: number): void {
    const extra = ++this.#deathsInARow - DEATHS_AT_ONCE_MAX;
    const raise = (): void => {
      this.#raise(index, true).catch((error: unknown) => {
        if (this.#actives.every((active) => active === null) && this.#raising.size === 0) this.#setup.owner.unmanned(error);
      });
    };
    if (extra <= 0) return raise();
    this.#raising.add(index);
    const wait = this.#setup.seam.setTimer(Math.min(RETRY_MS_MAX, 100 * 2 ** Math.min(extra, 20)), () => {
      this.#raising.delete(index);
      raise();
    });
    this.#setup.seam.release(wait);
  }

  /** Brings one place to duty. With a standby, the link is there before this returns: frames wait in its port while the set-up runs. */
  async #raise(index: number, isReplacement: boolean): Promise<void> {
    if (this.#isClosed) return;
    this.#raising.add(index);
    let link: PortLink | null = null;
    try {
      link = this.#standbys.shift() ?? (await this.#open());
      this.#actives[index] = link;
      this.#setup.owner.manned();
      const { targetNames, tableHash } = await link.activate('active');
      if (tableHash !== TABLE_HASH)
        throw new Error(`the thread flies table ${tableHash}, this thread ${TABLE_HASH}: two builds of the package`);
      this.#targetNames = targetNames;
      this.#failures = 0;
      this.#raising.delete(index);
      this.#setup.owner.activated(link, isReplacement);
    } catch (error) {
      this.#failed(index, link, error);
      throw error;
    }
    this.#refill();
  }

  #failed(index: number, link: PortLink | null, error: unknown): void {
    this.#retryAt = this.#setup.seam.now() + Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#failures);
    this.#failures++;
    this.#actives[index] = null;
    link?.failedToStart(error);
    this.#raising.delete(index);
  }

  async #open(): Promise<PortLink> {
    this.#hosts ??= this.#setup.openHosts();
    const link = this.#setup.makeLink(await this.#hosts);
    await link.open();
    if (this.#isClosed) {
      link.end('closed');
      throw new Error('the coalescer was closed while a thread was starting');
    }
    this.#all.add(link);
    return link;
  }

  /** Standbys are opened one after another, and only when somebody is on duty: starting must not wait for them. */
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
        // A standby that does not load is missed when it is needed, and then its reason is told.
        this.#standbysOpening--;
      },
    );
  }

  /** Ends all links in order (what their modules registered runs), then by force. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#starting?.catch(() => undefined); // whoever asked for it was told
    const hosts = await this.#hosts?.catch(() => null);
    await Promise.all(
      [...this.#all].map(async (link) => {
        if (!link.isLost) await link.close();
      }),
    );
    await hosts?.close();
  }
}
