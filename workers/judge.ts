/** What a target's error means for its flight, and what it says of the target: the target's own verdict, made safe. */
import type { Attempt } from './attempt.js';
import type { Sample } from './breaker.js';
import { classifyHttp, isAbort, isSpendCap, RETRY_AFTER_MS_MAX, retryAfterMsOf, statusOf } from './classify.js';
import type { Seam } from './environment.js';
import type { FilledTarget } from './targets.js';

/** A verdict with nothing left open. */
export interface Judgement {
  /** The error's HTTP status; 0: it has none. */
  readonly status: number;
  readonly verdict: 'answer' | 'failover' | 'retry';
  /** This flight calls this target no earlier. 0: whenever it likes. `Infinity`: never again. */
  readonly retryAfterMs: number;
  /** Nobody calls this target for so long, while another is left. */
  readonly holdMs: number;
  /** Are all targets with the same credential meant? */
  readonly isForCredential: boolean;
  /** What the target's breaker makes of it. */
  readonly sample: Sample;
}

/** "Too many requests" (RFC 6585 section 4) that does not say when to come back. */
const UNSAID_HOLD_MS = 500;
/** Where a spend cap is reached, somebody has to raise it: asked again once a minute. */
const SPEND_CAP_HOLD_MS = 60_000;
const TOO_MANY = 429;

/** Whatever `classify` says or throws, the flight goes on. */
export function judge(target: FilledTarget, error: unknown, attempt: Attempt, seam: Seam): Judgement {
  const said = verdictOf(target, error, attempt);
  // What may have reached upstream must not be sent twice: whatever the error says, it is the end. It still says how the target is.
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
  /** `null`: nothing. */
  readonly retryAfterMs: number | null;
}

function verdictOf(target: FilledTarget, error: unknown, attempt: Attempt): Said {
  let verdict: unknown;
  let retryAfterMs: unknown;
  try {
    const said: unknown = target.classify === null ? classifyHttp(error) : target.classify(error, attempt);
    // A promise is no verdict; that it may reject is nobody's business any more.
    if (said instanceof Promise) said.catch(() => undefined);
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

/** A target that answers is well, also with an error. One that gave up for want of a caller says nothing. */
function sampleOf(verdict: unknown, error: unknown): Sample {
  if (verdict !== 'answer') return 'ill';
  return isAbort(error) ? 'none' : 'well';
}
