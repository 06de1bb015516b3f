/** What a target's error means for its flight: the target's own verdict, made safe. */
import type { Attempt } from './attempt.js';
import type { FilledTarget, Verdict } from './targets.js';

/** Whatever `classify` says or throws, the flight goes on. */
export function judge(
  target: FilledTarget,
  error: unknown,
  attempt: Attempt,
): { verdict: 'answer' | 'failover' | 'retry'; retryAfterMs: number } {
  // What may have reached upstream must not be sent twice: whatever the error says, it is the end.
  if (!target.replayable) return { verdict: 'answer', retryAfterMs: 0 };
  let verdict: Verdict;
  try {
    verdict = target.classify(error, attempt);
  } catch {
    // A broken `classify` must not cost the request its other targets.
    verdict = 'failover';
  }
  if (typeof verdict === 'string') return { verdict: verdict === 'answer' || verdict === 'retry' ? verdict : 'failover', retryAfterMs: 0 };
  const { retryAfterMs } = verdict;
  return {
    verdict: verdict.verdict === 'retry' ? 'retry' : 'failover',
    retryAfterMs: Number.isFinite(retryAfterMs) ? Math.max(0, retryAfterMs) : 0,
  };
}
