/** Schedules in which many attempts are hedged: `npm run simulate -- --hedged`. The faults of the world outside stay as they were drawn. */
import { drawHedge, type HedgeSwarm } from './hedge-swarm.js';
import { Random } from './random.js';
import type { Swarm } from './swarm.js';

const TARGETS = ['one', 'two', 'three', 'four'];

export function intoHedges(swarm: Swarm): Swarm {
  const random = new Random(swarm.seed, 5);
  let hedge: HedgeSwarm | null = swarm.hedge;
  while (hedge === null) hedge = drawHedge(random, swarm.options);
  const { options, faults } = swarm;
  const isSick = random.chance(0.5);
  return {
    ...swarm,
    faults: { ...faults, limits: false, earlyClose: false, loadFailures: false },
    targetNames: TARGETS,
    sickness: TARGETS.map(() => random.pick([0, 0.2, 0.5])),
    targetTimes: TARGETS.map(() => (random.chance(0.1) ? random.between(5, 100) : null)),
    unreplayable: TARGETS.map(() => random.chance(0.05)),
    ceilings: TARGETS.map(() => (random.chance(0.15) ? random.whole(1, 3) : Infinity)),
    weights: TARGETS.map(() => undefined),
    keyCount: 8,
    requests: 60,
    spanMs: 300,
    options: {
      ...options,
      flightTimeoutMs: Math.max(100, options.flightTimeoutMs),
      maxAttempts: random.pick([undefined, 2, 4, 5]),
      breaker: isSick ? options.breaker : false,
      budget: isSick ? options.budget : false,
      limits: { flights: 64, waitersPerFlight: 1_000, airborneBytes: 67_108_864, resultBytes: 1_048_576 },
    },
    // For so many targets as there were.
    streams: swarm.streams === null ? null : { ...swarm.streams, canResume: TARGETS.map(() => random.chance(0.85)) },
    hedge: { ...hedge, options: { ...hedge.options, maxExtraShare: random.pick([0.1, 1, 1]) } },
  };
}
