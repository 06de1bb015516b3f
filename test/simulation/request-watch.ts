/** What holds for those who ask: who may join what, what they are told, and until when. */
import type { Flight } from '../../src/flight.js';
import type { Outcome } from '../../src/reports.js';
import { TICK_MS } from '../../workers/wheel.js';
import { CountWatch } from './count-watch.js';
import type { Loop } from './loop.js';
import { textOf } from './stream-text.js';
import { endFor, idOf, isBeyond, isGoing, leaves, type FlightTrace, type RequestTrace } from './traces.js';
import { codeOf, refusalReason } from './verdict-on-errors.js';
import type { Witness } from './witness.js';

export class RequestWatch {
  readonly #witness: Witness;
  readonly #front: Loop;
  /** The flight of each identity that a request may join, as far as the simulation knows. */
  readonly #current = new Map<string, FlightTrace>();
  /** The request that is being made now. */
  asker: RequestTrace | null = null;
  airborne = 0;
  readonly counts: CountWatch;

  constructor(witness: Witness, front: Loop) {
    this.#witness = witness;
    this.#front = front;
    this.counts = new CountWatch(witness);
  }

  /** Makes the request, seeing what becomes of it before its promise is known. */
  asking<Result>(request: RequestTrace, make: () => Result): Result {
    const witness = this.#witness;
    const before = this.asker;
    witness.requests.push(request);
    const { number, payload, scope, key, routeId, timeoutMs = null, isFresh } = request;
    witness.note('request', number, payload, scope, key === null ? 'unshared' : 'shared', routeId, timeoutMs, isFresh);
    this.asker = request;
    request.couldJoin = this.#couldJoin(request);
    const result = make();
    this.asker = before;
    request.airborne = this.airborne;
    return result;
  }

  /** A flight is launched, and its target not called yet. */
  launching(number: number): void {
    const { now, flights, swarm, isClosing } = this.#witness;
    const request = this.asker;
    if (request === null) throw new Error('simulation: a launch that nobody asked for');
    const { flightTimeoutMs, limits } = swarm.options;
    this.#witness.require(number === flights.size + 1, 'harness', () => `flight ${number} is not the next`);
    this.#witness.require(this.airborne < limits.flights, 'I28', () => `flight ${number} is one more than limits.flights`);
    // What is in the air is let finish, also where its waiters fly on alone.
    this.#witness.require(!isClosing || request.flight !== null, 'I26', () => `flight ${number} was launched after close()`);
    this.airborne++;
    flights.set(number, {
      number, isRefresh: request.kept !== null, leader: request, launchedAt: now, deadline: now + flightTimeoutMs, stalledMs: this.#front.pausedMs, flight: null,
      waiting: new Set(), calls: [], begun: 0, tried: new Set(), holds: new Map(), isForgotten: false, isCancelled: false, emptySince: now,
      end: null, failure: null, winner: null, landings: 0, abandoned: 'no', losses: 0, named: 0, aloneNamed: 0, kills: 0, stream: null, steered: this.#witness.steer?.version ?? 0,
    }); // biome-ignore format: one thought
    if (request.kept !== null) this.#launched(request, this.#witness.flight(number));
  }

  /** A request got its seat. */
  boarded(flight: Flight): RequestTrace {
    const trace = this.#witness.flight(flight.number);
    // Who was released asks no more.
    const request = this.asker ?? trace.leader;
    trace.flight = flight;
    request.flight = trace;
    request.isLeader = trace.leader === request;
    if (request.isLeader) this.#launched(request, trace);
    else this.#joined(request, trace);
    trace.waiting.add(request);
    if (request.reader !== null) request.reader.joinedAtBytes = trace.stream?.ends.at(-1) ?? 0;
    return request;
  }

