/** One draw of whether targets are steered by hand while a schedule's flights are in the air, and how often. */
import { Random } from './random.js';
import type { Swarm } from './swarm.js';

export interface SteerSwarm {
  readonly acts: number;
  /** How often a new order leaves targets out. */
  readonly leavesOut: number;
}

const SHARE = 0.12;

/** `null`: nobody does. */
export function drawSteering(random: Random): SteerSwarm | null {
  if (!random.chance(SHARE)) return null;
  return { acts: random.whole(1, 7), leavesOut: random.pick([0, 0.5, 0.5, 1]) };
}

/** Schedules in which somebody always does: `npm run simulate -- --steered`. */
export function intoSteering(swarm: Swarm): Swarm {
  const random = new Random(swarm.seed, 10);
  let { steer } = swarm;
  while (steer === null) steer = drawSteering(random);
  return { ...swarm, steer };
}
