/** One draw of everything that a schedule is made of: sizes, options, faults and how often they strike. */
import type { BreakerSettings } from '../../workers/breaker.js';
import type { BudgetSettings } from '../../workers/budget.js';
import { drawFaults, POISONS, type Faults, type Poison } from './faults.js';
import { drawForOne, type ForOneSwarm } from './for-one-swarm.js';
import { drawKeep, type KeepSwarm } from './keep-swarm.js';
import { drawHedge, makeWay, type HedgeSwarm } from './hedge-swarm.js';
import { Random } from './random.js';
import { drawSteering, type SteerSwarm } from './steer-swarm.js';
import { drawStreams, isStreaming, type StreamSwarm } from './stream-swarm.js';

export interface Swarm {
  readonly seed: number;
  readonly faults: Faults;
  /** 0: inline. */
  readonly threads: number;
  readonly spare: boolean;
  readonly heartbeatMs: number;
  readonly readyWithinMs: number;
  readonly targetNames: readonly string[];
  /** Per target: how often an attempt on it goes wrong in one of the ways that are on. */
  readonly sickness: readonly number[];
  /** Targets with a time of their own, and those that must not be called twice. */
  readonly targetTimes: readonly (number | null)[];
  readonly unreplayable: readonly boolean[];
  /** Attempts of a target that may be in the air at once. */
  readonly ceilings: readonly number[];
  readonly weights: readonly (number | undefined)[];
  readonly keyCount: number;
  readonly zipf: number;
  /** `[null]`: public. */
  readonly scopes: readonly (string | null)[];
  readonly hasKeyFunction: boolean;
  readonly requests: number;
  /** Requests and faults come within. */
  readonly spanMs: number;
  /** As `fillOptions` takes them. */
  readonly options: SwarmOptions;
  /** `null`: targets give values. */
  readonly streams: StreamSwarm | null;
  /** `null`: nothing is hedged. */
  readonly hedge: HedgeSwarm | null;
  /** `null`: nothing is kept. */
  readonly keep: KeepSwarm | null;
  /** `null`: no value is for one alone. */
  readonly forOne: ForOneSwarm | null;
  /** `null`: nobody steers. */
  readonly steer: SteerSwarm | null;
  readonly deferMsMax: number;
  readonly delayMsMax: number;
  readonly lateMsMax: number;
  /** Chance to die at each step of a life. */
  readonly crashRate: number;
  readonly poisons: ReadonlyMap<number, Poison>;
  readonly drainMs: number;
}

export interface SwarmOptions {
  readonly flightTimeoutMs: number;
  readonly joinWithinMs: number;
  readonly maxAttempts: number | undefined;
  readonly abandonAfterMs: number | 'finish';
  readonly relaunchesMax: number;
  readonly attemptTimeoutMs: number | undefined;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  readonly share: 'readonly' | 'frozen' | 'copy' | 'same';
  readonly breaker: false | (BreakerSettings & { readonly whenAllOpen: 'try' | 'wait' });
  readonly budget: false | BudgetSettings;
  readonly steering: 'priority' | 'latency';
  readonly probeShare: number;
  readonly limits: {
    readonly flights: number;
    readonly waitersPerFlight: number;
    readonly airborneBytes: number;
    readonly resultBytes: number;
  };
}

const TARGET_NAMES = ['one', 'two', 'three', 'four'];

