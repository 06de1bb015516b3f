// Whatever is asked, in whatever order, statistics tell it: each call is one request, whether it launches, joins, is answered from what is kept, is
// refused, flies alone after all or throws; and who waits is counted until it is told. Seeded requests of all kinds, also from inside of targets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type Coalescer, type CoalescerOptions, type StreamOptions } from '../../src/index.js';
import { countedEnvironment, httpError, type CountedEnvironment } from './stage.js';

type Kind = Partial<CoalescerOptions<unknown, unknown, 'per-request', 'readonly' | 'copy'>>;
interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const SEEDS = 25;
const STEPS = 200;
const kinds: Readonly<Record<string, Kind>> = {
  'plain joins': { detectReentrance: false },
  'what targets ask for is noticed': { detectReentrance: true, abandonAfterMs: 50 },
  'copies, and flights that go on alone': { share: 'copy', abandonAfterMs: 'finish' },
  'kept values': { keep: { ttlMs: 50, staleWhileRevalidateMs: 200, staleIfErrorMs: 300, errorMs: 30 } },
};
/** A signal that nobody can listen to. */
const deaf = {
  aborted: false,
  addEventListener: () => assert.fail('deaf'),
  removeEventListener: () => undefined,
} as unknown as AbortSignal;

class Life {
  asked = 0;
  waiting = 0;
  readonly environment: CountedEnvironment = countedEnvironment();
  readonly #coalescer: Coalescer<unknown, unknown, unknown, 'per-request'>;
  readonly #calls: Call[] = [];
  readonly #signals: AbortController[] = [];
  #depth = 0;
  #state: number;

  constructor(seed: number, kind: Kind) {
    this.#state = seed * 2_654_435_761;
    const limits = { flights: this.#pick([2, 5, 100]), waitersPerFlight: this.#pick([1, 2, 100]), resultBytes: this.#pick([3, 1_000_000]) };
    const run = (): unknown => this.#call();
    const target = kind.share === 'copy' ? { run, isShareable: () => this.#below(2) === 0 } : run;
    const targets = { one: target, two: target };
    this.#coalescer = createCoalescer({
      scope: 'per-request',
      flightTimeoutMs: 2_000,
      environment: this.environment,
      limits,
      ...kind,
      targets,
    });
  }

  #below(most: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
    return (this.#state >>> 8) % most;
  }
  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }

  #call(): unknown {
    if (this.#depth < 3 && this.#below(8) === 0) this.act(this.#below(80));
    if (this.#below(20) === 0) throw new Error('at once');
    const next = (): Promise<unknown> => new Promise((resolve, reject) => this.#calls.push({ resolve, reject }));
    return this.#below(4) === 0 ? chunksOf(next) : next();
  }

  /** One thing that users and upstreams do, by a number below 100. */
  act(what: number): void {
    this.#depth++;
    if (what < 60) this.#ask();
    else if (what < 75) this.#answer()?.resolve(this.#pick(['v', 'a long value', { d: 1 }, () => 0]));
    else if (what < 80) this.#answer()?.reject(httpError(this.#pick([404, 429, 500])));
    else if (what < 85) this.#pick(this.#signals)?.abort(new Error('left'));
    else if (what < 87) this.#coalescer.forget({ payload: 'a', scope: 'acme' });
    else if (what < 89) this.#coalescer.cancel({ payload: 'a', scope: 'acme' });
    this.#depth--;
  }

  #answer(): Call | undefined {
    return this.#calls.splice(this.#below(this.#calls.length), 1)[0];
  }

  #ask(): void {
    const payload = this.#pick(['a', 'b', 'b', 'b', '', '{x', 'long'.repeat(3_000), { z: 1 }, new Map()]);
    const odd: StreamOptions = this.#below(3) > 0 ? {} : this.#pick(this.#oddities());
    const options = this.#below(20) === 0 ? (odd as { scope: string }) : { scope: this.#pick(['acme', 'globex']), ...odd };
    const how = this.#below(4);
    this.asked++;
    const told =
      how === 0 ? this.#read(options) : how === 1 ? this.#coalescer.outcome(payload, options) : this.#coalescer.request(payload, options);
    this.waiting++;
    const over = (): void => void this.waiting--;
    told.then(over, over);
  }

  #oddities(): StreamOptions[] {
    const leaving = new AbortController();
    this.#signals.push(leaving);
    const { signal } = leaving;
    const unknown = { nonsense: 1 } as StreamOptions;
    const times = [{ timeoutMs: 10 }, { timeoutMs: -1 }];
    return [
      { signal },
      { signal },
      { signal: AbortSignal.abort() },
      { signal: deaf },
      ...times,
      { fresh: true },
      { key: null },
      { targets: ['two'] },
      { from: 1 },
      unknown,
    ];
  }

  async #read(options: StreamOptions & { scope: string }): Promise<void> {
    let left = this.#pick([1, 2, 99]);
    for await (const _ of this.#coalescer.stream('a', options)) if (--left === 0) return;
  }

  async step(): Promise<void> {
    this.act(this.#below(100));
    await this.environment.advance(this.#pick([0, 0, 0, 5, 30, 100, 500]));
  }

  stats(): ReturnType<Coalescer<unknown, unknown>['stats']> {
    return this.#coalescer.stats();
  }
}

async function* chunksOf(next: () => Promise<unknown>): AsyncGenerator<unknown> {
  for (let chunk = 0; chunk < 3; chunk++) yield await next();
}

for (const [name, kind] of Object.entries(kinds)) {
  test(`each call is one request, and who waits is counted: ${name}`, async () => {
    let joined = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const life = new Life(seed, kind);
      for (let step = 0; step < STEPS; step++) {
        await life.step();
        const stats = life.stats();
        assert.equal(stats.requests, life.asked, `seed ${seed}, step ${step}`);
        // A flight that refreshes what is kept waits for itself.
        if (kind.keep === undefined) assert.equal(stats.waiting, life.waiting, `seed ${seed}, step ${step}`);
      }
      await life.environment.advance(5_000);
      const { requests, waiting, airborne, bytes, joined: those } = life.stats();
      assert.deepEqual([requests, waiting, airborne, bytes, life.waiting], [life.asked, 0, 0, 0, 0], `seed ${seed}`);
      joined += those;
    }
    assert.ok(joined > SEEDS, `${joined} joined`);
  });
}
