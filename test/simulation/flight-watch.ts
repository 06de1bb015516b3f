/** What holds for flights and their attempts: who may call whom, how often, and what is made of the answers. */
import { FlightRecord } from '../../workers/flight-record.js';
import type { Flight } from '../../src/flight.js';
import type { AttemptRecord } from '../../workers/protocol.js';
import type { AttemptContext } from '../../workers/targets.js';
import type { Loop } from './loop.js';
import type { HedgeWatch } from './hedge-watch.js';
import { canGoOn } from './stream-verdicts.js';
import type { StreamWatch } from './stream-watch.js';
import { hasNotEnded, hasWon, isLive, racersOf, type CallEnd, type CallTrace, type FlightTrace, type LifeTrace } from './traces.js';
import { allowedAttempts, codeOf, failureReason, isReplayable } from './verdict-on-errors.js';
import type { Witness } from './witness.js';

/** What targets return. */
export interface TargetValue {
  readonly flight: number;
  readonly attempt: number;
  readonly target: string;
  readonly scope: string | null;
  readonly key: string | null;
  readonly payload: number;
  /** A target that settles twice says 1 first. */
  readonly time: number;
}

/** One call about to be made. */
export interface CallStart {
  readonly number: number;
  readonly payload: number;
  readonly context: AttemptContext;
  readonly loop: Loop;
  readonly life: LifeTrace | null;
}

export class FlightWatch {
  readonly #witness: Witness;
  readonly #streams: StreamWatch;
  readonly #hedges: HedgeWatch;

  constructor(witness: Witness, streams: StreamWatch, hedges: HedgeWatch) {
    this.#witness = witness;
    this.#streams = streams;
    this.#hedges = hedges;
  }

