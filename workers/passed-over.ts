/** A target that was not called, and why: for the stories and errors that people read. */

export interface PassedOver {
  readonly target: string;
  readonly why: 'held' | 'open' | 'forced' | 'full' | 'budget' | 'share' | 'once';
}

const REASONS: Readonly<Record<PassedOver['why'], string>> = {
  held: 'asked to be left alone (Retry-After)',
  open: 'is closed off by its breaker',
  forced: 'is closed off by hand',
  full: 'has no place left',
  budget: 'has no retry left in its budget',
  share: 'has had its share of hedges (hedge.maxExtraShare)',
  once: 'is not replayable: it is not called beside another',
};

/** Why, in words that follow the target's name. */
export function reasonOf({ why }: PassedOver): string {
  return REASONS[why];
}
