// The demo's own traffic: keys by Zipf's law, arrivals in bursts, all from one seed. Also what a list of arrivals is, wherever it comes from.

import type { Question } from './question.js';
import { seededRandom } from './seeded-random.js';

export interface Arrival {
  /** After the start of the run. */
  readonly atMs: number;
  readonly question: Question;
}

export interface TrafficOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly keys: number;
  readonly zipfExponent: number;
  /** Requests a second outside of bursts, and within. */
  readonly calmRate: number;
  readonly burstRate: number;
  /** Mean length of a calm stretch, and of a burst. */
  readonly calmMs: number;
  readonly burstMs: number;
  readonly medianTokens: number;
}

/** About 4,000 requests. With the boot before and the last answers after, the run stays well below 30 s. */
export const ownTraffic: Omit<TrafficOptions, 'seed'> = {
  durationMs: 14_000,
  keys: 2_000,
  zipfExponent: 0.84,
  calmRate: 170,
  burstRate: 500,
  calmMs: 1_500,
  burstMs: 500,
  medianTokens: 36,
};

/** A Poisson process that switches between a calm rate and a burst rate at random instants. */
export function makeTraffic(options: TrafficOptions): Arrival[] {
  const random = seededRandom(options.seed);
  const pickKey = zipf(options.keys, options.zipfExponent, random);
  const pickTokens = logNormal(random);
  const arrivals: Arrival[] = [];
  let atMs = 0;
  let bursting = false;
  let switchAtMs = exponential(random, options.calmMs);
  while (atMs < options.durationMs) {
    const nextMs = atMs + exponential(random, 1_000 / (bursting ? options.burstRate : options.calmRate));
    if (nextMs >= switchAtMs) {
      // A Poisson process has no memory: drawing anew from the switch on is exact.
      atMs = switchAtMs;
      bursting = !bursting;
      switchAtMs += exponential(random, bursting ? options.burstMs : options.calmMs);
      continue;
    }
    atMs = nextMs;
    const key = `page-${pickKey()}`;
    const tokens = clamp(pickTokens(options.medianTokens, 0.6), 8, 120);
    const promptTokens = clamp(pickTokens(300, 0.8), 20, 4_000);
    arrivals.push({ atMs, question: { kind: 'question', key, promptTokens, tokens } });
  }
  return arrivals.filter((arrival) => arrival.atMs < options.durationMs);
}

/** The same requests, so many times faster. Nothing else changes: an answer takes as long as before. */
export function spedUp(arrivals: readonly Arrival[], speed: number): Arrival[] {
  return arrivals.map((arrival) => ({ ...arrival, atMs: arrival.atMs / speed }));
}

/** Ranks from 0; rank r is drawn in proportion to 1 / (r + 1) ** exponent. */
function zipf(keys: number, exponent: number, random: () => number): () => number {
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= keys; rank++) sums.push((sum += rank ** -exponent));
  return () => {
    const point = random() * sum;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? sum) > point) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** By Box and Muller. */
function logNormal(random: () => number): (median: number, spread: number) => number {
  return (median, spread) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.round(median * Math.exp(spread * normal));
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
