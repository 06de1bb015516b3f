/** One draw of which values are for one alone in a schedule: by a rule that targets and watches both can work out from what a value says of itself. */
import { Random } from './random.js';
import type { Swarm, SwarmOptions } from './swarm.js';

/** What the rule goes by. */
export interface PrivateValue {
  readonly flight: number;
  readonly attempt: number;
  readonly target: string;
  readonly payload: number;
}

export interface ForOneSwarm {
  /** Per target: does it have an `isShareable` at all? */
  readonly targets: Readonly<Record<string, boolean>>;
  /** Per payload: which share of its values is for one alone. */
  readonly shares: readonly number[];
  /** How targets say so. */
  readonly says: 'false' | 'undefined' | 'throws';
  /** Requests that come when two minutes are over, and shortly before. */
  readonly returns: readonly number[];
}

/** How long it is remembered that values of a key are for one alone. */
export const REMEMBERED_MS = 120_000;
const SHARE = 0.12;
/** Later than the last one of a schedule could have been learned. */
const RETURNS_MS = 400;
const RETURNS_MAX = 8;
const TARGETS = ['one', 'two', 'three', 'four'];
const PAYLOADS_MAX = 8;

/** `null`: all values are for everybody. */
export function drawForOne(random: Random, { budget }: SwarmOptions, threads: number): ForOneSwarm | null {
  if (!random.chance(SHARE)) return null;
  const hasAll = random.chance(0.7);
  const targets = Object.fromEntries(TARGETS.map((name) => [name, random.chance(hasAll ? 1 : 0.6)]));
  const shares = Array.from({ length: PAYLOADS_MAX }, () => random.pick([0, 0.3, 0.7, 1]));
  const says = random.pick(['false', 'false', 'undefined', 'throws'] as const);
  // Threads beat their hearts all the time, and what a budget gives in two minutes is another matter.
  const isLong = random.chance(0.5) && threads === 0 && budget === false;
  const count = isLong ? random.whole(1, RETURNS_MAX) : 0;
  return { targets, shares, says, returns: Array.from({ length: count }, () => REMEMBERED_MS + random.between(-5, RETURNS_MS)) };
}

/** Schedules in which some values always are: `npm run simulate -- --for-one`. */
export function intoForOne(swarm: Swarm): Swarm {
  const random = new Random(swarm.seed, 11);
  let { forOne } = swarm;
  while (forOne === null) forOne = drawForOne(random, swarm.options, swarm.threads);
  return { ...swarm, forOne };
}

/** Is this value for one alone? */
export function isPrivate({ targets, shares }: ForOneSwarm, { flight, attempt, target, payload }: PrivateValue): boolean {
  // Any two flights, and attempts of one, may differ.
  const drawn = ((flight * 0x9e3779b1 + attempt * 0x85ebca6b + payload * 0xc2b2ae35) >>> 8) & 0xffff;
  return targets[target] === true && drawn < (shares[payload] ?? 0) * 0x10000;
}

/** How a target says whether others may have its value, if it does. */
export function sharingOf(swarm: ForOneSwarm | null, target: string): { readonly isShareable?: (value: unknown) => boolean } {
  if (swarm?.targets[target] !== true) return {};
  const isShareable = (value: unknown): boolean => {
    if (!isPrivate(swarm, value as PrivateValue)) return true;
    if (swarm.says === 'throws') throw new Error('whose is it?');
    return (swarm.says === 'false' ? false : undefined) as boolean;
  };
  return { isShareable };
}
