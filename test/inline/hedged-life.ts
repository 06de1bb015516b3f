// A service with hedges at random: targets that give values and streams, early, late or never, and whose functions may meddle with their own coalescer.
// It writes down every fault that a caller, a reader or a subscriber could see. Everything is drawn from one seed.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createCoalescer, type AttemptContext, type ChannelMessages, type Coalescer, type Verdict } from '../../src/index.js';
import { countedEnvironment, hang, httpError, watch, type Watched } from './stage.js';

/** How deep one act may lead to another. */
const DEPTH_MAX = 3;
const TARGETS = ['a', 'b', 'c'] as const;

interface Chunk {
  readonly call: number;
  readonly index: number;
}

export class HedgedLife implements Disposable {
  readonly environment = countedEnvironment();
  readonly coalescer: Coalescer<string, unknown>;
  readonly waiters: Watched[] = [];
  readonly faults: string[] = [];
  /** Attempts that were told, by flight. */
  readonly told = new Map<string, number[]>();
  calls = 0;
  isOver = false;
  readonly #name: string;
  readonly #meddles: boolean;
  readonly #hasBreaker: boolean;
  readonly #attemptsMax: number;
  readonly #signals: AbortController[] = [];
  #state: number;
  #depth = 0;

  constructor(seed: number, meddles: boolean) {
    this.#state = Math.imul(seed, 2_654_435_761) >>> 0;
    this.#name = `life ${seed}`;
    this.#meddles = meddles;
    this.#hasBreaker = this.#isLucky(2);
    this.#attemptsMax = 1 + this.draw(4);
    const run = (payload: string, context: AttemptContext): unknown => this.#run(payload, context);
    const places = (): { maxConcurrency?: number } => (this.#isLucky(3) ? { maxConcurrency: 1 + this.draw(2) } : {});
    this.coalescer = createCoalescer({
      name: this.#name,
      scope: 'public',
      environment: this.environment,
      hedge: { afterMs: 10 + this.draw(80), maxExtraShare: 1 },
      budget: this.#isLucky(2) ? false : { perSecondMin: 50 },
      breaker: this.#hasBreaker && { consecutive: 2, openMs: 50 + this.draw(200), whenAllOpen: this.#oneOf(['try', 'wait']) },
      keep: this.#isLucky(3) ? { ttlMs: 20, staleWhileRevalidateMs: 50, staleIfErrorMs: 500 } : {},
      streams: { midStream: this.#oneOf(['fail', 'verify']), idleTimeoutMs: 200, firstChunkTimeoutMs: 100 },
      steering: this.#oneOf(['priority', 'latency']),
      targets: {
        a: { run, classify: () => this.#classify(), ...places() },
        b: { run, isShareable: () => this.#mayMeddle(5) || !this.#isLucky(5), ...places() },
        c: { run, replayable: this.#isLucky(2), ...(this.#isLucky(3) ? { attemptTimeoutMs: 30 } : {}) },
      },
      maxAttempts: this.#attemptsMax,
      flightTimeoutMs: 400 + this.draw(400),
      joinWithinMs: this.draw(300),
      abandonAfterMs: this.#oneOf([0, 0, 40, 'finish']),
      limits: { flights: 4 + this.draw(20), waitersPerFlight: 2 + this.draw(6) },
      detectReentrance: false,
    });
    subscribe('coalescer:attempt', this.#attempted);
  }

  /** A whole number below `most`. */
  draw(most: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
    return (this.#state >>> 9) % most;
  }

  /** Something that any caller may do, now. */
  act(): void {
    if (this.isOver || this.#depth > DEPTH_MAX) return;
    this.#depth++;
    const { coalescer } = this;
    const payload = `k${this.draw(4)}`;
    const what = this.draw(12);
    if (what === 0) coalescer.cancel({ payload });
    else if (what === 1) coalescer.forget({ payload });
    else if (what < 4) this.#oneOf(this.#signals)?.abort('meddled');
    else if (what === 4) this.waiters.push(watch(coalescer.explain({ payload })));
    else if (what === 5) coalescer.targets.order(this.#oneOf([TARGETS, ['b', 'a', 'c'], ['c', 'b', 'a']]));
    else if (what === 6 && this.#hasBreaker)
      coalescer.targets.breaker(this.#oneOf(TARGETS), this.#oneOf(['open', 'closed', 'auto', 'auto']));
    else this.#ask(payload);
    this.#depth--;
  }

  [Symbol.dispose](): void {
    unsubscribe('coalescer:attempt', this.#attempted);
  }

  #isLucky(oneIn: number): boolean {
    return this.draw(oneIn) === 0;
  }
  #oneOf<const Thing>(things: readonly Thing[]): Thing {
    return things[this.draw(Math.max(1, things.length))]!;
  }
  #mayMeddle(oneIn: number): false {
    if (this.#meddles && this.#isLucky(oneIn)) this.act();
    return false;
  }

  #ask(payload: string): void {
    const own = this.#isLucky(4) && this.#signals.length > 0 ? this.#oneOf(this.#signals) : new AbortController();
    this.#signals.push(own);
    const options = {
      signal: this.#isLucky(2) ? own.signal : undefined,
      timeoutMs: this.#isLucky(3) ? 1 + this.draw(300) : undefined,
      fresh: this.#isLucky(9),
      ...(this.#isLucky(6) ? { targets: this.#oneOf([['b'], ['b', 'a'], ['c', 'a']]) } : {}),
    };
    const isStream = this.#isLucky(4);
    this.waiters.push(watch(isStream ? this.#read(payload, options) : this.#look(this.coalescer.request(payload, options))));
  }

  async #read(payload: string, options: Parameters<Coalescer<string, unknown>['request']>[1]): Promise<void> {
    const chunks: unknown[] = [];
    for await (const chunk of this.coalescer.stream(payload, options)) chunks.push(chunk);
    this.#expectOne(chunks);
  }
  async #look(value: Promise<unknown>): Promise<void> {
    const given = await value;
    if (Array.isArray(given)) this.#expectOne(given);
  }

  /** The chunks of one call, from its first on, without a gap. */
  #expectOne(chunks: readonly unknown[]): void {
    const streamed = chunks.filter((chunk): chunk is Chunk => typeof chunk === 'object' && chunk !== null && 'index' in chunk);
    const isOne = streamed.every(({ call, index }, at) => index === at && call === streamed[0]?.call);
    if (!isOne) this.faults.push(`spliced: ${JSON.stringify(chunks)}`);
  }

  #run(payload: string, { signal }: AttemptContext): unknown {
    const call = ++this.calls;
    if (!this.#isLucky(3)) signal.addEventListener('abort', () => this.#mayMeddle(1));
    this.#mayMeddle(5);
    const fate = this.draw(9);
    if (fate === 0) throw httpError(503);
    if (fate === 1) return payload;
    if (fate === 2) return hang();
    if (fate < 5) return this.#stream(call, signal);
    return new Promise((resolve, reject) => {
      if (fate === 5) signal.addEventListener('abort', () => reject(signal.reason as Error));
      this.environment.setTimer(this.draw(150), () => {
        this.#mayMeddle(4);
        if (this.#isLucky(2)) resolve({ payload });
        else reject(Object.assign(httpError(this.#oneOf([503, 404, 429])), { retryAfterMs: this.draw(400) }));
      });
    });
  }

  async *#stream(call: number, signal: AbortSignal): AsyncGenerator<Chunk> {
    const count = this.draw(4);
    for (let index = 0; index < count; index++) {
      await new Promise<void>((resolve) => {
        this.environment.setTimer(this.draw(120), resolve);
      });
      if (this.#isLucky(8)) throw httpError(503);
      this.#mayMeddle(10);
      if (signal.aborted && this.#isLucky(3)) return;
      yield { call, index };
    }
    if (this.#isLucky(6)) throw httpError(502);
  }

  #classify(): Verdict {
    this.#mayMeddle(4);
    return this.#oneOf<Verdict>(['answer', 'failover', 'retry', { verdict: 'retry', retryAfterMs: this.draw(300) }]);
  }

  readonly #attempted = (message: unknown): void => {
    const { coalescer, flight, attempt } = message as ChannelMessages['coalescer:attempt'];
    if (coalescer !== this.#name) return;
    const numbers = this.told.get(flight) ?? [];
    numbers.push(attempt);
    this.told.set(flight, numbers);
    if (attempt > this.#attemptsMax) this.faults.push(`${flight} made attempt ${attempt} of ${this.#attemptsMax}`);
    this.#mayMeddle(6);
  };
}