export function drawSwarm(seed: number): Swarm {
  const random = new Random(seed, 0);
  const faults = drawFaults(random);
  const threads = random.chance(0.3) ? 0 : random.pick([1, 1, 2, 2, 3, 4]);
  const targetNames = TARGET_NAMES.slice(0, random.whole(1, 4));
  const keyCount = random.whole(1, 8);
  const scopes = random.chance(0.5) ? [null] : ['s', 't', 'u'].slice(0, random.whole(1, 3));
  const chance = new Random(seed, 2);
  const isHanging = threads > 0 && (faults.hangs || faults.poison || faults.pauses);
  const swarm = {
    seed,
    faults,
    threads,
    spare: random.chance(0.7),
    // Judged in ten looks: short only where something hangs, since every beat is an event.
    heartbeatMs: isHanging ? random.pick([100, 200, 400]) : 2_000,
    readyWithinMs: random.between(50, 300),
    targetNames,
    sickness: targetNames.map(() => random.pick([0, 0.2, 0.5, 0.9, 1])),
    targetTimes: targetNames.map(() => (random.chance(0.1) ? random.between(5, 100) : null)),
    unreplayable: targetNames.map(() => random.chance(0.05)),
    weights: targetNames.map(() => (random.chance(0.1) ? random.whole(0, 3) : undefined)),
    ceilings: targetNames.map(() => (random.chance(0.15) ? random.whole(1, 3) : Infinity)),
    keyCount,
    zipf: random.between(0, 1.2),
    scopes,
    hasKeyFunction: random.chance(0.3),
    requests: 5 + Math.floor(55 * random.next() ** 3),
    spanMs: random.pick([20, 60, 150, 300]),
    options: drawOptions(random, faults),
    // Chance of their own: what values do is the same whether or not there are streams.
    streams: isStreaming(chance) ? drawStreams(chance, targetNames.length) : null,
    deferMsMax: random.chance(0.5) ? 0 : 0.2,
    delayMsMax: faults.delays ? random.pick([1, 5, 30]) : 0.1,
    lateMsMax: faults.inexactTimers ? random.pick([1, 5]) : 0,
    crashRate: faults.crashes ? random.pick([0.01, 0.03, 0.1]) : 0,
    poisons: drawPoisons(random, faults, keyCount),
    drainMs: random.pick([0, 20, 2_000]),
  };
  // Last, and with chance of its own: the rest of a schedule is the same whether or not it is hedged.
  const other = new Random(seed, 4);
  const hedge = drawHedge(other, swarm.options);
  const options = hedge === null ? swarm.options : makeWay(other, swarm.options);
  // Streams are not kept.
  const keep = swarm.streams === null ? drawKeep(new Random(seed, 6), options) : null;
  const forOne = drawForOne(new Random(seed, 7), options, threads);
  const steer = drawSteering(new Random(seed, 8));
  return { hedge, keep, forOne, steer, ...swarm, options };
}

function drawOptions(random: Random, faults: Faults): SwarmOptions {
  const flightTimeoutMs = random.between(
    ...random.pick([
      [30, 80],
      [80, 300],
      [80, 300],
      [300, 800],
    ] as [number, number][]),
  );
  const few = faults.limits;
  return {
    flightTimeoutMs,
    joinWithinMs: random.pick([0.5, 0.5, 0.2, 1, 2]) * flightTimeoutMs,
    maxAttempts: random.chance(0.5) ? undefined : random.whole(1, 5),
    abandonAfterMs: random.pick<number | 'finish'>([0, 0, 0, random.between(1, 60), 'finish']),
    relaunchesMax: random.pick([3, 3, 10, 1, 0]),
    attemptTimeoutMs: random.chance(0.7) ? undefined : random.between(5, flightTimeoutMs),
    backoff: drawBackoff(random),
    breaker: drawBreaker(random),
    steering: random.pick(['priority', 'priority', 'latency']),
    probeShare: random.pick([0, 0, 0.3]),
    budget: random.chance(0.5) ? false : { share: random.pick([0, 0.1, 0.5]), perSecondMin: random.pick([0, 0.1, 1]) },
    share: random.pick(['readonly', 'readonly', 'readonly', 'frozen', 'copy', 'same']),
    limits: {
      flights: few && random.chance(0.7) ? random.whole(1, 5) : 64,
      waitersPerFlight: few && random.chance(0.5) ? random.whole(1, 4) : 1_000,
      airborneBytes: few && random.chance(0.3) ? random.whole(20, 120) : 1_048_576,
      resultBytes: few && random.chance(0.2) ? 200 : 1_048_576,
    },
  };
}

function drawBackoff(random: Random): SwarmOptions['backoff'] {
  const baseMs = random.between(1, 40);
  return { baseMs, maxMs: Math.max(baseMs, random.between(20, 200)) };
}

function drawBreaker(random: Random): SwarmOptions['breaker'] {
  if (random.chance(0.4)) return false;
  const [failureShare, attemptsMin, consecutive] = [random.pick([0.3, 0.5, 0.9]), random.pick([2, 5, 20]), random.pick([1, 2, 5])];
  // Ticks, so that they reopen within a schedule.
  const openMs = random.between(5, 100);
  return {
    failureShare,
    attemptsMin,
    consecutive,
    openMs,
    openMsMax: Math.max(openMs, random.between(50, 400)),
    whenAllOpen: random.pick(['try', 'wait']),
  };
}

function drawPoisons(random: Random, faults: Faults, keyCount: number): Map<number, Poison> {
  const poisons = new Map<number, Poison>();
  if (faults.poison) for (let key = 0; key < keyCount; key++) if (random.chance(0.25)) poisons.set(key, random.pick(POISONS));
  return poisons;
}
