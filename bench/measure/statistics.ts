/** Medians, and how sure they are: percentile bootstrap with a seeded generator, so that the same samples always give the same interval. */

/** A median with the interval that holds it with 95 % confidence. */
export interface Estimate {
  readonly p50: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2_000;
const TAIL = 0.025;

/** @throws RangeError for no samples: there is no median of nothing */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Linear between the two samples beside the place. @throws RangeError for no samples */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError('quantile: expected at least one sample');
  const sorted = Float64Array.from(samples).sort(); // by number, and much sooner than with a comparison of our own
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

/** mulberry32: small, and good enough to draw samples and to shuffle rows. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
  }
  return mixed;
}

export function estimate(samples: readonly number[]): Estimate {
  return bootstrap(samples.length, (draw) => median(draw.map((at) => samples[at] as number)));
}

/**
 * The ratio of the medians of two lists that were measured in pairs: a pair is drawn as one, so that whatever slowed both (a neighbour on
 * the machine, its clock) does not count as a difference.
 * @throws RangeError when the lists are not pairs
 */
export function ratioOfMedians(samples: readonly number[], references: readonly number[]): Estimate {
  if (samples.length !== references.length)
    throw new RangeError(`ratioOfMedians: expected pairs, got ${samples.length} samples and ${references.length} references`);
  return bootstrap(
    samples.length,
    (draw) => median(draw.map((at) => samples[at] as number)) / median(draw.map((at) => references[at] as number)),
  );
}

function bootstrap(count: number, statistic: (draw: readonly number[]) => number): Estimate {
  if (count === 0) throw new RangeError('bootstrap: expected at least one sample');
  const places = Array.from({ length: count }, (_, at) => at);
  const random = randomOf(count);
  const drawn = Array.from({ length: count === 1 ? 1 : RESAMPLES }, () => statistic(places.map(() => Math.floor(random() * count))));
  return { p50: statistic(places), low: quantile(drawn, TAIL), high: quantile(drawn, 1 - TAIL) };
}
