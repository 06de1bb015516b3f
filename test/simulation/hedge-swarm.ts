/** One draw of how attempts are hedged in a schedule: when, how many, and what falls together with that. */
import { TICK_MS } from '../../workers/wheel.js';
import type { Random } from './random.js';
import type { SwarmOptions } from './swarm.js';

export interface HedgeSwarm {
  /** As `fillOptions` takes them. */
  readonly options: {
    readonly afterMs?: number;
    readonly percentile?: number;
    readonly maxExtraShare: number;
  };
  /** Most that attempts took before the schedule began: percentiles stand on that. */
  readonly tookMsMax: number;
  /** How often an attempt takes so much longer that a hedge of it is due. */
  readonly stragglers: number;
  /** How often something happens at the very instant at which a hedge may be due, or two attempts answer in one turn. */
  readonly coincidence: number;
}

const SHARE = 0.35;
/** Beyond its hedge's time. */
const STRAGGLE_MS_MAX = 60;

/** `null`: nothing is hedged. */
export function drawHedge(random: Random, { flightTimeoutMs, attemptTimeoutMs }: SwarmOptions): HedgeSwarm | null {
  if (!random.chance(SHARE)) return null;
  // About when an attempt's own time is up, or the flight's.
  const end = random.chance(0.5) ? (attemptTimeoutMs ?? flightTimeoutMs / 2) : flightTimeoutMs;
  const kind = random.weighted({ small: 5, large: 2, 'at the end': 1, percentile: 2 });
  const afterMs = {
    small: random.between(1, 12),
    large: random.between(10, 60),
    'at the end': Math.max(1, end - random.between(0, TICK_MS)),
  };
  const maxExtraShare = random.pick([0.02, 0.5, 1, 1, 1]);
  return {
    options: kind === 'percentile' ? { percentile: random.pick([50, 90, 99]), maxExtraShare } : { afterMs: afterMs[kind], maxExtraShare },
    tookMsMax: random.pick([2, 20, 60]),
    stragglers: random.pick([0, 0.3, 0.7]),
    coincidence: random.pick([0, 0.1, 0.5]),
  };
}

/** Most of what keeps attempts from being hedged at all is out of the way in two of three schedules, for the rest to go deeper. */
export function makeWay(random: Random, options: SwarmOptions): SwarmOptions {
  const { maxAttempts } = options;
  return random.chance(0.33) ? options : { ...options, budget: false, maxAttempts: maxAttempts === 1 ? undefined : maxAttempts };
}

/** After how long an attempt answers that begins at `from`; `null`: as any other. */
export function answersIn(random: Random, hedge: HedgeSwarm | null, from: number): number | null {
  if (hedge === null) return null;
  const due = hedgeDueAt(hedge, from) - from;
  if (random.chance(hedge.coincidence)) return due;
  return random.chance(hedge.stragglers) ? due + random.between(0, STRAGGLE_MS_MAX) : null;
}

/** The first tick at which a hedge of an attempt that begins at `from` is due; ticks lie on whole multiples. */
export function hedgeDueAt({ options }: HedgeSwarm, from: number): number {
  return Math.ceil((from + (options.afterMs ?? TICK_MS)) / TICK_MS) * TICK_MS;
}
