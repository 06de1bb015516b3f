// A service whose own functions meddle: targets, classify, key, carry, abort listeners and subscribers do at random what callers may do.
// Everything is drawn from one seed, so that a bad one can be flown again alone.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createCoalescer, type AttemptContext, type Coalescer, type Share, type Verdict } from '../../src/index.js';
import { countedEnvironment, hang, httpError, watch, type CountedEnvironment, type Watched } from './stage.js';

/** How deep one act may lead to another. */
const DEPTH_MAX = 3;
const TOLD = ['flight:launched', 'flight:joined', 'flight:settled', 'attempt', 'failover', 'refused'] as const;

export class Meddling {
  readonly environment: CountedEnvironment = countedEnvironment();
  readonly coalescer: Coalescer<string, unknown>;
  readonly waiters: Watched[] = [];
  readonly signals: AbortController[] = [];
  /** How often each flight was told to have settled, and how many attempts of it. */
  readonly settles = new Map<string, number>();
  readonly attempts = new Map<string, number>();
  isOver = false;
  calls = 0;
  #state: number;
  #depth = 0;
  readonly #subscriptions: (readonly [name: string, on: (message: unknown) => void])[] = [];

  constructor(seed: number) {
    this.#state = Math.imul(seed, 2_654_435_761) >>> 0;
    const run = (payload: string, context: AttemptContext): unknown => this.#run(payload, context);
    const classify = (): Verdict => this.#classify();
    this.coalescer = createCoalescer({
      scope: 'public',
      environment: this.environment,
      targets: { a: { run, classify }, b: run, c: { run, replayable: this.#isLucky(2) } },
      maxAttempts: 1 + this.draw(5),
      flightTimeoutMs: 400 + this.draw(400),
      joinWithinMs: this.draw(300),
      abandonAfterMs: this.#oneOf([0, 0, 40, 'finish']),
      limits: { flights: 4 + this.draw(20), waitersPerFlight: 2 + this.draw(6) },
      share: this.#oneOf(['readonly', 'copy', 'frozen'] as readonly Share[]),
      detectReentrance: seed % 3 === 0,
      carry: () => (this.#isLucky(5) ? this.act() : null),
      key: (payload) => {
        if (this.#isLucky(20)) this.act();
        return payload;
      },
    });
    for (const name of TOLD) this.#listen(name, seed % 2 === 0);
  }

  /** A whole number below `most`. */
  draw(most: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
    return (this.#state >>> 9) % most;
  }

  /** Something that any caller may do, now. */
  act(): null {
    if (this.isOver || this.#depth > DEPTH_MAX) return null;
    this.#depth++;
    const payload = `k${this.draw(5)}`;
    const what = this.draw(12);
    if (what === 0) this.coalescer.cancel({ payload });
    else if (what === 1) this.coalescer.forget({ payload });
    else if (what < 4) this.#oneOf(this.signals)?.abort('meddled');
    else if (what === 4) this.waiters.push(watch(this.coalescer.explain({ payload })));
    else if (what === 5 && this.draw(100) === 0) this.waiters.push(watch(this.coalescer.close({ drainMs: this.draw(100) })));
    else this.#ask(payload);
    this.#depth--;
    return null;
  }

  end(): void {
    this.isOver = true;
    for (const [name, on] of this.#subscriptions) unsubscribe(name, on);
  }

  #isLucky(oneIn: number): boolean {
    return this.draw(oneIn) === 0;
  }

  #oneOf<Thing>(things: readonly Thing[]): Thing {
    return things[this.draw(Math.max(1, things.length))]!;
  }

  #ask(payload: string): void {
    const own = this.#isLucky(4) && this.signals.length > 0 ? this.#oneOf(this.signals) : new AbortController();
    this.signals.push(own);
    const options = {
      signal: this.#isLucky(2) ? own.signal : undefined,
      timeoutMs: this.#isLucky(3) ? 1 + this.draw(300) : undefined,
      fresh: this.#isLucky(9),
      ...(this.#isLucky(12) ? { key: null } : {}),
      ...(this.#isLucky(6) ? { targets: this.#oneOf([['b'], ['b', 'a'], ['c', 'a']]) } : {}),
    };
    const asked = this.#isLucky(5) ? this.coalescer.outcome(payload, options) : this.coalescer.request(payload, options);
    this.waiters.push(watch(asked));
  }

  #run(payload: string, { signal }: AttemptContext): unknown {
    this.calls++;
    if (!this.#isLucky(3)) signal.addEventListener('abort', () => this.act());
    if (this.#isLucky(3)) this.act();
    const fate = this.draw(8);
    if (fate === 0) throw httpError(503);
    if (fate === 1) return payload;
    if (fate === 2) return hang();
    return new Promise((resolve, reject) => {
      if (fate === 3) signal.addEventListener('abort', () => reject(signal.reason));
      this.environment.setTimer(this.draw(150), () => {
        if (this.#isLucky(4)) this.act();
        if (this.#isLucky(2)) resolve({ payload });
        else reject(Object.assign(httpError(this.#oneOf([503, 404, 429])), { retryAfterMs: this.draw(400) }));
      });
    });
  }

  #classify(): Verdict {
    if (this.#isLucky(4)) this.act();
    return this.#oneOf(['answer', 'failover', 'retry', { verdict: 'retry', retryAfterMs: this.draw(300) }] as readonly Verdict[]);
  }

  #listen(name: (typeof TOLD)[number], meddles: boolean): void {
    const counts = name === 'flight:settled' ? this.settles : name === 'attempt' ? this.attempts : null;
    const on = (message: unknown): void => {
      const { flight } = message as { readonly flight: string };
      counts?.set(flight, (counts.get(flight) ?? 0) + 1);
      if (meddles && this.#isLucky(6)) this.act();
    };
    subscribe(`coalescer:${name}`, on);
    this.#subscriptions.push([`coalescer:${name}`, on]);
  }
}
