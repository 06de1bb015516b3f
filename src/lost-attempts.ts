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
  const target = targetNames?.[lastTarget] ?? '';
  for (let attempt = (flight.attempts?.length ?? 0) + 1; attempt <= attemptsMade; attempt++) {
    const startedAt = flight.attempts?.at(-1)?.endedAt ?? flight.launchedAt;
    const record: AttemptRecord = { target, attempt, startedAt, endedAt, end: 'thread-lost', message: why };
    receiver.attempted(flight, record);
  }
  flight.attemptsMade = attemptsMade;
  flight.targetsTried = targetsTried;
  flight.lastTarget = lastTarget;
}
