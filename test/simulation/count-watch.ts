/** What holds between the counters of a coalescer, and between them and what the simulation has seen by itself. */
import type { Stats } from '../../src/reports.js';
import type { RequestTrace } from './traces.js';
import { codeOf } from './verdict-on-errors.js';
import type { Witness } from './witness.js';

export class CountWatch {
  /** Counted as they happen; the rest is counted at the end. */
  readonly of = { joined: 0, refused: 0, left: 0, timedOut: 0, stoodIn: 0, abandoned: 0 };
  readonly #witness: Witness;
  /** Released, and found no room. */
  #stranded = 0;

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  /** Released, and given no flight. */
  released(request: RequestTrace, result: unknown): void {
    if (request.signal?.aborted === true && result === request.signal.reason) this.of.left++;
    else if (codeOf(result) === 'COALESCER_TIMEOUT') this.of.timedOut++;
    else {
      this.of.refused++;
      this.#stranded++;
    }
  }

  /** A request with a flight was told its end. */
  told({ flight, isFresh, reader }: RequestTrace, isLeaving: boolean, isValue: boolean, result: unknown): void {
    if (isLeaving) this.of[codeOf(result) === 'COALESCER_TIMEOUT' ? 'timedOut' : 'left']++;
    else if (isValue && !isFresh && reader === null && flight?.failure) this.of.stoodIn++;
  }

  /** All is over. */
  check(stats: Stats): void {
    const { requests, forOne } = this.#witness;
    const flights = [...this.#witness.flights.values()];
    const kept = (role: 'hit' | 'stale'): number => requests.filter((request) => request.kept?.role === role).length;
    const seen = {
      ...this.of,
      requests: requests.length,
      launched: flights.length,
      fulfilled: flights.filter(({ end, failure }) => end?.isValue === true && failure === null).length,
      hits: kept('hit'),
      stale: kept('stale'),
      refreshes: flights.filter(({ isRefresh }) => isRefresh).length,
      released: (forOne?.flights ?? 0) + this.#stranded,
      unshared: flights.filter(({ leader }) => leader.key === null).length,
      waiting: 0,
      airborne: 0,
      bytes: 0,
    };
    for (const [name, count] of Object.entries(seen))
      this.#must(stats[name as keyof typeof seen] === count, stats, () => `${count} ${name} were seen`);
    const { launched, fulfilled, rejected, abandoned, joined, hits, stale, refused, refreshes, released } = stats;
    this.#must(
      stats.requests + refreshes + released === launched + joined + hits + stale + refused,
      stats,
      () => 'its requests do not add up',
    );
    this.#must(launched === fulfilled + rejected + abandoned, stats, () => 'its flights do not add up');
  }

  #must(holds: boolean, stats: Stats, what: () => string): void {
    this.#witness.require(holds, 'stats', () => `${what()}: ${JSON.stringify(stats)}`);
  }
}
