/** What a target's error means for its flight, and what it says about the target: the target's own verdict, made safe. */
import type { Attempt } from './attempt.js';
import type { Sample } from './breaker.js';
import { isPromised } from './call-target.js';
import { classifyHttp, isAbort, isSpendCap, RETRY_AFTER_MS_MAX, retryAfterMsOf, statusOf } from './classify.js';
import type { Seam } from './environment.js';
import type { FilledTarget } from './targets.js';

/** A complete verdict. */
export interface Judgement {
  /** The error's HTTP status; 0: it has none. */
  readonly status: number;
  readonly verdict: 'answer' | 'failover' | 'retry';
  /** This flight must wait so long before it calls this target again. 0: no wait. `Infinity`: never again. */
  readonly retryAfterMs: number;
  /** No flight calls this target for so long while another is left. */
  readonly holdMs: number;
  /** Does the hold apply to all targets with the same credential? */
  readonly isForCredential: boolean;
  /** The sample for the target's breaker. */
  readonly sample: Sample;
}

/** "Too many requests" (RFC 6585 section 4) that does not say when to come back. */
const UNSAID_HOLD_MS = 500;
/** If a spending limit is reached, somebody has to raise it: ask again once a minute. */
const SPEND_CAP_HOLD_MS = 60_000;
const TOO_MANY = 429;

/** Whatever `classify` says or throws, the flight goes on. */
export function judge(target: FilledTarget, error: unknown, attempt: Attempt, seam: Seam): Judgement {
  const said = verdictOf(target, error, attempt);
  // A call that may have reached upstream must not be repeated, so any error is the answer. It still says how the target is.
  const verdict = target.replayable ? said.verdict : 'answer';
  const status = statusOf(error) ?? 0;
  const isTooMany = status === TOO_MANY;
  const isSpent = isSpendCap(error);
  const sample = isTooMany || isSpent ? 'none' : sampleOf(said.verdict, error);
  if (verdict === 'answer' && sample === 'well') return { status, verdict, retryAfterMs: 0, holdMs: 0, isForCredential: false, sample };
  const asked = said.retryAfterMs ?? retryAfterMsOf(error, seam);
  // A time that `classify` says is the time, 0 too: whose limit was reached, the target's or one tenant's, only it can know.
  const unasked = said.retryAfterMs !== null ? null : isSpent ? SPEND_CAP_HOLD_MS : isTooMany && asked === 0 ? UNSAID_HOLD_MS : null;
  const holdMs = unasked ?? Math.min(asked, RETRY_AFTER_MS_MAX);
  return { status, verdict, retryAfterMs: isSpent ? Infinity : asked, holdMs, isForCredential: isTooMany || isSpent, sample };
}

interface Said {
  readonly verdict: Judgement['verdict'];
  /** `null`: it said nothing. */
  readonly retryAfterMs: number | null;
}

function verdictOf(target: FilledTarget, error: unknown, attempt: Attempt): Said {
  let verdict: unknown;
  let retryAfterMs: unknown;
  try {
    const said: unknown = target.classify === null ? classifyHttp(error) : target.classify(error, attempt);
    // A promise is no verdict.
    if (isPromised(said)) verdict = undefined;
    else if (typeof said === 'object' && said !== null) ({ verdict, retryAfterMs } = said as { verdict?: unknown; retryAfterMs?: unknown });
    else verdict = said;
  } catch {
    // A broken `classify` must not cost the request its other targets.
  }
  const isTime = typeof retryAfterMs === 'number' && !Number.isNaN(retryAfterMs);
  return {
    verdict: verdict === 'answer' || verdict === 'retry' ? verdict : 'failover',
    retryAfterMs: isTime ? Math.max(0, retryAfterMs as number) : null,
  };
}

/** A target that answers is well, even if the answer is an error. An aborted call says nothing. */
function sampleOf(verdict: unknown, error: unknown): Sample {
  if (verdict !== 'answer') return 'ill';
  return isAbort(error) ? 'none' : 'well';
}
