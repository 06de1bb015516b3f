/** Where a flight is on its way over threads, and what befell it there. One that runs inline has none: they all share one that nobody writes to. */
import type { Body } from '../workers/protocol.js';
import type { PortLink } from './port-link.js';

/** Written by its link only. Beside the flight, as a shard's detours are beside their records: fields added one by one would give flights many shapes. */
export class Passage {
  /** Place in the link's tables; -1: inline, or on no link now. */
  slot = -1;
  /** The port link it is on; `null`: inline, or between links. */
  link: PortLink | null = null;
  /** Payload and what was carried along, packed: the relaunch copy, so that no later change by the payload's owner counts. */
  body: Body | null = null;
  carriedBody: Body | null = null;
  /** What earlier lives have tried, from their ledgers. */
  attemptsMade = 0;
  targetsTried = 0;
  lastTarget = -1;
  /** Threads that died while an attempt of it was in the air. */
  lossesBegun = 0;
  /** Deaths of threads that evidence names this flight for. */
  deathsBlamed = 0;
  /** Where it may fly: anywhere, in quarantine with other suspects, or there alone. */
  suspicion: 'none' | 'suspect' | 'alone' = 'none';

  boards(link: PortLink, slot: number): void {
    this.link = link;
    this.slot = slot;
  }

  holds(body: Body, carriedBody: Body | null): void {
    this.body = body;
    this.carriedBody = carriedBody;
  }

  /** Nobody will need its relaunch copy. */
  letGo(): void {
    this.body = this.carriedBody = null;
  }

  leaves(): void {
    this.link = null;
    this.slot = -1;
  }
}

/** Of all flights that run inline. */
export const NO_PASSAGE: Readonly<Passage> = Object.freeze(new Passage());
