/** One draw of what a schedule keeps after its flights: for how long values are fresh, refreshed, and given for failures, and failures for late-comers. */
import type { Random } from './random.js';
import type { SwarmOptions } from './swarm.js';

/** As `fillOptions` takes them. */
export interface KeepSwarm {
  readonly ttlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly errorMs: number;
  readonly entries: number;
}

const SHARE = 0.2;
/** More than a schedule can keep, so that none has to go; far fewer than the default, whose room takes longer to make than all the rest. */
const ENTRIES = 128;

/** `null`: nothing is kept. Copies are made anew for each who asks, and not here. */
export function drawKeep(random: Random, { share }: SwarmOptions): KeepSwarm | null {
  if (!random.chance(SHARE) || share === 'copy') return null;
  return {
    ttlMs: random.pick([0, random.between(1, 40), random.between(20, 200)]),
    staleWhileRevalidateMs: random.pick([0, random.between(1, 100)]),
    staleIfErrorMs: random.pick([0, random.between(1, 300)]),
    errorMs: random.pick([0, random.between(1, 50)]),
    entries: ENTRIES,
  };
}
