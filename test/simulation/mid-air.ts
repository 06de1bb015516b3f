/** Schedules in which most flights break off in mid-air and may go on: `npm run simulate -- --mid-air`. The faults of the world outside stay as they were drawn. */
import { Random } from './random.js';
import { drawStreams } from './stream-swarm.js';
import type { Swarm } from './swarm.js';

const TARGETS = ['one', 'two', 'three', 'four'];

export function intoMidAir(swarm: Swarm): Swarm {
  const random = new Random(swarm.seed, 3);
  const faults = { ...swarm.faults, limits: false, earlyClose: false, loadFailures: false, cancels: false };
  const { options } = swarm;
  return {
    ...swarm,
    faults,
    targetNames: TARGETS,
    sickness: TARGETS.map(() => 0.2),
    targetTimes: TARGETS.map(() => null),
    unreplayable: TARGETS.map(() => false),
    ceilings: TARGETS.map(() => Infinity),
    weights: TARGETS.map(() => undefined),
    requests: 60,
    spanMs: Math.max(150, swarm.spanMs),
    options: {
      ...options,
      flightTimeoutMs: Math.max(300, options.flightTimeoutMs),
      maxAttempts: 5,
      attemptTimeoutMs: undefined,
      // Targets this sick would not be called any more.
      breaker: false,
      budget: false,
      limits: { flights: 64, waitersPerFlight: 1_000, airborneBytes: 67_108_864, resultBytes: 1_048_576 },
    },
    streams: { ...drawStreams(random, TARGETS.length), breakRate: 0.8 },
    // Streams are not kept.
    keep: null,
  };
}
