// Seeded lives of kept values: random requests, answers, failures, refreshes and forgets under virtual time, and beside them a model of what may be given
// when. Every answer must be the model's, and every call of the target one that the model asks for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type KeepOptions } from '../../src/index.js';
import { virtualEnvironment, type VirtualEnvironment } from '../../src/testing.js';
import { httpError } from './stage.js';

const LIVES = 150;
const STEPS = 120;
const KEYS = ['a', 'b', 'c'];

type Keep = Required<Pick<KeepOptions<string>, 'staleWhileRevalidateMs' | 'staleIfErrorMs' | 'errorMs'>> & { readonly ttlMs: number };

/** One call of the target: what it will give, and whether its key was forgotten while it was out. */
interface Call {
  readonly key: string;
  readonly number: number;
  /** It is to bring a new value for one that is kept. */
  readonly isRefresh: boolean;
  isForgotten: boolean;
  isOver: boolean;
  /** When it gave its answer. */
  at: number;
}

/** What is kept of one key, by the model. */
interface Shelf {
  value: { readonly value: string; readonly call: number; readonly at: number } | null;
  error: { readonly error: unknown; readonly until: number } | null;
  /** The newest call whose answer was an error, or not kept at all: what an older one brings is older than that. */
  answered: number;
  /** The call in the air that a request joins. */
  current: Call | null;
}

class Life {
  readonly #environment: VirtualEnvironment;
  readonly #keep: Keep;
  readonly #coalescer: ReturnType<Life['open']>;
  readonly #shelves = new Map(KEYS.map((key): [string, Shelf] => [key, { value: null, error: null, answered: 0, current: null }]));
  readonly #calls: Call[] = [];
  readonly roles = new Map<string, number>();
  /** Calls that the model wants. */
  #wanted = 0;
  /** Is the next one to be a refresh? */
  #isRefreshing = false;

  constructor(seed: number) {
    this.#environment = virtualEnvironment({ seed });
    const pick = (...values: readonly number[]): number => values[Math.floor(this.#environment.random() * values.length)] as number;
    this.#keep = {
      ttlMs: pick(0, 50, 200),
      staleWhileRevalidateMs: pick(0, 100, 300),
      staleIfErrorMs: pick(0, 100, 1_000),
      errorMs: pick(0, 0, 50),
    };
    this.#coalescer = this.open();
  }

  open() {
    return createCoalescer({
      scope: 'public',
      environment: this.#environment,
      keep: this.#keep,
      breaker: false,
      maxAttempts: 1,
      targets: { target: (key: string) => this.#call(key) },
    });
  }

  #shelf(key: string): Shelf {
    return this.#shelves.get(key) as Shelf;
  }

  #call(key: string): Promise<string> {
    const environment = this.#environment;
    const call: Call = { key, number: this.#calls.length + 1, isRefresh: this.#isRefreshing, isForgotten: false, isOver: false, at: 0 };
    this.#calls.push(call);
    this.#shelf(key).current = call;
    return new Promise((resolve, reject) => {
      environment.setTimer(environment.random() * 80, () => {
        const end = environment.random();
        call.isOver = true;
        call.at = environment.now();
        if (this.#shelf(key).current === call) this.#shelf(key).current = null;
        if (end < 0.6) {
          const value = `${key} of call ${call.number}`;
          this.#gave(call, value, call.at);
          return resolve(value);
        }
        const error = httpError(end < 0.85 ? 503 : 404);
        this.#failed(call, error, error.status === 404, call.at);
        reject(error);
      });
    });
  }

  #gave({ key, number, isForgotten }: Call, value: string, at: number): void {
    const shelf = this.#shelf(key);
    if (isForgotten || this.#isPast(shelf, number, at)) return;
    shelf.value = { value, call: number, at };
    shelf.error = null;
    if (this.#isOver(shelf, at)) shelf.answered = number;
  }

  #failed({ key, number, isForgotten }: Call, error: unknown, isAnswer: boolean, at: number): void {
    const shelf = this.#shelf(key);
    if (isForgotten || this.#isPast(shelf, number, at)) return;
    if (isAnswer) shelf.answered = number;
    if (isAnswer || this.#isOver(shelf, at)) shelf.value = null;
    if (this.#keep.errorMs > 0) shelf.error = { error, until: at + this.#keep.errorMs };
  }

  #isPast(shelf: Shelf, number: number, at: number): boolean {
    return shelf.answered > number || (shelf.value !== null && !this.#isOver(shelf, at) && shelf.value.call > number);
  }

  #isOver({ value, error }: Shelf, now: number): boolean {
    const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs } = this.#keep;
    const until = value === null ? 0 : value.at + ttlMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs);
    return now >= until && now >= (error?.until ?? 0);
  }

  /** What a request may be given at once. */
  #expected(
    { value, error }: Shelf,
    now: number,
  ): { readonly role: 'hit' | 'stale'; readonly value?: string; readonly reason?: unknown } | null {
    const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs } = this.#keep;
    const freshUntil = value === null ? -1 : value.at + ttlMs;
    if (value !== null && now < freshUntil) return { role: 'hit', value: value.value };
    if (value !== null && now < freshUntil + staleWhileRevalidateMs) return { role: 'stale', value: value.value };
    if (error === null || now >= error.until) return null;
    return value !== null && now < freshUntil + staleIfErrorMs
      ? { role: 'stale', value: value.value }
      : { role: 'hit', reason: error.error };
  }

