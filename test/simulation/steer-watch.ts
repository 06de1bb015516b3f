/**
 * What holds where targets are steered by hand: who is called in which order by which flights, whom nobody calls, and what is told of them. By a model
 * of what was said and when: a flight goes by what holds when it begins, and on a thread by what holds when that has read of it.
 */
import type { TargetReport } from '../../src/reports.js';
import { TICK_MS } from '../../workers/wheel.js';
import { hasNotEnded, type CallTrace, type FlightTrace } from './traces.js';
import type { Witness } from './witness.js';

type Hand = 'open' | 'closed' | 'auto';

/** What held from some time on. */
interface Steered {
  readonly order: readonly string[];
  /** Of targets that have one. */
  readonly weights: ReadonlyMap<string, number>;
}

export class SteerWatch {
  readonly #witness: Witness;
  /** One after the other. */
  readonly #steered: Steered[];
  readonly #hands = new Map<string, Hand>();
  readonly #calls: CallTrace[] = [];
  /** Runs a check when all has had its time that is due by then, unless the front stands still meanwhile. */
  readonly #later: (check: () => void) => void;
  /** How often anybody's hand was on a breaker. */
  #turns = 0;

  constructor(witness: Witness, later: (check: () => void) => void) {
    const { targetNames, weights } = witness.swarm;
    const given = targetNames.flatMap((name, index) => (weights[index] === undefined ? [] : [[name, weights[index]] as const]));
    this.#witness = witness;
    this.#later = later;
    this.#steered = [{ order: targetNames, weights: new Map(given) }];
  }

  /** How often it was said by now where flights go. */
  get version(): number {
    return this.#steered.length - 1;
  }
  get #now(): Steered {
    return this.#steered.at(-1) as Steered;
  }

  handOf(target: string): Hand {
    return this.#hands.get(target) ?? 'auto';
  }

  orders(order: readonly string[]): void {
    this.#witness.note('order', ...order);
    this.#steered.push({ ...this.#now, order });
  }

  weighs(weights: Readonly<Record<string, number>>): void {
    this.#witness.note('weights', JSON.stringify(weights));
    this.#steered.push({ ...this.#now, weights: new Map([...this.#now.weights, ...Object.entries(weights)]) });
  }

  forces(target: string, hand: Hand): void {
    this.#witness.note('by hand', target, hand);
    this.#witness.health?.forced(target, this.handOf(target), hand);
    this.#hands.set(target, hand);
    const turn = ++this.#turns;
    const { targetNames, threads } = this.#witness.swarm;
    if (threads > 0 || !targetNames.every((name) => this.handOf(name) === 'open')) return;
    this.#later(() => {
      if (turn === this.#turns) this.#shutOut();
    });
  }

  /** All are open by hand: no flight that has called nobody waits for one of them. */
  #shutOut(): void {
    const { flights, now, slackMs } = this.#witness;
    for (const { number, launchedAt, calls, end } of flights.values()) {
      const isOver = end !== null || calls.length > 0 || launchedAt > now - slackMs - TICK_MS;
      this.#witness.require(isOver, 'by hand', () => `flight ${number} waits, and all targets are open by hand`);
    }
  }

  /** All that may hold for a flight. Its own targets stay as they are. */
  #of({ leader, steered }: FlightTrace): readonly Steered[] {
    const { targetNames, threads } = this.#witness.swarm;
    if (leader.route !== targetNames) return [{ order: leader.route, weights: new Map() }];
    return threads === 0 ? this.#steered.slice(steered, steered + 1) : this.#steered.slice(steered);
  }

  mayHave(flight: FlightTrace, holds: (route: readonly string[]) => boolean): boolean {
    return this.#of(flight).some(({ order }) => holds(order));
  }

  /** An attempt begins. */
  began(call: CallTrace): void {
    const { flight, target, attempt } = call;
    const what = (): string => `flight ${flight.number} called ${target} (attempt ${attempt})`;
    this.#witness.require(this.handOf(target) !== 'open', 'by hand', () => `${what()}, which is open by hand`);
    const isFirst = flight.calls.length > 0 || this.#of(flight).some((steered) => this.#mayBegin(flight, target, steered));
    this.#witness.require(isFirst, 'steering', () => `${what()} before others that come first`);
    this.#calls.push(call);
  }

  /** May a flight begin there? Those that come before it, or have weights where it has none, cannot be called. */
  #mayBegin(flight: FlightTrace, target: string, { order, weights }: Steered): boolean {
    const { swarm, health } = this.#witness;
    const { steering, probeShare } = swarm.options;
    const isOwn = flight.leader.route !== swarm.targetNames;
    if (!isOwn && (steering === 'latency' || probeShare > 0)) return order.includes(target);
    const isOut = (name: string): boolean =>
      health?.wasClosed(name, flight.launchedAt) === true || swarm.ceilings[swarm.targetNames.indexOf(name)] !== Infinity;
    const weightOf = (name: string): number => weights.get(name) ?? 1;
    const isWeighed = order.some((name) => weights.has(name)) && order.some((name) => weightOf(name) > 0);
    if (!isWeighed) return order.find((name) => name === target || !isOut(name)) === target;
    return order.includes(target) && (weightOf(target) > 0 || order.some((name) => weightOf(name) > 0 && isOut(name)));
  }

  /** What people are told of targets is what was seen. */
  reported(reports: readonly TargetReport[]): void {
    const { swarm } = this.#witness;
    this.#witness.note('report');
    const names = reports.map(({ target }) => target);
    this.#witness.require(names.join() === swarm.targetNames.join(), 'report', () => `tells of ${names.join()}`);
    for (const report of reports) this.#isTrue(report);
  }

  #isTrue({ target, attempts, airborne, failures, breaker, forced }: TargetReport): void {
    const must = (holds: boolean, what: string): void => this.#witness.require(holds, 'report', () => `tells of ${target}: ${what}`);
    const calls = this.#calls.filter((call) => call.target === target);
    must(attempts === calls.length, `${attempts} attempts, and ${calls.length} were begun`);
    must(failures <= attempts, `${failures} failures of ${attempts} attempts`);
    const here = calls.filter(({ life }) => life?.isLost !== true);
    const least = here.filter(hasNotEnded).length;
    // What a thread did in the turn in which it died, nobody may have counted.
    const most = here.filter((call) => hasNotEnded(call) || (call.loop.isStopped && !call.isTold)).length;
    must(least <= airborne && airborne <= most, `${airborne} in the air, and there are ${least} to ${most}`);
    const hand = this.handOf(target);
    must(forced === (hand !== 'auto') && (!forced || breaker === hand), `${breaker}, ${forced ? '' : 'not '}by hand`);
  }
}
