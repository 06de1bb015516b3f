/** Requests that need no flight: a kept value is given first, so that nobody waits for its refresh. */
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

  /** The kept answer for a request, counted; `null`: it takes a flight. */
  answer(boarding: Boarding, fresh: boolean | undefined): KeptAnswer | null {
    const { waiters, counters } = this.#front;
    const { scope, key, index, routeId } = boarding;
    if (waiters.keeping === null || key === null || fresh === true) return null;
    const kept = waiters.keeping.answer({ scope, key, index, routeId }, this.#seam.now());
    if (kept === null) return null;
    counters[kept.role === 'hit' ? 'hits' : 'stale']++;
    if (kept.isToBeRefreshed) {
      const { reentrance } = this.#front;
      // A target that requests a kept value has it now: it does not wait for the refresh.
      if (reentrance === null) this.#refresh(boarding, key, kept);
      else reentrance.asNobody(() => this.#refresh(boarding, key, kept));
    }
    return kept;
  }

  /** Launches a flight that nobody waits for, to refresh the kept value, unless one is in the air. */
  #refresh(boarding: Boarding, key: string, { flight }: KeptAnswer): void {
    const { counters, waiters } = this.#front;
    const { routeId, scope, index } = boarding;
    // Counted before the launch, so that statistics read during it count no request for it.
    counters.refreshes++;
    try {
      const isWanted =
        this.#front.find(routeId, scope, index, key) === undefined && waiters.keeping?.isRefreshing(boarding, flight) !== true;
      if (isWanted) this.#launch(boarding);
      else counters.refreshes--;
    } catch {
      // At a limit, or closing: the kept value is still good for a while.
      counters.refreshes--;
    }
  }

  /** It goes on though nobody waits for it, and takes no waiter's place. */
  #launch(boarding: Boarding): void {
    const flight = this.#front.launch(boarding, !boarding.hasLongKey);
    flight.ownIncidents().isRefresh = true;
    if (flight.status !== 'flying') return;
    this.#front.waiters.keeping?.refreshes(flight);
    this.#front.waiters.unseatLeader(flight);
  }
}
