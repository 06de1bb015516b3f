/** Upstream: what a target does when it is called. It answers, fails, stays silent, talks too late or twice, and some payloads kill the thread. */
import type { AttemptContext } from '../../workers/targets.js';
import type { Poison } from './faults.js';
import type { TargetValue } from './flight-watch.js';
import { answersIn } from './hedge-swarm.js';
import type { SimLife } from './sim-life.js';
import { textOf } from './stream-text.js';
import { openStream, spokenValue } from './stream-upstream.js';
import { isLive, type CallTrace } from './traces.js';
import { TargetError } from './verdict-on-errors.js';
import type { World } from './world.js';

export interface Payload {
  readonly payload: number;
}

type Manner = 'answer' | 'fail' | 'verdict' | 'retry' | 'silent' | 'slow' | 'late' | 'throw' | 'thenable' | 'refused';
type Verdict = TargetError['verdict'];

/** Where targets stream, some give a value. */
const VALUE_SHARE = 0.04;
/** More do where values may be for one alone: streams never are. */
const PRIVATE_SHARE = 0.5;
/** There most of what goes wrong does so in mid-air. */
const BEFORE_STREAMS = 0.3;

/** One each: whoever waits for a promise is kept by it. */
const never = (): Promise<never> => new Promise(() => undefined);

/** The upstream of one life, or (`null`) of the targets that run inline. */
export class Upstream {
  readonly #world: World;
  readonly #life: SimLife | null;

  constructor(world: World, life: SimLife | null) {
    this.#world = world;
    this.#life = life;
  }

  /** @param delivered what it is to go on from; `null`: from the beginning */
  run(index: number, payload: number, context: AttemptContext, delivered: readonly unknown[] | null = null): unknown {
    const life = this.#life;
    const { flightWatch, streamWatch, swarm, witness, scheduler, machine, front } = this.#world;
    const { number } = context.carried as { readonly number: number };
    // JavaScript runs on to the end of a turn in which its thread died; nothing of it is real.
    if (life?.isStopped === true && !life.diedInLedger) return never();
    const call = flightWatch.began({ number, payload, context, loop: life?.loop ?? front, life });
    if (life?.diedInLedger === true) {
      life.diedInLedger = false;
      return never();
    }
    scheduler.at(scheduler.now + call.limitMs + witness.slackMs + 1, machine, () => flightWatch.overdue(call));
    if (swarm.streams !== null) {
      call.delivered = delivered === null ? null : textOf(delivered);
      streamWatch.began(call);
    }
    const poison = swarm.poisons.get(payload);
    if (life !== null && poison !== undefined && !witness.isCalm) return this.#poisoned(life, call, poison);
    return this.#answer(call, this.#mannerOn(index, call));
  }

