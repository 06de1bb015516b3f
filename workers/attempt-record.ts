/** What is told of an attempt that is over, and of where its flight goes on. */
import type { Attempt } from './attempt.js';
import { readError } from './classify.js';
import type { FlightRecord } from './flight-record.js';
import type { Hedge } from './hedge.js';
import type { Choice } from './next-target.js';
import type { PassedOver } from './passed-over.js';
import type { AttemptEnd, AttemptRecord } from './protocol.js';
import type { FilledTarget } from './targets.js';

/** The error an attempt ended with, and what its target says of it. */
export interface AttemptFailure {
  readonly error: unknown;
  /** Its HTTP status; 0: it has none. */
  readonly status: number;
  readonly verdict: AttemptRecord['verdict'];
}

/** What may be filled in before it is told. */
export type TellableRecord = { -readonly [Part in keyof AttemptRecord]: AttemptRecord[Part] };

export function attemptRecord(
  { target, attempt }: Attempt,
  end: AttemptEnd,
  failure: AttemptFailure | null,
  { startedAt, endedAt }: Pick<AttemptRecord, 'startedAt' | 'endedAt'>,
): TellableRecord {
  if (failure === null) return { target, attempt, startedAt, endedAt, end };
  const { error, verdict } = failure;
  const { code, message } = readError(error);
  const status = failure.status === 0 ? undefined : failure.status;
  // With places for what may be filled in before it is told: a copy would cost as much as the failure.
  return { target, attempt, startedAt, endedAt, end, code, status, message, verdict, next: undefined, waitMs: undefined };
}

/** What the record holds for it: told once. */
export function fill(ended: TellableRecord, record: FlightRecord): TellableRecord {
  if (record.hedge !== null) fillHedge(ended, record.hedge);
  const { isForOne, passedOver } = record.detour;
  if (isForOne) ended.isForOne = true;
  if (passedOver === null) return ended;
  ended.passedOver = passedOver;
  record.ownDetour().passedOver = null;
  return ended;
}

/** Whether it was a hedge; and why it had none, when one was due. */
export function fillHedge(ended: TellableRecord, hedge: Hedge): TellableRecord {
  if (ended.attempt === hedge.attempt) ended.isHedge = true;
  if (hedge.unmade === null) return ended;
  ended.unhedged = hedge.unmade;
  hedge.unmade = null;
  return ended;
}

/** Where its flight goes next; where it goes nowhere, what was passed over in vain. */
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
