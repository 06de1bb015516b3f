/** What holds where two attempts are out: which may be the second one, that the first answer wins, and that nothing is left of the one that lost. */
import type { Flight } from '../../src/flight.js';
import type { AttemptReport } from '../../src/reports.js';
import type { AttemptRecord } from '../../workers/protocol.js';
import { hasWon, isLive, isOutraced, racersOf, type CallTrace, type FlightTrace, type LifeTrace } from './traces.js';
import { attemptsOn, isReplayable } from './verdict-on-errors.js';
import type { Witness } from './witness.js';

/** A percentile counts from here on. */
const AFTER_MS_MIN = 10;
/** At its first moment each target has saved one hedge, and can save so many. */
const SAVED_MAX = 10;
const ROUNDING_MS = 1e-6;

type Check = () => void;

export class HedgeWatch {
  /** Attempts that were made beside another. */
  hedges = 0;
  readonly #witness: Witness;
  /** Runs a check at a later instant; with 0 when all that can settle now has. */
  readonly #later: (ms: number, check: Check) => void;

  constructor(witness: Witness, later: (ms: number, check: Check) => void) {
    this.#witness = witness;
    this.#later = later;
  }

  #must(holds: boolean, invariant: string, { number }: FlightTrace, what: () => string): void {
    if (!holds) this.#witness.violate(invariant, `flight ${number} ${what()}`);
  }

  /** A second attempt begins while one is out, and `call` is not yet among the flight's calls. */
  began(call: CallTrace, doubled: CallTrace, live: number): void {
    const { swarm } = this.#witness;
    const { flight, attempt, target, life, startedAt } = call;
    const must = (holds: boolean, invariant: string, what: string): void =>
      this.#must(holds, invariant, flight, () => `began attempt ${attempt} beside ${doubled.attempt} ${what}`);
    doubled.rival = call;
    this.hedges++;
    must(swarm.hedge !== null, 'I3', 'and nothing is to be hedged');
    must(live === 1, 'I3', `and ${live} are live`);
    must(!flight.tried.has(target), 'I3', `on ${target}, which was tried`);
    must(isReplayable(swarm, call) && isReplayable(swarm, doubled), 'I13', 'and one of them must not be made twice');
    must(!isInMidAir(flight, life), 'I14', 'in mid-air');
    const before = flight.calls.find((other) => other.isHedge && other.life === life);
    must(before === undefined, 'I3', `as the second hedge: ${before?.attempt} was one`);
    const { afterMs = AFTER_MS_MIN } = swarm.hedge?.options ?? {};
    const early = doubled.startedAt + afterMs - startedAt;
    must(early <= ROUNDING_MS, 'hedge', `${early} ms early`);
    this.#witness.note('hedge', flight.number, attempt, doubled.attempt);
  }

  /** An attempt is out that may be hedged: if nothing speaks against it, it will be. */
  mayBeHedged(call: CallTrace): void {
    const { slackMs, swarm } = this.#witness;
    const { afterMs } = swarm.hedge?.options ?? {};
    if (afterMs === undefined || afterMs + slackMs >= call.limitMs || !this.#isFree(call)) return;
    this.#later(afterMs + slackMs, () => {
      const isDue = isLive(call) && call.rival === null && this.#isFree(call);
      this.#must(!isDue, 'hedge', call.flight, () => `has no attempt beside ${call.attempt}, and one is due`);
    });
  }

  /** Is there somewhere to go, and is it sure that going there costs less than it may? */
  #isFree(call: CallTrace): boolean {
    const { swarm, health } = this.#witness;
    const { flight, life, loop, stalledMs, startedAt } = call;
    const { budget, breaker } = swarm.options;
    if (budget !== false || breaker !== false || loop.isStopped || loop.pausedMs > stalledMs) return false;
    const isOnce = flight.calls.some((other) => other.isHedge && other.life === life);
    const isOver = flight.end !== null || isInMidAir(flight, life);
    if (isOnce || isOver || !isReplayable(swarm, call)) return false;
    const isOut = (target: string): boolean =>
      flight.tried.has(target) ||
      swarm.unreplayable[swarm.targetNames.indexOf(target)] === true ||
      swarm.ceilings[swarm.targetNames.indexOf(target)] !== Infinity ||
      health?.wasClosed(target, startedAt) === true;
    const mayHaveNone = (route: readonly string[]): boolean => flight.begun >= attemptsOn(swarm, route) || route.every(isOut);
    return health?.hasSavedHedge(call.target, SAVED_MAX) === true && !this.#witness.mayHave(flight, mayHaveNone);
  }

  /** An attempt answers while another is out: in this very turn that one is told to stop. */
  won(call: CallTrace): void {
    const { rival, flight, loop } = call;
    if (rival === null || loop.isStopped) return;
    this.#later(0, () => {
      if (loop.isStopped) return;
      const isOverByNow = !isLive(rival) || call.context.signal.aborted;
      this.#must(isOverByNow, 'I14', flight, () => `goes on with attempt ${rival.attempt}, and ${call.attempt} has answered`);
      const hasFailed = rival.end !== null && !hasWon(rival);
      const isOneStopped = hasFailed || call.context.signal.aborted || rival.context.signal.aborted;
      this.#must(isOneStopped, 'I14', flight, () => `told neither attempt ${call.attempt} nor ${rival.attempt} to stop`);
    });
  }

  /** One was told that another was first. */
  stopped(call: CallTrace): void {
    const { flight, attempt, rival } = call;
    if (!isOutraced(call)) return;
    this.#must(rival !== null && hasWon(rival), 'I14', flight, () => `told attempt ${attempt} that another has answered, and none has`);
  }

  /** The front is told how an attempt ended. */
  told({ flight, target, attempt, isHedge, rival, isTold }: CallTrace, record: AttemptRecord): void {
    const must = (holds: boolean, what: string): void =>
      this.#must(holds, 'told', flight, () => `was told of attempt ${attempt} on ${target}: ${what}`);
    must(!isTold, 'again');
    must(record.target === target, `it was on '${record.target}'`);
    must((record.isHedge === true) === isHedge, isHedge ? 'it was no hedge' : 'it was a hedge');
    const isOutracedWell = record.end !== 'outraced' || (rival !== null && hasWon(rival));
    must(isOutracedWell, 'it was outraced, and nobody else has answered');
  }

  /** It has landed, and that was its end: all its attempts were told. */
  landed({ number }: Flight): void {
    const flight = this.#witness.flight(number);
    const untold = flight.end === null ? flight.calls.find(({ isTold }) => !isTold) : undefined;
    this.#must(untold === undefined, 'told', flight, () => `landed, and nothing was told of attempt ${untold?.attempt}`);
  }

  /** Told to those who ask: numbered as they were made, each once. All of them, where the flight was not cut short. */
  reported(flight: FlightTrace, reports: readonly AttemptReport[], isAll: boolean): void {
    const numbers = reports.map(({ attempt }) => attempt);
    const isSorted = numbers.every((number, index) => number > (numbers[index - 1] ?? 0));
    this.#must(isSorted, 'told', flight, () => `reports attempts ${numbers.join()}`);
    for (const { attempt, target, isHedge = false } of reports) {
      const call = flight.calls[attempt - 1];
      const isIt = call?.target === target && call.isHedge === isHedge;
      this.#must(isIt, 'told', flight, () => `reports attempt ${attempt} on ${target}, ${isHedge ? 'a' : 'no'} hedge`);
    }
    this.#must(
      !isAll || numbers.length === flight.calls.length,
      'told',
      flight,
      () => `reports ${numbers.length} of ${flight.calls.length}`,
    );
  }

  /** Whose answer ended it: one of those that were out, and the one that answered. */
  isWinner(flight: FlightTrace, winner: CallTrace | null): boolean {
    return winner !== null && winner.end === 'value' && racersOf(flight).includes(winner);
  }

  /** What the library counts is what was seen. */
  checkCounts(stats: Readonly<Record<string, { readonly hedges: number; readonly outraced: number }>>): void {
    const calls = [...this.#witness.flights.values()].flatMap((flight) => flight.calls);
    for (const [name, { hedges, outraced }] of Object.entries(stats)) {
      const mine = calls.filter(({ target, rival }) => target === name && rival !== null);
      const begun = mine.filter(({ isHedge }) => isHedge).length;
      this.#witness.require(hedges === begun, 'stats', () => `${hedges} hedges on ${name} are counted, ${begun} were begun`);
      // A thread may die between the count, the signal and the news.
      const told = mine.filter(({ isToldOutraced }) => isToldOutraced).length;
      const stopped = mine.filter(isOutraced).length;
      const isSo = told <= outraced && outraced <= stopped;
      this.#witness.require(
        isSo,
        'stats',
        () => `${outraced} outraced on ${name} are counted, ${told} were told and ${stopped} were stopped`,
      );
    }
  }
}

/** Its stream has begun, as far as this life knows; what another said and could not tell before it died is lost with it. */
const isInMidAir = ({ calls, stream: given }: FlightTrace, life: LifeTrace | null): boolean =>
  (given?.ends.length ?? 0) > 0 || calls.some((call) => call.life === life && (call.stream?.count ?? 0) > 0);
