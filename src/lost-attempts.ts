/** Reports from its ledger what a lost thread can no longer report: which attempts of a flight it had begun. */
import type { AttemptRecord } from '../workers/protocol.js';
import type { SharedMemory } from '../workers/shared-memory.js';
import type { Flight } from './flight.js';
import type { LinkReceiver } from './links.js';

export interface Loss {
  readonly targetNames: readonly string[] | null;
  readonly endedAt: number;
  readonly why: string;
  readonly receiver: LinkReceiver;
}

/** Takes over what this life has tried, and reports the attempts whose end it could not report. */
export function takeLedger(flight: Flight, memory: SharedMemory, { targetNames, endedAt, why, receiver }: Loss): void {
  const { attemptsMade, targetsTried, lastTarget, otherTarget } = memory.ledger(flight.slot);
  if (flight.status !== 'flying' || attemptsMade <= flight.attemptsMade) return;
  const told = [...flight.attempts];
  // Attempts of this life began after the flight was launched in it, not when the thread before it died.
  const launchedAt = flight.incidents.relaunches?.at(-1)?.at ?? flight.launchedAt;
  for (let attempt = 1; attempt <= attemptsMade; attempt++) {
    if (told.some((record) => record.attempt === attempt)) continue;
    const startedAt = Math.max(launchedAt, told.findLast((record) => record.attempt < attempt)?.endedAt ?? launchedAt);
    // At most two were out: the last one, and the one that it was a hedge for.
    const isLast = attempt === attemptsMade;
    const target = targetNames?.[isLast ? lastTarget : otherTarget] ?? '';
    const record: AttemptRecord = { target, attempt, startedAt, endedAt, end: 'thread-lost', message: why };
    receiver.attempted(flight, isLast && otherTarget !== -1 ? { isHedge: true, ...record } : record);
  }
  Object.assign(flight.ownPassage(), { attemptsMade, targetsTried, lastTarget });
}
