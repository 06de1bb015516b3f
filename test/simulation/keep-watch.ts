/** What holds for values that outlive their flight: who is given what, when, and what stands in for a failure. By a model of its own. */
import { isCoalescerError } from '../../src/errors.js';
import type { Flight } from '../../src/flight.js';
import type { KeptAnswer } from '../../src/keeping.js';
import type { Outcome } from '../../src/reports.js';
import type { KeepSwarm } from './keep-swarm.js';
import { idOf, type FlightTrace, type RequestTrace } from './traces.js';
import type { Witness } from './witness.js';

/** What those are told for whom a kept value stands in; with one target, its own error. */
const OPERATING: ReadonlySet<string> = new Set(['COALESCER_TARGETS_FAILED', 'COALESCER_TARGETS_NOT_LOADED', 'COALESCER_TIMEOUT']);

/** What is kept of one identity, by the model. */
interface Shelf {
  readonly scope: string | null;
  readonly key: string;
  value: { readonly value: unknown; readonly flight: number; readonly freshUntil: number } | null;
  error: { readonly error: unknown; readonly flight: number; readonly until: number } | null;
}

/** What a request was given without a flight. */
export interface Kept {
  readonly role: 'hit' | 'stale';
  readonly isValue: boolean;
  readonly result: unknown;
  readonly flight: number;
  readonly isToBeRefreshed: boolean;
}

export class KeepWatch {
  readonly #witness: Witness;
  readonly #keep: KeepSwarm;
  readonly #shelves = new Map<string, Shelf>();
  /** The newest flight of each identity that ended with an error for an answer, or a value that is not kept at all. */
  readonly #answered = new Map<string, number>();

  constructor(witness: Witness, keep: KeepSwarm) {
    this.#witness = witness;
    this.#keep = keep;
  }

  /** A request has asked for what is kept, and this is what it gets. */
  asked(request: RequestTrace, answer: KeptAnswer | null, now: number): void {
    const expected = this.#expected(this.#shelves.get(idOf(request)), now);
    const { number } = request;
    const told =
      answer === null ? 'nothing' : `${answer.role} of ${answer.late.report.flight}, ${answer.isToBeRefreshed ? 'to be refreshed' : ''}`;
    const meant =
      expected === null
        ? 'nothing'
        : `${expected.role} of simulated#${expected.flight}, ${expected.isToBeRefreshed ? 'to be refreshed' : ''}`;
    this.#witness.require(told === meant, 'keep', () => `request ${number} was given ${told}, and not ${meant}`);
    if (expected === null) return;
    request.kept = expected;
    this.#witness.note('kept', number, expected.role, 'of', expected.flight);
  }

