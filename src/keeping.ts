/** Kept values in the life of a coalescer: what a request gets without a flight, what is kept when a flight ends, and what stands in for a failure. */
import { inCleanContext } from '../workers/clean-context.js';
import { copyOf } from '../workers/own-copy.js';
import { CoalescerError, isOf } from './errors.js';
import type { Flight } from './flight.js';
import type { Selection } from './selection.js';
import { idOf, type Identified } from './for-one.js';
import { Keep, type KeepSettings, type Settlement } from './keep.js';
import type { Kept, KeptIdentity, LateReport } from './kept.js';
import type { FilledOptions } from './options.js';
import type { Share } from './share.js';
import { SettledStory } from './story.js';

/** What a request gets without a flight of its own. */
export interface KeptAnswer {
  readonly role: 'hit' | 'stale';
  /** The report of the flight it came from. */
  readonly late: LateReport;
  readonly promise: Promise<unknown>;
  /** Number of the flight that its value came from. */
  readonly flight: number;
  /** It is no longer fresh and is to be refreshed in the background. */
  readonly isToBeRefreshed: boolean;
}

/**
 * Failures that a kept value may stand in for: all that could be tried was tried. Known by the code that waiters would get, since only the front may
 * know of it (a deaf thread), and if no target may be called, or no thread is available, there was nothing to try. An error that is the answer is no such failure.
 */
const OPERATING: ReadonlySet<string> = new Set(['COALESCER_TARGETS_FAILED', 'COALESCER_TARGETS_NOT_LOADED', 'COALESCER_TIMEOUT']);

export class Keeping {
  readonly #keep: Keep;
  /** Flights in the air that refresh a kept value, by identity. */
  readonly #refreshing = new Map<string, Flight>();
  /** Does each waiter get a copy of its own? */
  readonly #isCopied: boolean;

  constructor(settings: KeepSettings, share: Share) {
    this.#keep = new Keep(settings);
    this.#isCopied = share === 'copy';
  }

  get size(): number {
    return this.#keep.size;
  }

  /** What is held for a text that is its own key, fresh or not. */
  findShort(scope: string | null, key: string): Kept | null | undefined {
    return this.#keep.findShort(scope, key);
  }

  /** The value, for all who may share it: one promise, like that of a flight. */
  share(kept: Kept): Promise<unknown> {
    if (!kept.isAsked) kept.isAsked = true; // a write only if something changes
    return (kept.promise ??= inCleanContext(resolved, kept.value));
  }

  /** What a request for this identity gets now; `null`: it takes a flight. */
  answer(identity: KeptIdentity, now: number): KeptAnswer | null {
    const kept = this.#keep.find(identity, now);
    const answer = kept?.answerAt(now) ?? null;
    if (kept === undefined || answer === null) return null;
    if (answer === 'failure')
      return { role: 'hit', late: kept.errorReport as LateReport, promise: Promise.reject(kept.error), flight: 0, isToBeRefreshed: false };
    const promise = this.#give(kept);
    if (promise === null) return null;
    return { role: answer, late: kept.valueReport as LateReport, promise, flight: kept.flight, isToBeRefreshed: kept.isToBeRefreshed(now) };
  }

  /** Is a flight in the air whose value will be newer than that of flight `since`, even one that is too old to be joined? */
  isRefreshing(identity: Identified, since: number): boolean {
    const flight = this.#refreshing.get(idOf(identity));
    return flight !== undefined && flight.number > since && !flight.incidents.isForgotten;
  }

  refreshes(flight: Flight): void {
    this.#refreshing.set(idOf(flight), flight);
  }

  #hasRefreshed(flight: Flight): void {
    const id = idOf(flight);
    if (this.#refreshing.get(id) === flight) this.#refreshing.delete(id);
  }

  /** A flight has settled with a value. */
  fulfilled(flight: Flight, value: unknown): void {
    if (flight.incidents.isRefresh) this.#hasRefreshed(flight);
    const settlement = settlementOf(flight);
    if (settlement === null) return;
    if (isKept(flight)) this.#keep.keepValue(settlement, value, flight.settledAt);
    // Checked again: `ttlMs`, a user's function, may have dropped it just now.
    if (!isKept(flight)) this.#keep.keepNothing(settlement, flight.settledAt);
  }

  /** A flight has failed. Returns the value that stands in for the failure; `null`: none. */
  rejected(flight: Flight, error: unknown): { readonly value: unknown } | null {
    if (flight.incidents.isRefresh) this.#hasRefreshed(flight);
    const settlement = settlementOf(flight);
    const isAnswer = flight.incidents.failure === 'answered';
    if (settlement === null || !(isAnswer || isOperating(flight, error))) return null;
    const now = flight.settledAt;
    // If chunks were given, the failure belongs to them: a kept value is another answer.
    if (flight.chunksGiven > 0) {
      if (isAnswer) this.#keep.keepNothing(settlement, now);
      return null;
    }
    this.#keep.keepError(settlement, error, { isAnswer, now });
    const kept = isAnswer ? undefined : this.#keep.find(settlement, now);
    return kept?.isGoodIfError(now) === true ? { value: kept.value } : null;
  }

  forget(selection: Selection): number {
    return this.#keep.forget(selection);
  }

  /** A copy if each waiter gets its own; `null`: it cannot be copied, as its first waiters found out. */
  #give(kept: Kept): Promise<unknown> | null {
    if (!this.#isCopied) return this.share(kept);
    const { value } = kept;
    try {
      return Promise.resolve(copyOf(value));
    } catch {
      return null;
    }
  }
}

/** Made in a clean async context: a promise keeps the one it is made in (before Node 24), and this promise lives as long as its value. */
const resolved = (value: unknown): Promise<unknown> => Promise.resolve(value);

/** `null`: nothing is kept. */
export function keepingOf({ keep, share }: Pick<FilledOptions, 'keep' | 'share'>): Keeping | null {
  return keep === null ? null : new Keeping(keep, share);
}

/** With one target, waiters get its own error, which has no code of ours. */
function isOperating({ incidents }: Flight, error: unknown): boolean {
  return incidents.failure === 'exhausted' || (isOf(error, CoalescerError) && OPERATING.has(error.code));
}

/** Not if it is its leader's alone, was dropped meanwhile, or came in chunks. A value that somebody reads as a stream is kept. */
const isKept = ({ incidents, stream }: Flight): boolean =>
  !incidents.isForgotten && !incidents.isForOne && (stream === null || stream.isValue);

/** What a flight's end means for its key; `null` for a flight that is not shared, or was dropped meanwhile. */
function settlementOf(flight: Flight): Settlement | null {
  const { key, scope, index, routeId, number, incidents, owner } = flight;
  if (key === null || incidents.isForgotten) return null;
  return {
    scope,
    key,
    index,
    routeId,
    flight: number,
    oldest: owner.airborne.oldest,
    story: new SettledStory(flight),
  };
}
