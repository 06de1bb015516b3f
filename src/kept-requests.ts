/** Requests that need no flight of their own: what was kept for them is given first, so that nobody waits for the refreshing of what may be given now. */
import type { Seam } from '../workers/environment.js';
import type { Boarding } from './boarding.js';
import type { Front } from './front.js';
import type { KeptAnswer } from './keeping.js';

export class KeptRequests {
  readonly #front: Front;
  readonly #seam: Seam;

  constructor(front: Front, seam: Seam) {
    this.#front = front;
    this.#seam = seam;
  }

  /** What was kept for a request, where that may be given, counted; `null`: it takes a flight. */
  answer(boarding: Boarding, fresh: boolean | undefined): KeptAnswer | null {
    const { waiters, counters } = this.#front;
    const { scope, key, index, routeId } = boarding;
    if (waiters.keeping === null || key === null || fresh === true) return null;
    const kept = waiters.keeping.answer({ scope, key, index, routeId }, this.#seam.now());
    if (kept === null) return null;
    counters[kept.role === 'hit' ? 'hits' : 'stale']++;
    if (kept.isToBeRefreshed) {
      const { reentrance } = this.#front;
      // A target that asks for what is kept has it: it does not wait for what is refreshed.
      if (reentrance === null) this.#refresh(boarding, key, kept);
      else reentrance.asNobody(() => this.#refresh(boarding, key, kept));
    }
    return kept;
  }

  /** A flight that nobody waits for but what is kept, unless one is in the air. */
  #refresh(boarding: Boarding, key: string, { flight }: KeptAnswer): void {
    const { counters, waiters } = this.#front;
    const { routeId, scope, index } = boarding;
    // Before, so that whoever looks while it is launched counts no request for it.
    counters.refreshes++;
    try {
      const isWanted =
        this.#front.find(routeId, scope, index, key) === undefined && waiters.keeping?.isRefreshing(boarding, flight) !== true;
      if (isWanted) this.#launch(boarding);
      else counters.refreshes--;
    } catch {
      // At a limit, or closing: what is kept is good for a while yet.
      counters.refreshes--;
    }
  }

  /** It goes on though nobody waits for it, and takes no place among those who do. */
  #launch(boarding: Boarding): void {
    const flight = this.#front.launch(boarding, !boarding.hasLongKey);
    flight.ownIncidents().isRefresh = true;
    if (flight.status !== 'flying') return;
    this.#front.waiters.keeping?.refreshes(flight);
    this.#front.waiters.unseatLeader(flight);
  }
}
