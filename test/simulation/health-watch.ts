/** What holds for targets that are sick, full or to be left alone: who may still call them, how often, and that nothing of it is left at the end. */
import type { Health } from '../../workers/health.js';
import { canGoOn } from './stream-verdicts.js';
import { isLive, type CallTrace, type FlightTrace } from './traces.js';
import type { Witness } from './witness.js';

/** What the simulation knows of one target by itself. */
interface TargetTrace {
  /** Calls that may be live. */
  calls: CallTrace[];
  /** Flights that called it, and calls of it that had to be drawn from its budget. */
  firsts: number;
  repeats: number;
  /** Hedges that its slowness caused. */
  hedges: number;
  /** It asked, and the front was told so, not to be called before. */
  heldUntil: number;
  /** When it was last seen closed off, or to be left alone; or until when it asked for that. */
  closedAt: number;
}

/** Shares are sums of numbers that have no exact form. */
const ROUNDING = 1e-6;

export class HealthWatch {
  readonly #witness: Witness;
  /** The library's own, for what its breakers say: that they say it of few enough is what is watched. */
  readonly #health: () => Health | null;
  readonly #targets: ReadonlyMap<string, TargetTrace>;
  readonly #names: readonly string[];

  constructor(witness: Witness, health: () => Health | null) {
    this.#witness = witness;
    this.#health = health;
    this.#names = witness.swarm.targetNames;
    this.#targets = new Map(
      this.#names.map((name) => [name, { calls: [], firsts: 0, repeats: 0, hedges: 0, heldUntil: -Infinity, closedAt: -Infinity }]),
    );
  }

  #must(holds: boolean, invariant: string, { flight, target, attempt }: CallTrace, what: string): void {
    this.#witness.require(holds, invariant, () => `flight ${flight.number} called ${target} (attempt ${attempt}) ${what}`);
  }

  #of(target: string): TargetTrace {
    return this.#targets.get(target) as TargetTrace;
  }

  /** Is it closed off, or to be left alone, and why? */
  #refusal(target: string): string | null {
    return this.#health()?.of(this.#names.indexOf(target)).refusal(this.#witness.now) ?? null;
  }

  /** Looks how all targets are now: asked whenever something happens. */
  look(): void {
    const { now } = this.#witness;
    for (const [index, name] of this.#names.entries()) {
      const health = this.#health()?.of(index);
      const refusal = health?.refusal(now);
      if (health === undefined || (refusal !== 'open' && refusal !== 'held')) continue;
      const trace = this.#of(name);
      // It stays so, whether or not anybody looks meanwhile.
      trace.closedAt = Math.max(trace.closedAt, now + health.freeInMs(now));
    }
  }

  /** It asks to be left alone. Its shard hears it in this turn, if at all. */
  asked(target: string, until: number): void {
    const trace = this.#of(target);
    trace.closedAt = Math.max(trace.closedAt, until);
  }

  /** Was it closed off at any time since then? */
  wasClosed(target: string, since: number): boolean {
    return this.#of(target).closedAt >= since || this.#witness.steer?.handOf(target) === 'open';
  }

  /** What its breaker says does not count. */
  #isForced(target: string): boolean {
    return (this.#witness.steer?.handOf(target) ?? 'auto') !== 'auto';
  }

  /** It is opened or closed by hand from now on, or left to itself and as good as new. Its holds stay. */
  forced(target: string, before: 'open' | 'closed' | 'auto', hand: 'open' | 'closed' | 'auto'): void {
    const { now } = this.#witness;
    const trace = this.#of(target);
    const heldUntil = now + (this.#health()?.of(this.#names.indexOf(target)).heldMs(now) ?? 0);
    if (before === 'open') trace.closedAt = Math.max(trace.closedAt, now);
    if (hand !== 'open') trace.closedAt = Math.min(trace.closedAt, heldUntil);
    // A probe of before says nothing any more.
    if (hand === 'auto') for (const call of trace.calls) call.isProbe = false;
  }

  /** An attempt begins: it has been admitted just now. */
  began(call: CallTrace): void {
    const { now, swarm } = this.#witness;
    const { flight, target } = call;
    const trace = this.#of(target);
    this.look();
    this.#witness.steer?.began(call);
    this.#must(now >= trace.heldUntil - 1e-6, 'I13', call, 'before the Retry-After that another flight was told');
    trace.calls = [...trace.calls.filter(isLive), call];
    const ceiling = swarm.ceilings[this.#names.indexOf(target)] as number;
    this.#must(trace.calls.length <= ceiling, 'ceiling', call, `as one of ${trace.calls.length}, and it has ${ceiling} places`);
    this.#mayBeSick(call, trace);
    if (call.isHedge && call.rival !== null) return this.#mayHedge(call, call.rival);
    this.#mayRepeat(call, trace);
    if (!flight.tried.has(target)) trace.firsts++;
  }

  /** One attempt in the process finds out whether a sick target is well again; others only when nothing else is left. */
  #mayBeSick(call: CallTrace, { calls }: TargetTrace): void {
    const { breaker } = this.#witness.swarm.options;
    const { flight, target } = call;
    const phase = this.#health()?.of(this.#names.indexOf(target)).breaker?.phase ?? 'closed';
    if (breaker === false || phase === 'closed' || this.#isForced(target)) return;
    if (breaker.whenAllOpen === 'try') {
      const isElsewhere = (name: string): boolean =>
        name !== target && !flight.tried.has(name) && this.#refusal(name) === null && canGoOn(this.#witness.swarm, flight, name);
      // As the probe it goes there before others.
      const isLast = phase !== 'open' || this.#witness.mayHave(flight, (route) => !route.some(isElsewhere));
      this.#must(isLast, 'I15', call, 'though it is open and others are not');
      return;
    }
    this.#must(phase === 'half-open', 'I15', call, 'though it is open');
    // A stream has answered with its first chunk.
    const isAlone = calls.every((other) => other === call || !other.isProbe || (other.stream?.count ?? 0) > 0);
    call.isProbe = true;
    this.#must(isAlone, 'I15', call, 'while a probe of it is out');
  }

  #mayRepeat({ flight, target, life, attempt }: CallTrace, trace: TargetTrace): void {
    const { budget } = this.#witness.swarm.options;
    // After a thread was lost a flight is launched again: that is no repeat of its own.
    if (budget === false || !flight.tried.has(target) || flight.calls.at(-1)?.life !== life) return;
    trace.repeats++;
    const most = budget.share * trace.firsts + budget.perSecondMin * 10;
    this.#witness.require(
      trace.repeats <= most,
      'I12',
      () => `attempt ${attempt} of flight ${flight.number} is repeat ${trace.repeats} of ${target}, of ${most}`,
    );
  }

  /** A second attempt beside one whose target is slow: that one pays. Nobody is called for it who is closed off, not even as the last one left. */
  #mayHedge(call: CallTrace, { target: slow }: CallTrace): void {
    const { budget } = this.#witness.swarm.options;
    const { maxExtraShare = 0 } = this.#witness.swarm.hedge?.options ?? {};
    const trace = this.#of(slow);
    trace.hedges++;
    trace.repeats++;
    const phase = this.#health()?.of(this.#names.indexOf(call.target)).breaker?.phase ?? 'closed';
    this.#must(phase !== 'open' || this.#isForced(call.target), 'I15', call, 'as a hedge, though it is open');
    // The first one is there from the start.
    const most = 1 + maxExtraShare * trace.firsts + ROUNDING;
    this.#must(trace.hedges <= most, 'I12', call, `as hedge ${trace.hedges} for ${slow}, of ${most}`);
    const extra = budget === false ? Infinity : budget.share * trace.firsts + budget.perSecondMin * 10;
    this.#must(trace.repeats <= extra, 'I12', call, `as extra attempt ${trace.repeats} for ${slow}, of ${extra}`);
  }

  /** Is one saved for it, in any case? Threads save what they have counted only when they draw, and one that dies in a turn still draws to its end. */
  hasSavedHedge(target: string, savedMax: number): boolean {
    const { hedges, firsts } = this.#of(target);
    const { threads, hedge, crashRate, poisons } = this.#witness.swarm;
    if (crashRate > 0 || poisons.size > 0) return false;
    return hedges === 0 || (threads === 0 && hedge?.options.maxExtraShare === 1 && hedges < Math.min(savedMax, firsts));
  }

  /** The front was told that an attempt failed: by then all threads know what its target asked for. */
  told(call: CallTrace): void {
    const hold = call.flight.holds.get(call.target);
    if (hold === undefined || hold.life !== call.life || (call.end !== 'failover' && call.end !== 'retry')) return;
    const trace = this.#of(call.target);
    trace.heldUntil = Math.max(trace.heldUntil, hold.until);
  }

  /** Could this flight really go nowhere? */
  isShutOut(flight: FlightTrace): boolean {
    const { tried, launchedAt, calls } = flight;
    this.look();
    const since = calls.at(-1)?.startedAt ?? launchedAt;
    const isOut = (name: string): boolean => tried.has(name) || this.wasClosed(name, since) || !canGoOn(this.#witness.swarm, flight, name);
    return this.#witness.mayHave(flight, (route) => route.every(isOut));
  }

  /** Nothing is in the air: no place is taken, and no probe is out. */
  checkQuiet(): void {
    for (const [index, name] of this.#names.entries()) {
      const health = this.#health()?.of(index);
      if (health === undefined) return;
      const { taken } = health.places;
      this.#witness.require(taken === 0, 'I26', () => `${taken} places of ${name} are taken, and nothing is in the air`);
      this.#witness.require(health.breaker?.phase !== 'half-open', 'I15', () => `the probe of ${name} is out, and nothing is in the air`);
    }
  }
}
