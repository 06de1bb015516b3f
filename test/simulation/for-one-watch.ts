/** What holds for values that are for one alone: nobody but the leader is given one, all others fly for themselves at once, and it is remembered. */
import type { Flight } from '../../src/flight.js';
import { isPrivate, REMEMBERED_MS, type ForOneSwarm } from './for-one-swarm.js';
import { idOf, isGoing, mayLeave, type CallTrace, type FlightTrace, type RequestTrace } from './traces.js';
import { codeOf, refusalReason } from './verdict-on-errors.js';
import type { Witness } from './witness.js';

export class ForOneWatch {
  /** Flights of those who had joined one whose value was its leader's. */
  flights = 0;
  readonly #witness: Witness;
  readonly #swarm: ForOneSwarm;
  /** Runs a check when all that can settle now has. */
  readonly #later: (check: () => void) => void;
  /** Until when it is known of an identity that its values are for one alone. */
  readonly #remembered = new Map<string, number>();
  /** Calls whose value is for one alone, and flights that brought one. */
  readonly #calls = new Set<CallTrace>();
  readonly #private = new Set<FlightTrace>();
  /** Who must fly alone, and does not yet. */
  readonly #released = new Set<RequestTrace>();

  constructor(witness: Witness, swarm: ForOneSwarm, later: (check: () => void) => void) {
    this.#witness = witness;
    this.#swarm = swarm;
    this.#later = later;
  }

  #must(holds: boolean, { number }: RequestTrace, what: () => string): void {
    if (!holds) this.#witness.violate('for one', `request ${number} ${what()}`);
  }

  /** It is about to be made. Where its key is known to have such values, nobody may join it, nor may it join. */
  asks(request: RequestTrace): void {
    const until = request.key === null ? undefined : this.#remembered.get(idOf(request));
    if (until === undefined || this.#witness.now >= until) return;
    this.#witness.note('remembered', request.number);
    request.key = null;
  }

  /** A target gives a value, and somebody counts on it. */
  gives(call: CallTrace): void {
    const { flight, attempt, target } = call;
    if (isPrivate(this.#swarm, { flight: flight.number, attempt, target, payload: flight.leader.payload })) this.#calls.add(call);
  }

  /** It has got its seat. */
  boarded(library: Flight, request: RequestTrace): void {
    const isAlone = library.key === null;
    this.#must(isAlone === (request.key === null), request, () => `is ${isAlone ? 'alone' : 'with others'} in flight ${library.number}`);
  }

  /** Is what this flight brings its leader's alone? One that nobody could join has no others. */
  #isForOne({ leader, winner }: FlightTrace): boolean {
    return leader.key !== null && winner !== null && this.#calls.has(winner);
  }

  /** It cannot be told apart in what was read already. `isSure`: of readers who may be leaving in this very turn it cannot be said. */
  #isRead({ leader, waiting, stream }: FlightTrace, isSure: boolean): boolean {
    if ((stream?.ends.length ?? 0) > 0) return true;
    // Its leader may read it, when it is alone.
    if ([...waiting].every((request) => request === leader)) return false;
    return [...waiting].some((request) => request.reader !== null && !(isSure && isGoing(request, this.#witness.now)));
  }

  /** May all who wait be refused it, since somebody reads? */
  mayRefuse(flight: FlightTrace): boolean {
    return this.#isForOne(flight) && this.#isRead(flight, false);
  }

  /** All who waited were refused it, since somebody read: they fly alone the next time. */
  refused(flight: FlightTrace): void {
    if (this.#isForOne(flight)) this.#remembered.set(idOf(flight.leader), (flight.winner as CallTrace).endedAt + REMEMBERED_MS);
  }

  /** A flight has come to its good end. Returns whether its value is its leader's alone: then all others are released. */
  gave(flight: FlightTrace): boolean {
    if (!this.#isForOne(flight)) return false;
    const { leader, winner, number } = flight;
    this.#witness.note('for one', number);
    this.#must(!this.#isReadBefore(flight), leader, () => `leads flight ${number}, whose value is for one alone and was read`);
    this.#private.add(flight);
    this.#remembered.set(idOf(leader), (winner as CallTrace).endedAt + REMEMBERED_MS);
    // One that reads is leaving.
    const released = [...flight.waiting].filter((request) => request !== leader && !request.isRefused && request.reader === null);
    for (const request of released) {
      this.#released.add(request);
      flight.waiting.delete(request);
    }
    // Not one after the other: all of them in this very turn.
    this.#later(() => {
      const left = released.filter((request) => this.#released.has(request) && request.flight === flight);
      for (const request of left) this.#must(false, request, () => `was released by flight ${number}, and does not fly`);
    });
    return true;
  }

  /** Its own value has come as its only chunk by now, where somebody began to read and left. */
  #isReadBefore(flight: FlightTrace): boolean {
    const isOwnChunk = flight.stream?.ends.length === 1 && flight.stream.lastAttempt === flight.winner?.attempt;
    return this.#isRead(isOwnChunk ? { ...flight, stream: null } : flight, true);
  }

  /** A flight is about to be launched for this request, out of nobody's. */
  flies(request: RequestTrace | null): RequestTrace {
    if (request === null) throw new Error('simulation: a launch that nobody asked for');
    this.#must(this.#released.has(request), request, () => 'flies again, and was not released');
    this.#must(request.signal?.aborted !== true, request, () => 'flies alone, and has left');
    request.key = null;
    return request;
  }

  /** It does. */
  flew(request: RequestTrace): void {
    this.flights++;
    this.#released.delete(request);
  }

  /** It is told its end. Returns whether it was released and had no flight of its own: for that there must be a reason. */
  settled(request: RequestTrace, flight: FlightTrace, isValue: boolean, result: unknown): boolean {
    if (!this.#released.delete(request)) {
      const isItsOwn = !isValue || request === flight.leader || request.reader !== null || !this.#private.has(flight);
      this.#must(isItsOwn, request, () => `was given what flight ${flight.number} has for its leader alone`);
      return false;
    }
    // The library's clock is a little ahead: it moves on at each reading.
    const hasLeft =
      mayLeave(request, this.#witness.now + 1e-6) && (result === request.signal?.reason || codeOf(result) === 'COALESCER_TIMEOUT');
    const why = hasLeft ? 'it left' : refusalReason(this.#witness, request, result);
    const isDrained = codeOf(result) !== 'COALESCER_CLOSED' || this.#witness.now >= this.#witness.drainsUntil - 1;
    this.#must(!isValue && why !== null && isDrained, request, () => `was released by flight ${flight.number}, and told ${String(result)}`);
    return true;
  }
}