  #must(holds: boolean, invariant: string, flight: FlightTrace, what: () => string): void {
    if (!holds) this.#witness.violate(invariant, `flight ${flight.number} ${what()}`);
  }

  /** An attempt is in the ledger, or called inline; the call itself follows, unless the thread dies in between. */
  began({ number, payload, context, loop, life }: CallStart): CallTrace {
    const witness = this.#witness;
    const flight = witness.flight(number);
    const { target, attempt } = context;
    // A thread may die between the ledger and the call.
    const live = flight.calls.filter((other) => isLive(other) || (loop.isOver && other.loop === loop && hasNotEnded(other)));
    const [doubled] = live;
    const call: CallTrace = {
      flight, attempt, target, life, loop, startedAt: witness.now, limitMs: context.remainingMs(), stalledMs: loop.pausedMs, context,
      stream: null, delivered: null, end: null, endedAt: 0, isTold: false, isToldOutraced: false, isProbe: false,
      rival: doubled ?? null, isHedge: doubled !== undefined, answer: null,
    }; // biome-ignore format: one thought
    witness.note('call', number, attempt, target, life?.thread ?? 'inline', call.limitMs);
    if (doubled !== undefined) this.#hedges.began(call, doubled, live.length);
    this.#mayCall(call);
    this.#mayCallHere(call);
    witness.health?.began(call);
    const { leader } = flight;
    this.#must(
      payload === leader.payload && context.scope === leader.scope,
      'I5',
      flight,
      () => `was called for another's payload or scope`,
    );
    flight.begun++;
    flight.tried.add(target);
    life?.begun.add(number);
    flight.calls.push(call);
    this.#hedges.mayBeHedged(call);
    return call;
  }

  #mayCall(call: CallTrace): void {
    const { now, slackMs, swarm } = this.#witness;
    const { flight, attempt, target, life } = call;
    this.#must(attempt === flight.begun + 1, 'I11', flight, () => `began attempt ${attempt} after ${flight.begun}`);
    const allowed = allowedAttempts(swarm, flight) + flight.losses;
    this.#must(flight.begun < allowed, 'I11', flight, () => `began attempt ${attempt} of ${allowed}`);
    const last = flight.calls.at(-1);
    if (last === undefined) return;
    // An answer that its thread could not tell before it died is lost with it.
    const racers = racersOf(flight);
    const isTold = racers.some(
      (other) => other.life === life && (other.end === 'value' || other.end === 'answer' || other.end === 'refused'),
    );
    this.#must(!isTold, 'I4', flight, () => `began attempt ${attempt} after an answer`);
    // Of two the one that ended last has the say.
    const said = racers.reduce((one, other) => (other.end !== null && (one.end === null || other.endedAt > one.endedAt) ? other : one));
    const isRetry = racers.some((other) => other.target === target && other.end === 'retry' && other.endedAt >= said.endedAt);
    const isOut = (name: string): boolean =>
      flight.tried.has(name) || this.#witness.health?.wasClosed(name, last.startedAt) === true || !canGoOn(swarm, flight, name);
    const isNext = !flight.tried.has(target) || isRetry || this.#witness.mayHave(flight, (route) => route.every(isOut));
    this.#must(isNext, 'failover', flight, () => `called ${target} again, and others are untried`);
    const isOnce = flight.calls.some((other) => !isReplayable(swarm, other));
    this.#must(!isOnce, 'I13', flight, () => `began attempt ${attempt} after one that must not be made twice`);
    const hold = flight.holds.get(target);
    const isHeld = hold !== undefined && hold.life === life && now < hold.until - 1e-6;
    this.#must(!isHeld, 'I13', flight, () => `called ${target} before its Retry-After`);
    this.#must(now <= flight.deadline + slackMs + call.loop.pausedMs, 'I2', flight, () => 'began an attempt past its deadline');
    const isOfRoute = this.#witness.mayHave(flight, (route) => route.includes(target));
    this.#must(isOfRoute, 'I5', flight, () => `called ${target}, which is not of its route`);
  }

  /** Nobody calls for a flight that is over, as far as this shard can know. */
  #mayCallHere({ flight, attempt, life }: CallTrace): void {
    const { landings, abandoned, end } = flight;
    this.#must(landings === 0, 'I4', flight, () => `began attempt ${attempt} after it landed`);
    this.#must(abandoned !== 'nowhere', 'I4', flight, () => `began attempt ${attempt} though it was abandoned before it left`);
    this.#must(
      life?.abandonsRead.has(flight.number) !== true,
      'I4',
      flight,
      () => `began attempt ${attempt} on a shard that knew of its end`,
    );
    this.#must(end === null || abandoned === 'on-link', 'I4', flight, () => `began attempt ${attempt} after its end`);
  }

  /** A target answered, whether or not anybody listens. */
  ended(call: CallTrace, end: CallEnd, retryAfterMs = 0): void {
    const { now } = this.#witness;
    const isWanted = isLive(call);
    this.#witness.note('answer', call.flight.number, call.attempt, end, isWanted ? 'wanted' : 'late');
    if (isWanted && retryAfterMs > 0) {
      call.flight.holds.set(call.target, { until: now + retryAfterMs, life: call.life, call });
      this.#witness.health?.asked(call.target, now + retryAfterMs);
    }
    this.#witness.health?.look();
    if (isWanted) call.end = end;
    call.endedAt = now;
    if (isWanted && hasWon(call)) this.#hedges.won(call);
  }

  /** The front is told how an attempt ended. */
  told({ number }: Flight, record: AttemptRecord): void {
    const { attempt, end } = record;
    const flight = this.#witness.flight(number);
    const call = flight.calls[attempt - 1];
    this.#must(call !== undefined, 'told', flight, () => `was told of attempt ${attempt}, which nobody made`);
    if (call === undefined) return;
    this.#hedges.told(call, record);
    call.isTold = true;
    call.isToldOutraced = end === 'outraced';
    // It lost the race in the very turn in which it failed: its shard has not heard for how long.
    if (end === 'outraced' && flight.holds.get(call.target)?.call === call) flight.holds.delete(call.target);
    if (end === 'value') flight.winner = call;
    // Lost with its thread, whatever its target said: what the shard did not hear, nobody can know.
    if (end === 'failed') this.#witness.health?.told(call);
  }

  /** A target was told to stop. */
  aborted(call: CallTrace): void {
    const { now, slackMs } = this.#witness;
    const { flight, attempt, startedAt, limitMs, loop, stalledMs } = call;
    this.#witness.note('abort', flight.number, attempt);
    this.#witness.health?.look();
    this.#hedges.stopped(call);
    // What a stream is told is its `return`.
    if (this.#streams.isOpened(call)) return;
    const isTimeUp = now >= startedAt + limitMs - 1e-6;
    const isLost = call.rival !== null && hasWon(call.rival);
    this.#must(isTimeUp || isLost || flight.end !== null, 'I6', flight, () => `aborted attempt ${attempt} while somebody waits`);
    const latest = startedAt + limitMs + slackMs + loop.pausedMs - stalledMs;
    this.#must(now <= latest, 'I2', flight, () => `aborted attempt ${attempt} ${now - latest} ms after its time`);
  }

  /** Its time is over since a while: nobody may still count on it. */
  overdue(call: CallTrace): void {
    const { flight, attempt, loop, stalledMs } = call;
    this.#must(
      !isLive(call) || this.#streams.isOpened(call) || loop.isStopped || loop.pausedMs > stalledMs,
      'I2',
      flight,
      () => `lets attempt ${attempt} run on past its time`,
    );
  }

  /** All its waiters are told, now. */
  settles(library: Flight, isValue: boolean, result: unknown): void {
    const witness = this.#witness;
    const flight = witness.flight(library.number);
    this.#streams.came();
    if (!isValue) witness.sawError(result);
    witness.note('flight', flight.number, library.status, isValue || library.status === 'abandoned' ? null : codeOf(result));
    this.#must(flight.end === null, 'I1', flight, () => 'settled again');
    flight.end = { isValue, result, at: witness.now };
    if (library.status === 'abandoned') return;
    if (isValue && witness.swarm.streams !== null) this.#streams.whole(library, flight, result);
    else if (isValue) this.#isItsValue(flight, result as TargetValue);
    else {
      const why = failureReason(witness, flight, result);
      const invariant = codeOf(result) === 'COALESCER_POISONED' ? 'I16' : 'I9';
      this.#must(why !== null, invariant, flight, () => `failed without a reason: ${codeOf(result)}`);
    }
  }

  #isItsValue(flight: FlightTrace, value: TargetValue): void {
    const { leader, number } = flight;
    const call = flight.winner;
    this.#must(value.flight === number, 'I5', flight, () => `settled with a value of flight ${value.flight}`);
    const isItsOwn = value.scope === leader.scope && value.key === leader.key && value.payload === leader.payload;
    this.#must(isItsOwn, 'I5', flight, () => `settled with a value of another identity: ${JSON.stringify(value)}`);
    this.#must(
      value.attempt === call?.attempt && value.target === call.target,
      'token',
      flight,
      () => `took a late value: attempt ${value.attempt}`,
    );
    this.#must(this.#hedges.isWinner(flight, call), 'token', flight, () => `took the value of an attempt that was over`);
    this.#must(value.time === 1, 'I1', flight, () => 'took what its target said the second time');
  }

  /** Its link told its end: slot and bytes are free. */
  landed(library: Flight): void {
    const { number } = library;
    const flight = this.#witness.flight(number);
    this.#witness.note('landed', number);
    this.#hedges.landed(library);
    this.#must(++flight.landings === 1, 'I1', flight, () => 'landed again');
    const live = flight.calls.find(isLive);
    this.#must(live === undefined, 'I4', flight, () => `landed while attempt ${live?.attempt} is live`);
  }

  /** The front told the link that a flight is over; after this returns, nothing of it is live inline. */
  abandoned({ number, passage, course }: Flight): void {
    const flight = this.#witness.flight(number);
    if (passage.link !== null) flight.abandoned = 'on-link';
    else if (!(course instanceof FlightRecord)) flight.abandoned = 'nowhere';
  }

  /** A shard has read that flights are over. */
  readAbandons(life: LifeTrace, numbers: readonly number[]): void {
    for (const number of numbers) {
      life.abandonsRead.add(number);
      const flight = this.#witness.flight(number);
      const live = flight.calls.find((call) => call.life === life && isLive(call));
      this.#must(live === undefined, 'I4', flight, () => `goes on with attempt ${live?.attempt} though its shard knows of its end`);
    }
  }
}
