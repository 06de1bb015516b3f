/** Where a flight is on its way over threads, and what happened there. Inline flights share one frozen object. */
import type { Body } from '../workers/protocol.js';
import type { PortLink } from './port-link.js';

/** Written by its link only. Beside the flight, as a `Detour` is beside its record: fields added one by one would give flights many hidden classes. */
export class Passage {
  /** Slot in the link's tables; -1: inline, or on no link now. */
  slot = -1;
  /** The port link it is on; `null`: inline, or between links. */
  link: PortLink | null = null;
  /** Payload and carried data, packed: the relaunch copy, so that later changes by the payload's owner do not count. */
  body: Body | null = null;
  carriedBody: Body | null = null;
  /** What earlier lives have tried, from their ledgers. */
  attemptsMade = 0;
  targetsTried = 0;
  lastTarget = -1;
  /** Threads that died while an attempt of it was in the air. */
  lossesBegun = 0;
  /** Deaths of threads for which evidence names this flight. */
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

  /** Drops the relaunch copy. */
  letGo(): void {
    this.body = this.carriedBody = null;
  }

  leaves(): void {
    this.link = null;
    this.slot = -1;
  }
}

/** Shared by all inline flights. */
export const NO_PASSAGE: Readonly<Passage> = Object.freeze(new Passage());