  #expected(shelf: Shelf | undefined, now: number): Kept | null {
    if (shelf === undefined) return null;
    const { value, error } = shelf;
    const { staleWhileRevalidateMs, staleIfErrorMs } = this.#keep;
    const isFailing = error !== null && now < error.until;
    const freshUntil = value?.freshUntil ?? -1;
    const given = value === null ? null : { isValue: true, result: value.value, flight: value.flight };
    if (given !== null && now < freshUntil) return { role: 'hit', isToBeRefreshed: false, ...given };
    if (given !== null && now < freshUntil + staleWhileRevalidateMs) return { role: 'stale', isToBeRefreshed: !isFailing, ...given };
    if (!isFailing) return null;
    if (given !== null && now < freshUntil + staleIfErrorMs) return { role: 'stale', isToBeRefreshed: false, ...given };
    return { role: 'hit', isValue: false, result: error.error, flight: error.flight, isToBeRefreshed: false };
  }

  /** Its promise settled, and there was no flight for it. */
  settled(request: RequestTrace, kept: Kept, isValue: boolean, result: unknown): void {
    const { number } = request;
    this.#witness.require(++request.settles === 1, 'I1', () => `request ${number} settled again`);
    this.#witness.require(!request.isFresh && request.key !== null, 'keep', () => `request ${number} is given what is kept`);
    const isSame = isValue === kept.isValue && result === kept.result;
    this.#witness.require(isSame, 'keep', () => `request ${number} was told something else than what flight ${kept.flight} brought`);
  }

  /** A flight has settled with a value. */
  gave({ settledAt: at }: Flight, trace: FlightTrace, value: unknown): void {
    const shelf = this.#shelfFor(trace, at);
    if (shelf === null) return;
    const freshUntil = at + this.#keep.ttlMs;
    shelf.value = { value, flight: trace.number, freshUntil };
    shelf.error = null;
    if (this.#isOver(shelf, at)) this.#answered.set(idOf(trace.leader), trace.number);
  }

  /** A flight has settled with a value that is nobody else's: what was kept before it is older. */
  gaveToOne({ settledAt: at }: Flight, trace: FlightTrace): void {
    const shelf = this.#shelfFor(trace, at);
    if (shelf === null) return;
    shelf.value = shelf.error = null;
    this.#answered.set(idOf(trace.leader), trace.number);
  }

  /** A flight has failed. The value that must stand in for it; `null`: none. */
  failed({ settledAt: at, incidents }: Flight, trace: FlightTrace, error: unknown): { readonly value: unknown } | null {
    const { failure } = incidents;
    const isAnswer = failure === 'answered';
    const isOperating = failure === 'exhausted' || (isCoalescerError(error) && OPERATING.has(error.code));
    if (!isAnswer && !isOperating) return null;
    // A value may stand in for the failure of an older flight, too.
    const known = trace.isForgotten || trace.leader.key === null ? undefined : this.#shelves.get(idOf(trace.leader));
    const shelf = this.#shelfFor(trace, at);
    if (shelf !== null && isAnswer) {
      shelf.value = null;
      this.#answered.set(idOf(trace.leader), trace.number);
    }
    if (shelf !== null && this.#keep.errorMs > 0) shelf.error = { error, flight: trace.number, until: at + this.#keep.errorMs };
    const value = isAnswer ? null : (known?.value ?? null);
    return value !== null && at < value.freshUntil + this.#keep.staleIfErrorMs ? { value: value.value } : null;
  }

  /** Where the end of this flight is kept; `null`: nowhere. */
  #shelfFor({ number, leader, isForgotten }: FlightTrace, at: number): Shelf | null {
    if (leader.key === null || isForgotten) return null;
    const id = idOf(leader);
    // A newer one has ended with an answer that is no value.
    if ((this.#answered.get(id) ?? 0) > number) return null;
    let shelf = this.#shelves.get(id);
    if (shelf === undefined || this.#isOver(shelf, at)) {
      shelf = { scope: leader.scope, key: leader.key, value: null, error: null };
      this.#shelves.set(id, shelf);
    }
    return shelf.value !== null && shelf.value.flight > number ? null : shelf;
  }

  #isOver({ value, error }: Shelf, now: number): boolean {
    const { staleWhileRevalidateMs, staleIfErrorMs } = this.#keep;
    const until = value === null ? -1 : value.freshUntil + Math.max(staleWhileRevalidateMs, staleIfErrorMs);
    return now >= until && now >= (error?.until ?? -1);
  }

  forgets(scope: string | null, key: string): void {
    for (const [id, shelf] of this.#shelves) if (shelf.scope === scope && shelf.key === key) this.#shelves.delete(id);
  }

  /** Nothing is kept any more. */
  close(): void {
    this.#shelves.clear();
  }

  /** It asked how its answer came about. */
  outcome({ number }: RequestTrace, kept: Kept, { role, flight }: Outcome<unknown>): void {
    const isTrue = role === kept.role && flight === `simulated#${kept.flight}`;
    this.#witness.require(isTrue, 'outcome', () => `request ${number} was told ${role} of ${flight}, not ${kept.role} of ${kept.flight}`);
  }
}
