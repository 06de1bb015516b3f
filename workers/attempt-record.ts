/** What is reported of an attempt that is over, and of where its flight goes on. */
import type { Attempt } from './attempt.js';
import { codeOf, messageOf } from './classify.js';
import type { FlightRecord } from './flight-record.js';
import type { Hedge } from './hedge.js';
import type { Choice } from './next-target.js';
import type { PassedOver } from './passed-over.js';
import type { AttemptEnd, AttemptRecord } from './protocol.js';
import type { FilledTarget } from './targets.js';

/** The error an attempt ended with, and the target's verdict. */
export interface AttemptFailure {
  readonly error: unknown;
  /** Its HTTP status; 0: it has none. */
  readonly status: number;
  readonly verdict: AttemptRecord['verdict'];
}

/** A record that may be completed before it is reported. */
export type TellableRecord = { -readonly [Part in keyof AttemptRecord]: AttemptRecord[Part] };

/** When it began and ended. */
type Times = Pick<AttemptRecord, 'startedAt' | 'endedAt'>;

/** A class for the same reason as `AttemptTerms`. */
class Ended implements TellableRecord {
  readonly target: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly end: AttemptEnd;

  constructor({ target, attempt }: Attempt, end: AttemptEnd, { startedAt, endedAt }: Times) {
    this.target = target;
    this.attempt = attempt;
    this.startedAt = startedAt;
    this.endedAt = endedAt;
    this.end = end;
  }
}

/**
 * Has fields for what may be filled in before it is reported: a copy would cost as much as the failure. Times and verdict are written by whoever makes
 * it: to pass them in an object would allocate that object (2 % of a failover). `declare`: see `AttemptTerms`.
 */
export class FailedRecord implements TellableRecord {
  declare readonly target: string;
  declare readonly attempt: number;
  /** `undefined` at first, not `NaN`: so V8 stores a reference to a shared number here, not a number of its own. */
  declare startedAt: number;
  declare endedAt: number;
  declare readonly end: AttemptEnd;
  declare readonly code: string | undefined;
  declare status: number | undefined;
  declare readonly message: string;
  declare verdict: AttemptRecord['verdict'];
  declare next: string | undefined;
  declare waitMs: number | undefined;

  constructor({ target, attempt }: Attempt, end: AttemptEnd, error: unknown) {
    this.target = target;
    this.attempt = attempt;
    this.startedAt = this.endedAt = undefined as unknown as number;
    this.end = end;
    this.code = codeOf(error);
    this.status = undefined;
    this.message = messageOf(error);
    this.verdict = this.next = this.waitMs = undefined;
  }
}

export function attemptRecord(attempt: Attempt, end: AttemptEnd, failure: AttemptFailure | null, times: Times): TellableRecord {
  if (failure === null) return new Ended(attempt, end, times);
  const failed = new FailedRecord(attempt, end, failure.error);
  failed.startedAt = times.startedAt;
  failed.endedAt = times.endedAt;
  failed.status = failure.status === 0 ? undefined : failure.status;
  failed.verdict = failure.verdict;
  return failed;
}

/** Adds what the record holds for this attempt, once. */
export function fill(ended: TellableRecord, record: FlightRecord): TellableRecord {
  if (record.hedge !== null) fillHedge(ended, record.hedge);
  const { isForOne, passedOver } = record.detour;
  if (isForOne) ended.isForOne = true;
  if (passedOver === null) return ended;
  ended.passedOver = passedOver;
  record.ownDetour().passedOver = null;
  return ended;
}

/** Adds whether it was a hedge, and why a hedge that was due was not made. */
export function fillHedge(ended: TellableRecord, hedge: Hedge): TellableRecord {
  if (ended.attempt === hedge.attempt) ended.isHedge = true;
  if (hedge.unmade === null) return ended;
  ended.unhedged = hedge.unmade;
  hedge.unmade = null;
  return ended;
}

/** Adds where its flight goes next; if nowhere, which targets were passed over in vain. */
export function onward(
  ended: TellableRecord,
  choice: Choice,
  targets: readonly FilledTarget[],
  inVain: readonly PassedOver[] | null,
): AttemptRecord {
  if (choice.kind === 'now' || choice.kind === 'later') {
    ended.next = targets[choice.target]?.name;
    ended.waitMs = choice.kind === 'later' ? choice.waitMs : 0;
  } else if (choice.kind === 'nowhere' && inVain !== null) ended.passedOver = [...(ended.passedOver ?? []), ...inVain];
  return ended;
}
