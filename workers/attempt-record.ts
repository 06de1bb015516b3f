/** What is told of an attempt that is over. */
import type { Attempt } from './attempt.js';
import { readError } from './classify.js';
import type { AttemptEnd, AttemptRecord } from './protocol.js';

/** The error an attempt ended with, and what its target says of it. */
export interface AttemptFailure {
  readonly error: unknown;
  readonly verdict: AttemptRecord['verdict'];
}

export function attemptRecord(
  { target, attempt }: Attempt,
  end: AttemptEnd,
  failure: AttemptFailure | null,
  { startedAt, endedAt }: Pick<AttemptRecord, 'startedAt' | 'endedAt'>,
): AttemptRecord {
  if (failure === null) return { target, attempt, startedAt, endedAt, end };
  const { error, verdict } = failure;
  const { code, status, message } = readError(error);
  // With places for what may be filled in before it is told: a copy would cost as much as the failure.
  return { target, attempt, startedAt, endedAt, end, code, status, message, verdict, next: undefined, waitMs: undefined };
}
