/** The options about the health of targets, as given. Their checks are in `options.ts`, with all others. */

/** When a target is left alone, and for how long. One breaker for all threads; an attempt is one sample, however many wait for it. */
export interface BreakerOptions {
  /** Opens when this share of its attempts of the last 10 s failed, 0 to 1. @default 0.5 */
  readonly failureShare?: number;
  /** And there were at least so many attempts. @default 20 */
  readonly attemptsMin?: number;
  /** Opens after so many failures in a row. @default 5 */
  readonly consecutive?: number;
  /** Open for so long, 20 % up or down; twice as long after each probe that failed. @default 5_000 */
  readonly openMs?: number;
  /** @default 60_000 */
  readonly openMsMax?: number;
  /** When all targets are open: call the one that reopens first all the same (`'try'`), or wait for it within the flight's time. @default 'try' */
  readonly whenAllOpen?: 'try' | 'wait';
}

/** How much load failures may add to a target. One budget for all threads. */
export interface BudgetOptions {
  /** Extra attempts for each first attempt of the last 10 s. @default 0.1 */
  readonly share?: number;
  /** And for each second besides. @default 1 */
  readonly perSecondMin?: number;
}
