/** The options for the health of targets, as given. Their checks are in `option-table.ts`, with all others. */

/** When a target is left alone, and for how long. One breaker for all threads; an attempt is one sample, however many wait for it. */
export interface BreakerOptions {
  /** Opens when this share of the attempts in the last 10 s failed, 0 to 1. @default 0.5 */
  readonly failureShare?: number;
  /** `failureShare` counts only from so many attempts on. @default 20 */
  readonly attemptsMin?: number;
  /** Opens after so many failures in a row. @default 5 */
  readonly consecutive?: number;
  /** Stays open for so many milliseconds, 20 % more or less; twice as long after each failed probe, up to `openMsMax`. @default 5_000 */
  readonly openMs?: number;
  /** The longest it stays open before the next probe. @default 60_000 */
  readonly openMsMax?: number;
  /** When all breakers are open: call the target that reopens first anyway (`'try'`), or wait for it within the flight's time. @default 'try' */
  readonly whenAllOpen?: 'try' | 'wait';
}

/** A second attempt, on another target, while the first is still out. The first answer (of a stream: the first chunk) wins, and the other attempt is aborted. */
export interface HedgeOptions {
  /** Made after so many milliseconds. @default what `percentile` says */
  readonly afterMs?: number;
  /**
   * Made when an attempt takes longer than this percentile of its target's attempts, 50 to 99.9 (Dean and Barroso, "The Tail at Scale"). Not before 10 ms, nor before the
   * target has answered 100 attempts. The fewer hedges are saved up (`maxExtraShare`), the longer it waits, up to five times as long, so that the slowest attempts are hedged. @default 95
   */
  readonly percentile?: number;
  /** Hedges per first attempt on the slow target, 0 to 1; one more at the start, and up to ten are saved up for a bad moment. Each also draws from that target's `budget`. @default 0.02 */
  readonly maxExtraShare?: number;
}

/** How much load retries may add to a target. One budget for all threads. */
export interface BudgetOptions {
  /** Extra attempts per first attempt in the last 10 s; fewer where more than half of the attempts fail, none where all do. @default 0.1 */
  readonly share?: number;
  /** And so many more per second, however many fail. @default 1 */
  readonly perSecondMin?: number;
}
