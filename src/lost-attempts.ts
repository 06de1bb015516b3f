/** What a lost thread can no longer tell, told from its ledger: which attempts of a flight it had begun. */
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

/** Takes over what this life has tried, and tells of the attempts whose end it could not tell. */
export function takeLedger(flight: Flight, memory: SharedMemory, { targetNames, endedAt, why, receiver }: Loss): void {
  const { attemptsMade, targetsTried, lastTarget } = memory.ledger(flight.slot);
  if (flight.status !== 'flying' || attemptsMade <= flight.attemptsMade) return;
  const told = [...(flight.attempts ?? [])];
  const toldTargets = new Set(told.map(({ target }) => target));
  // Where two were out, on two targets, the ledger names the later one; the other is the one that was tried and that nothing was told of.
  const tried = (targetNames ?? []).filter((_, index) => index !== lastTarget && (targetsTried & (1 << index)) !== 0);
  // Was another out when it began? Two are, only where one is a hedge.
  let isBeside = false;
  for (let attempt = 1; attempt <= attemptsMade; attempt++) {
    if (told.some((record) => record.attempt === attempt)) continue;
    const before = told.findLast((record) => record.attempt < attempt);
    // All were told of: it was a repeat, and the one before it says of which.
    const earlier = tried.find((name) => !toldTargets.has(name)) ?? before?.next;
    const target = (attempt === attemptsMade ? targetNames?.[lastTarget] : earlier) ?? '';
    const startedAt = before?.endedAt ?? flight.launchedAt;
    const record: AttemptRecord = { target, attempt, startedAt, endedAt, end: 'thread-lost', message: why, isHedge: isBeside };
    receiver.attempted(flight, record);
    isBeside = true;
  }
  flight.attemptsMade = attemptsMade;
  flight.targetsTried = targetsTried;
  flight.lastTarget = lastTarget;
}
