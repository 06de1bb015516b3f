/** What a target's error means for its flight: the target's own verdict, made safe. */
import type { Attempt } from './attempt.js';
import { retryAfterMsOf } from './classify.js';
import type { FilledTarget } from './targets.js';

/** A verdict with nothing left open. */
export interface Judgement {
  readonly verdict: 'answer' | 'failover' | 'retry';
  /** This flight calls this target no earlier. 0: whenever it likes. */
  readonly retryAfterMs: number;
}

/** Whatever `classify` says or throws, the flight goes on. */
export function judge(target: FilledTarget, error: unknown, attempt: Attempt): Judgement {
  // What may have reached upstream must not be sent twice: whatever the error says, it is the end.
  if (!target.replayable) return { verdict: 'answer', retryAfterMs: 0 };
  let verdict: unknown;
  let retryAfterMs: unknown;
  try {
    const said: unknown = target.classify(error, attempt);
    // A promise is no verdict; that it may reject is nobody's business any more.
    if (said instanceof Promise) said.catch(() => undefined);
    else if (typeof said === 'object' && said !== null) ({ verdict, retryAfterMs } = said as { verdict?: unknown; retryAfterMs?: unknown });
    else verdict = said;
  } catch {
    // A broken `classify` must not cost the request its other targets.
  }
  if (verdict === 'answer') return { verdict, retryAfterMs: 0 };
  return {
    verdict: verdict === 'retry' ? 'retry' : 'failover',
    retryAfterMs: typeof retryAfterMs === 'number' && !Number.isNaN(retryAfterMs) ? Math.max(0, retryAfterMs) : retryAfterMsOf(error),
  };
}