  #launched(request: RequestTrace, trace: FlightTrace): void {
    const witness = this.#witness;
    witness.note('launched', trace.number, 'by', request.number);
    if (request.key === null) return;
    const current = this.#current.get(idOf(request));
    witness.require(!request.couldJoin, 'I8', () => `request ${request.number} launched although it could join ${current?.number}`);
    this.#current.set(idOf(request), trace);
  }

  #couldJoin(request: RequestTrace): boolean {
    const current = request.key === null || request.isFresh ? undefined : this.#current.get(idOf(request));
    return current !== undefined && this.#isJoinable(current);
  }

  #isJoinable({ end, isForgotten, launchedAt, stream }: FlightTrace): boolean {
    return (
      end === null &&
      !isForgotten &&
      stream?.isOutgrown !== true &&
      this.#witness.now < launchedAt + this.#witness.swarm.options.joinWithinMs
    );
  }

  #joined(request: RequestTrace, trace: FlightTrace): void {
    const witness = this.#witness;
    const { number, leader, end, isForgotten, launchedAt, stalledMs, waiting } = trace;
    witness.note('joined', number, 'by', request.number);
    this.counts.of.joined++;
    const must = (holds: boolean, invariant: string, what: string | (() => string)): void => {
      if (!holds)
        witness.violate(invariant, `request ${request.number} joined flight ${number}, ${typeof what === 'string' ? what : what()}`);
    };
    must(request.key !== null, 'I5', 'but is not to be shared');
    must(request.key === leader.key && request.scope === leader.scope && request.routeId === leader.routeId, 'I5', 'of another identity');
    must(!request.isFresh, 'I8', 'but asked for a fresh one');
    must(end === null, 'I8', 'which had settled');
    must(!isForgotten, 'I8', 'which was forgotten');
    must(trace.stream?.isOutgrown !== true, 'I17', 'whose first chunks are not kept');
    // Those who leave in this very turn are told in a moment.
    const stay = [...waiting].filter((other) => !isGoing(other, witness.now)).length;
    must(stay < witness.swarm.options.limits.waitersPerFlight, 'I28', 'which was full');
    must(this.#current.get(idOf(leader)) === trace, 'I8', 'which is not the newest of its key');
    const age = witness.now - launchedAt - (this.#front.pausedMs - stalledMs);
    // Two ticks: a waiter that leaves in the tick in which the flight grows too old puts that off by one more.
    must(age <= witness.swarm.options.joinWithinMs + witness.slackMs + TICK_MS, 'I8', () => `which was ${age} ms old`);
  }

  /** What is in the air for this identity must not be joined from now on. */
  forgets(scope: string | null, payload: number): void {
    this.#witness.note('forget', scope, payload);
    for (const flight of this.#flying(scope, payload)) flight.isForgotten = true;
  }

  /** How many flights a cancel must end. */
  cancels(scope: string | null, payload: number): number {
    const flying = this.#flying(scope, payload);
    this.#witness.note('cancel', scope, payload, flying.length);
    for (const flight of flying) flight.isCancelled = true;
    return flying.length;
  }

  #flying(scope: string | null, payload: number): FlightTrace[] {
    const fits = ({ end, leader }: FlightTrace): boolean =>
      end === null && leader.scope === scope && leader.payload === payload && leader.key !== null;
    return [...this.#witness.flights.values()].filter(fits);
  }

  /** Its signal was aborted just now. */
  aborted(request: RequestTrace): void {
    if (request.flight !== null && request.flight.end === null && request.settles === 0) request.mustLeave = true;
  }

  /** Those who want the value are refused it, and told in a moment. */
  refused({ number }: Flight): void {
    for (const request of this.#witness.flight(number).waiting) request.isRefused ||= request.reader === null;
  }

  /** Its promise settled. */
  settled(request: RequestTrace, isValue: boolean, result: unknown): void {
    const witness = this.#witness;
    const { number, flight } = request;
    if (!isValue) witness.sawError(result);
    witness.note('settled', number, flight?.number ?? null, isValue ? 'value' : codeOf(result));
    witness.require(++request.settles === 1, 'I1', () => `request ${number} settled again`);
    if (flight === null) {
      const why = refusalReason(witness, request, result);
      witness.require(!isValue && why !== null, 'I28', () => `request ${number} was refused without a reason: ${String(result)}`);
      this.counts.of.refused++;
      return;
    }
    if (witness.forOne?.settled(request, flight, isValue, result) === true) return this.counts.released(request, result);
    this.#inTime(request, flight);
    if (request.reader !== null) request.reader.toldAt = witness.now;
    const isLeaving = leaves(request, flight, isValue ? null : { error: result, at: witness.now });
    this.counts.told(request, isLeaving, isValue, result);
    if (isLeaving) this.#left(request, flight, result);
    else this.#toldItsEnd(request, flight, isValue, result);
    flight.waiting.delete(request);
    if (isLeaving && flight.waiting.size === 0 && !flight.isRefresh) this.#lastLeft(flight);
  }

  /** It asked how its answer came about. */
  outcome(request: RequestTrace, { role, waitedMs, flight, seams = [] }: Outcome<unknown>): void {
    const { flight: trace, number, askedAt, isLeader } = request;
    const isStale = trace?.flight?.incidents.isStale === true && !request.isFresh;
    const isRole = role === (isStale ? 'stale' : isLeader ? 'leader' : 'follower');
    const isTrue = (trace === null || isRole) && Math.abs(waitedMs - (this.#witness.now - askedAt)) < 1e-6;
    const isFlight = flight === (trace === null ? '' : `simulated#${trace.number}`);
    this.#witness.require(isTrue && isFlight, 'outcome', () => `request ${number} was told ${role} of ${flight} after ${waitedMs} ms`);
    // Who leaves on its own may be told of a seam less, passed in this very turn.
    const all = trace?.stream?.seams ?? [];
    const passed = JSON.stringify(trace?.end === null ? all.slice(0, seams.length) : all);
    this.#witness.require(
      JSON.stringify(seams) === passed,
      'I19',
      () => `request ${number} was told of seams ${JSON.stringify(seams)}, not ${passed}`,
    );
  }

  #inTime(request: RequestTrace, { deadline, number, stalledMs, launchedAt }: FlightTrace): void {
    const { now, slackMs } = this.#witness;
    const { pausedMs } = this.#front;
    const ownTime = request.askedAt + (request.timeoutMs ?? Infinity);
    // Beyond the flight's own time, that is what ends it. Whoever flies alone has a millisecond for it.
    const ownEnd = ownTime >= deadline ? Infinity : Math.max(ownTime, launchedAt + 1) + pausedMs - request.stalledMs;
    // The front ends a flight one tick after its shard should have, and one more where a waiter leaves in that very tick.
    const latest = Math.min(ownEnd, deadline + 2 * TICK_MS + pausedMs - stalledMs) + slackMs;
    const what = (): string => `request ${request.number} of flight ${number} settled at ${now}, ${now - latest} ms too late`;
    this.#witness.require(now <= latest, 'I2', what);
  }

  #left(request: RequestTrace, { number }: FlightTrace, result: unknown): void {
    const { askedAt, timeoutMs = Infinity, signal, reader } = request;
    const isTimeUp = codeOf(result) === 'COALESCER_TIMEOUT' && this.#witness.now >= askedAt + timeoutMs;
    const isCut = reader?.left === 'lagging' && codeOf(result) === 'COALESCER_SLOW_CONSUMER';
    const isOwn = isTimeUp || isCut || reader?.left === 'enough' || (signal?.aborted === true && result === signal.reason);
    this.#witness.require(isOwn, 'I7', () => `request ${request.number} left flight ${number} with ${String(result)}`);
  }

  #toldItsEnd(request: RequestTrace, flight: FlightTrace, isValue: boolean, result: unknown): void {
    const { swarm } = this.#witness;
    const { number, end, stream } = flight;
    if (!isValue && request.reader === null && stream?.refusals.includes(result) === true) return;
    const must = (holds: boolean, invariant: string, what: string): void => {
      if (!holds) this.#witness.violate(invariant, `request ${request.number} ${what} flight ${number}: ${String(result)}`);
    };
    must(!request.mustLeave, 'I6', 'was aborted, and waited for');
    must(!request.isRefused, 'I9', 'was refused the value, and then told another end of');
    must(end !== null, 'I1', 'settled before the end of');
    if (end === null) return;
    if (isBeyond(request, flight))
      return must(codeOf(result) === 'COALESCER_STREAM_BROKEN', 'I17', 'waits for a chunk that never came, and was told so by');
    // Who reads is told how many chunks there were.
    const isCount = isValue && request.reader !== null && result === (stream?.ends.length ?? 0);
    const wanted = endFor(request, flight) ?? end;
    const isCopied = swarm.options.share === 'copy' && isValue && typeof result === 'object';
    const isSame = isCopied ? result !== wanted.result && textOf(result) === textOf(wanted.result) : isCount || result === wanted.result;
    must(isValue === wanted.isValue && isSame, 'I9', 'was told something else than');
  }

  /** The key is free in this very tick. */
  #lastLeft(flight: FlightTrace): void {
    const { abandonAfterMs } = this.#witness.swarm.options;
    flight.emptySince = this.#witness.now;
    const mustEnd = abandonAfterMs === 0 || (abandonAfterMs !== 'finish' && flight.isForgotten);
    this.#witness.require(!mustEnd || flight.end !== null, 'I6', () => `flight ${flight.number} goes on though the last waiter left`);
  }

  /** The front ends a flight because nobody waits. */
  abandoned(flight: FlightTrace): void {
    const { now, swarm } = this.#witness;
    const { abandonAfterMs } = swarm.options;
    this.counts.of.abandoned++;
    const stays = [...flight.waiting].find((request) => !isGoing(request, now));
    const what = `flight ${flight.number} was abandoned`;
    this.#witness.require(stays === undefined, 'I6', () => `${what} while request ${stays?.number} waited`);
    const isCurrent = this.#isJoinable(flight) && this.#current.get(idOf(flight.leader)) === flight;
    const patience = typeof abandonAfterMs === 'number' ? flight.emptySince + abandonAfterMs - now : Infinity;
    const isEarly = abandonAfterMs === 'finish' || (abandonAfterMs > 0 && isCurrent && patience > 1e-6);
    this.#witness.require(!isEarly, 'I6', () => `${what} ${patience} ms early`);
  }
}