  #mannerOn(index: number, { flight, life }: CallTrace): Manner {
    const { random, swarm, witness } = this.#world;
    const { faults } = swarm;
    if (witness.isCalm) return 'answer';
    const sickness = (swarm.sickness[index] as number) * (swarm.streams === null ? 1 : BEFORE_STREAMS);
    if (!random.chance(sickness)) return faults.slowness && random.chance(0.1) ? 'slow' : 'answer';
    return random.weighted<Manner>({
      answer: 1,
      fail: faults.failures ? 5 : 0,
      verdict: faults.answers ? 2 : 0,
      retry: faults.retries ? 3 : 0,
      silent: faults.silence ? 3 : 0,
      slow: faults.slowness ? 3 : 0,
      late: faults.lateness ? 3 : 0,
      throw: faults.throws ? 2 : 0,
      thenable: faults.thenables ? 2 : 0,
      // What only one waiter can read is refused, unless it is for one waiter alone and has no thread to cross.
      refused: faults.refusals && (flight.leader.key !== null || life !== null) ? 1 : 0,
    });
  }

  #answer(call: CallTrace, manner: Manner): unknown {
    const { random, swarm } = this.#world;
    const give = (): unknown => this.#give(call);
    const soon = answersIn(random, swarm.hedge, call.startedAt) ?? random.between(0, 20);
    switch (manner) {
      case 'answer':
        return random.chance(0.1) ? give() : this.#untilAborted(call, this.#later(call, soon, give), 0.5);
      case 'fail':
        return this.#untilAborted(
          call,
          this.#later(call, soon, () => this.#fail(call, 'failover', random.chance(0.2) ? soon * 5 : 0)),
          0.3,
        );
      case 'verdict':
        return this.#later(call, soon, () => this.#fail(call, 'answer'));
      case 'retry':
        return this.#later(call, soon, () => this.#fail(call, 'retry', random.chance(0.5) ? random.between(1, 100) : 0));
      case 'silent':
        return this.#untilAborted(call, never(), 0.5);
      case 'slow':
        return this.#untilAborted(call, this.#later(call, random.between(20, 150), give), 0.8);
      case 'late':
        return this.#later(call, call.limitMs * random.between(0.9, 2.5), () =>
          random.chance(0.7) ? this.#give(call, 1, true) : this.#fail(call, 'failover'),
        );
      case 'throw':
        return this.#fail(call, random.pick<Verdict>(['failover', 'failover', 'answer', 'retry']));
      case 'thenable':
        return this.#twice(call, soon);
      default:
        return this.#later(call, soon, () => this.#giveIterator(call));
    }
  }

  /** `isOwed`: nothing stands between it and the library. */
  #give(call: CallTrace, time = 1, isOwed = false): unknown {
    const { swarm, random } = this.#world;
    if (swarm.streams === null) return this.#value(call, time);
    // Nobody hears what is said the second time.
    if (time > 1) return undefined;
    // A stream of one chunk, for those who read.
    if (call.delivered === null && random.chance(swarm.forOne === null ? VALUE_SHARE : PRIVATE_SHARE))
      return spokenValue(call, this.#value(call, time));
    return openStream(this.#world, { call, life: this.#life, isOwed });
  }

  #value(call: CallTrace, time: number): TargetValue {
    const { flight, attempt, target, context } = call;
    const { scope, key } = context;
    if (time === 1) this.#world.flightWatch.ended(call, 'value');
    this.#world.witness.forOne?.gives(call);
    return { flight: flight.number, attempt, target, scope, key, payload: flight.leader.payload, time };
  }

  #giveIterator(call: CallTrace): unknown {
    this.#world.flightWatch.ended(call, 'refused');
    return Object.assign(Object.create({}) as object, { next: () => undefined });
  }

  #fail(call: CallTrace, verdict: Verdict, retryAfterMs = 0): never {
    this.#world.flightWatch.ended(call, verdict, retryAfterMs);
    throw new TargetError(call, verdict, retryAfterMs);
  }

  /** What one call does now, and now and then the other one of its flight in the same turn, before or after it. */
  #act(call: CallTrace, answer: () => void): void {
    const { random, swarm } = this.#world;
    const { rival } = call;
    const isTwin = rival !== null && isLive(rival) && random.chance(swarm.hedge?.coincidence ?? 0);
    const other = isTwin ? rival.answer : null;
    if (other === null) return answer();
    const [first, second] = random.chance(0.5) ? [answer, other] : [other, answer];
    first();
    // One that kills its thread is the last to do anything.
    if (!call.loop.isStopped) second();
  }

  /** Something of the call's own, later, if its loop still runs then. */
  #later<Result>(call: CallTrace, ms: number, make: () => Result): Promise<Result> {
    const { scheduler } = this.#world;
    return new Promise((resolve, reject) => {
      let isDone = false;
      const answer = (): void => {
        if (call.answer === answer) call.answer = null;
        if (isDone) return;
        isDone = true;
        try {
          const result = make();
          if (this.#life?.mayDie('answer') !== true) resolve(result);
        } catch (error) {
          reject(error);
        }
      };
      call.answer = answer;
      scheduler.at(scheduler.now + ms, call.loop, () => this.#act(call, answer));
    });
  }

  /** What a target does that minds its signal, as some do. */
  #untilAborted<Result>(call: CallTrace, result: Promise<Result>, share: number): Promise<Result> {
    const { random, flightWatch } = this.#world;
    if (!random.chance(share)) return result;
    const { signal } = call.context;
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        if (call.loop.isStopped) return;
        flightWatch.aborted(call);
        reject(signal.reason as Error);
      });
      result.then(resolve, reject);
    });
  }

  /** A thenable that settles twice, at once or later, and then throws. */
  #twice(call: CallTrace, ms: number): object {
    const then = (resolve: (value: unknown) => void): void => {
      const settle = (): never => {
        resolve(this.#give(call));
        resolve(this.#give(call, 2));
        throw new Error('a thenable that throws after its value');
      };
      if (ms > 10) settle();
      this.#later(call, ms, settle).catch(() => undefined); // it has settled
    };
    return Object.defineProperty({}, 'then', { value: then });
  }

  /** Kills the thread, and leaves as much evidence as such a death does. */
  #poisoned(life: SimLife, call: CallTrace, poison: Poison): unknown {
    const { number } = call.flight;
    const { random } = this.#world;
    const order = life.running;
    const uncaught = (): void => {
      if (order !== null) life.accuse(order);
      life.die(poison, number);
    };
    switch (poison) {
      case 'exit':
        life.evidence = number;
        life.die(poison, number);
        return never();
      case 'spin':
        life.evidence = number;
        life.hang(poison, number);
        return never();
      case 'throw':
        void this.#later(call, random.between(0, 20), uncaught);
        return never();
      case 'silent':
        void this.#later(call, random.between(0, 20), () => life.die(poison, number));
        return never();
      default:
        void this.#later(call, random.between(5, 40), uncaught);
        return this.#answer(call, 'answer');
    }
  }
}