  async #ask(key: string, fresh: boolean): Promise<void> {
    const shelf = this.#shelf(key);
    const now = this.#environment.now();
    const expected = fresh ? null : this.#expected(shelf, now);
    const isFailing = shelf.error !== null && now < shelf.error.until;
    // Also where a fresh request has taken its place since: what it brings is newer than what is kept.
    const isOut = this.#calls.some(
      (call) => call.isRefresh && call.key === key && !call.isOver && !call.isForgotten && call.number > (shelf.value?.call ?? 0),
    );
    const isRefreshed = expected?.role === 'stale' && !isFailing && shelf.current === null && !isOut;
    this.#isRefreshing = isRefreshed;
    if (isRefreshed || (expected === null && (fresh || shelf.current === null))) this.#wanted++;
    const asked = this.#coalescer.outcome(key, { fresh });
    this.#isRefreshing = false;
    assert.equal(this.#calls.length, this.#wanted, `calls after a request for ${key} at ${now}`);
    const outcome = await asked;
    this.roles.set(outcome.role, (this.roles.get(outcome.role) ?? 0) + 1);
    if (expected !== null) {
      assert.equal(outcome.role, expected.role);
      if (outcome.status === 'fulfilled') return assert.equal(outcome.value, expected.value);
      return assert.equal(outcome.reason, expected.reason);
    }
    if (outcome.status === 'rejected' || outcome.role !== 'stale') return;
    // A kept value has stood in for a failure: one that an earlier call for the same key gave, not too long ago.
    const from = this.#calls.find(({ number }) => outcome.value === `${key} of call ${number}`);
    const age = this.#environment.now() - (from?.at ?? -Infinity);
    assert.ok(
      from?.isOver === true && !from.isForgotten && age < this.#keep.ttlMs + this.#keep.staleIfErrorMs,
      `${outcome.value}, ${age} ms old`,
    );
  }

  #forget(key: string): void {
    this.#coalescer.forget({ payload: key });
    Object.assign(this.#shelf(key), { value: null, error: null, answered: 0, current: null } satisfies Shelf);
    for (const call of this.#calls) if (call.key === key && !call.isOver) call.isForgotten = true;
  }

  async run(): Promise<void> {
    const environment = this.#environment;
    const broken: unknown[] = [];
    const asked: Promise<unknown>[] = [];
    for (let step = 0; step < STEPS; step++) {
      const key = KEYS[Math.floor(environment.random() * KEYS.length)] as string;
      if (environment.random() < 0.05) this.#forget(key);
      else asked.push(this.#ask(key, environment.random() < 0.1).catch((error: unknown) => broken.push(error)));
      if (environment.random() < 0.7) await environment.advance(environment.random() * 60);
    }
    await environment.advance(60_000);
    await Promise.all(asked);
    if (broken.length > 0) throw broken[0];
    const { requests, launched, joined, hits, stale, refused, refreshes, airborne, waiting } = this.#coalescer.stats();
    assert.equal(requests + refreshes, launched + joined + hits + stale + refused);
    assert.deepEqual([airborne, waiting, launched], [0, 0, this.#calls.length]);
  }
}

test('in any life each request is given what the model gives, and the target is called when the model calls it', async () => {
  const roles = new Map<string, number>();
  for (let seed = 1; seed <= LIVES; seed++) {
    const life = new Life(seed);
    await life.run().catch((error: unknown) => {
      throw new Error(`life ${seed}`, { cause: error });
    });
    for (const [role, count] of life.roles) roles.set(role, (roles.get(role) ?? 0) + count);
  }
  for (const role of ['leader', 'follower', 'hit', 'stale']) assert.ok((roles.get(role) ?? 0) > 500, `${role}: ${roles.get(role)}`);
});
