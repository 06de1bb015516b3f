/** The options about the health of targets, as given. Their checks are in `option-table.ts`, with all others. */

/** When a target is left alone, and for how long. One breaker for all threads; an attempt is one sample, however many wait for it. */
export interface BreakerOptions {
  /** Opens when this share of its attempts of the last 10 s failed, 0 to 1. @default 0.5 */
  readonly failureShare?: number;
  /** And there were at least so many attempts. @default 20 */
  readonly attemptsMin?: number;
  /** Opens after so many failures in a row. @default 5 */
  readonly consecutive?: number;
  /** Open for so many milliseconds, 20 % up or down; twice as long after each attempt to find out that failed, up to `openMsMax`. @default 5_000 */
  readonly openMs?: number;
  /** Open for so long at most. @default 60_000 */
  readonly openMsMax?: number;
  /** When all targets are open: call the one that reopens first all the same (`'try'`), or wait for it within the flight's time. @default 'try' */
  readonly whenAllOpen?: 'try' | 'wait';
}

/** A second attempt, on another target, while the first is still out. The first answer (of a stream: the first chunk) wins, and the other is told to stop. */
export interface HedgeOptions {
  /** Made after so many milliseconds. @default after what `percentile` says */
  readonly afterMs?: number;
  /**
   * Made when an attempt takes longer than so many of a hundred did on its target, 50 to 99.9 (Dean and Barroso, "The Tail at Scale"). Not before 10 ms, nor before the
   * target has answered 100 attempts. The fewer hedges are saved up (`maxExtraShare`), the longer it waits, up to five times as long: so those that take longest are doubled. @default 95
   */
  readonly percentile?: number;
  /** Hedges for each first attempt on the target that is too slow, 0 to 1; one more at the start, and up to ten saved for a bad moment. Each also draws from that target's `budget`. @default 0.02 */
  readonly maxExtraShare?: number;
}

/** How much load failures may add to a target. One budget for all threads. */
export interface BudgetOptions {
  /** Extra attempts for each first attempt of the last 10 s; fewer where more than half of the attempts fail, none where all do. @default 0.1 */
  readonly share?: number;
  /** And so many more for each second, whatever fails. @default 1 */
  readonly perSecondMin?: number;
}
