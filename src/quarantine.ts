/** Where suspects fly: a separate thread, on which a death can be traced to a flight, so that no others have to die with it again. */
import type { Seam } from '../workers/environment.js';
import type { Flight } from './flight.js';
import type { PortLink } from './port-link.js';
import type { Roster } from './roster.js';

/** How long an empty quarantine is kept: deaths seldom come alone, and its set-up may have opened connections. */
const RETIRE_MS = 10_000;

export interface QuarantineSetup {
  readonly seam: Seam;
  readonly roster: Roster;
  /** Flights that may be there at once: 1 where the culprit must be certain. */
  readonly flightsMax: number;
  /** No thread could be started: these flights will not fly. */
  readonly failed: (flights: readonly Flight[], error: unknown) => void;
}

export class Quarantine {
  readonly #setup: QuarantineSetup;
  #queue: Flight[] = [];
  #link: PortLink | null = null;
  #isOpening = false;
  #retireTimer: unknown = null;
  #isClosed = false;

  constructor(setup: QuarantineSetup) {
    this.#setup = setup;
  }

  /** Does any flight wait to fly? */
  get hasWork(): boolean {
    return this.#queue.length > 0;
  }

  isLink(link: PortLink): boolean {
    return link === this.#link;
  }

  add(flight: Flight): void {
    this.#queue.push(flight);
    this.pump();
  }

  /** Takes a flight that nobody waits for out of the queue. */
  remove(flight: Flight): boolean {
    const at = this.#queue.indexOf(flight);
    if (at !== -1) this.#queue.splice(at, 1);
    return at !== -1;
  }

  /** Launches what may fly now. Called whenever a flight was added or has ended, or the thread was lost. */
  pump(): void {
    if (this.#isClosed) return;
    if (this.#link?.isLost === true) this.#link = null;
    if (this.#queue.length === 0) return this.#retireLater();
    const link = this.#link;
    if (link === null) return this.#open();
    while (this.#queue.length > 0 && link.residentCount < this.#setup.flightsMax) link.launch(this.#queue.shift() as Flight);
  }

  #open(): void {
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#setup.roster.take('quarantine').then(
      (link) => {
        this.#isOpening = false;
        this.#link = link;
        this.pump();
      },
      (error: unknown) => {
        this.#isOpening = false;
        this.#giveUp(error);
      },
    );
  }

  #giveUp(error: unknown): void {
    const flights = this.#queue;
    this.#queue = [];
    this.#setup.failed(flights, error);
  }

  #retireLater(): void {
    const link = this.#link;
    if (link === null || link.residentCount > 0 || this.#retireTimer !== null) return;
    const { seam } = this.#setup;
    this.#retireTimer = seam.setTimer(RETIRE_MS, () => {
      this.#retireTimer = null;
      if (this.#link !== link || link.residentCount > 0 || link.isLost) return this.pump();
      this.#link = null;
      // Closed in order, since its set-up may have opened something; this is no loss.
      link.close().catch(() => link.end('retired'));
    });
    seam.release(this.#retireTimer);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#retireTimer !== null) this.#setup.seam.clearTimer(this.#retireTimer);
    this.#retireTimer = null;
  }
}
