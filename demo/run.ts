// One run: the traffic goes through both arms at once, each request when it is due; meanwhile the kills happen and the frames are shown.
// Whatever happens, nothing it started is left when it settles.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ArmFrame, Frame, Incident } from './frame.js';
import { Meter } from './meter.js';
import { idealOf } from './oracle.js';
import { type ArmName, flightTimeMs } from './question.js';
import type { ArmResult, Result } from './report.js';
import { Rig } from './rig.js';
import type { Arrival } from './traffic.js';
import { count } from './words.js';

export interface RunOptions {
  /** What traffic this is, in words. */
  readonly title: string;
  readonly arrivals: readonly Arrival[];
  readonly seed: number;
  readonly threads: number;
  readonly plain: boolean;
  readonly calm: boolean;
  readonly hedge: boolean;
  readonly display: { readonly everyMs: number; show(frame: Frame): void };
}

/** Enough for an answer that is begun anew three times: after an error, the provider's death and the thread's. */
const flightTimeoutMsMin = 10_000;
/** A waiter that is later than its flight's time by this much is lost. */
const graceMs = 2_000;
/** Of the primary provider. */
const outageMsMax = 2_500;
const sleepMsMax = 3_600_000;

export async function run(options: RunOptions): Promise<Result> {
  const longestMs = options.arrivals.reduce((longest, { question }) => Math.max(longest, flightTimeMs(question.tokens)), 0);
  const flightTimeoutMs = Math.max(flightTimeoutMsMin, 4 * longestMs);
  const incidents: Incident[] = [];
  let running: Run | null = null;
  const onThreadLost = (relaunched: number): void =>
    running?.note(false, `a worker thread died, ${count(relaunched)} flights were launched again`);
  const rig = await Rig.boot({ ...options, flightTimeoutMs, onThreadLost });
  try {
    running = new Run(rig, options, incidents);
    await running.finish(flightTimeoutMs);
    return running.result();
  } finally {
    running?.stop();
    await rig.close();
  }
}

class Run {
  readonly #rig: Rig;
  readonly #options: RunOptions;
  readonly #incidents: Incident[];
  readonly #startMs = performance.now();
  readonly #durationMs: number;
  readonly #meters: Readonly<Record<ArmName, Meter>> = { plain: new Meter(this.#startMs), coalescer: new Meter(this.#startMs) };
  readonly #stopped = new AbortController();
  /** Requests that kill a thread are waiters too. */
  #killersInAir = 0;

  constructor(rig: Rig, options: RunOptions, incidents: Incident[]) {
    this.#rig = rig;
    this.#options = options;
    this.#incidents = incidents;
    this.#durationMs = Math.max(1, options.arrivals.at(-1)?.atMs ?? 1);
  }

  note(good: boolean, text: string): void {
    this.#incidents.push({ atMs: this.#elapsedMs(), good, text });
  }

  /** Settles when every request came back, or its time is long up. */
  async finish(flightTimeoutMs: number): Promise<void> {
    const { display, calm } = this.#options;
    display.show(this.#frame());
    const frames = setInterval(() => display.show(this.#frame()), display.everyMs);
    try {
      const settled = Promise.all([this.#send(), calm ? null : this.#kill()]);
      await Promise.race([settled, this.#until(this.#startMs + this.#durationMs + flightTimeoutMs + graceMs)]);
      await this.#rig.count();
      display.show(this.#frame());
    } finally {
      clearInterval(frames);
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  result(): Result {
    const { title, calm, arrivals } = this.#options;
    const { coalescer, plain } = this.#rig;
    const { launched, joined, failovers, relaunches } = coalescer.stats();
    const { kept, waitersMost, story, streamed, seams, breakersOpened } = coalescer;
    const sinceStart = (nowMs: number): number => nowMs - this.#startMs;
    const losses = coalescer.losses.map(({ question, atMs, againAtMs }) => ({
      question,
      atMs: sinceStart(atMs),
      againAtMs: sinceStart(againAtMs),
    }));
    const answered = this.#armResult('coalescer');
    return {
      title,
      calm,
      ideal: idealOf(arrivals),
      idealWithKills: idealOf(arrivals, losses),
      plain: plain === null ? null : { ...this.#armResult('plain'), failovers: plain.failovers, retries: plain.retries },
      coalescer: {
        ...answered,
        lost: answered.lost + this.#killersInAir,
        failovers,
        flights: launched,
        joins: joined,
        kept,
        waitersMost,
        relaunches,
        streamed,
        seams,
        breakersOpened,
        providers: coalescer.providers(),
        story,
      },
    };
  }

  /** Each request when it is due, by one clock; what is late goes at once. Settles when all came back. */
  async #send(): Promise<void> {
    const answers: Promise<void>[] = [];
    for (const { atMs, question } of this.#options.arrivals) {
      const dueMs = this.#startMs + atMs;
      if (performance.now() < dueMs) await this.#until(dueMs);
      for (const arm of this.#rig.armNames) answers.push(this.#meters[arm].follow(question, dueMs, this.#rig.ask(arm, question)));
    }
    await Promise.all(answers);
  }

  /** A third of the way in the primary provider, which comes back; two thirds in a worker thread. */
  async #kill(): Promise<void> {
    const { primary, coalescer } = this.#rig;
    await this.#until(this.#startMs + this.#durationMs / 3);
    const calls = await primary.kill();
    this.note(false, `primary provider killed, ${count(calls)} calls in the air`);
    await this.#until(this.#startMs + this.#durationMs / 3 + Math.min(this.#durationMs / 6, outageMsMax));
    await primary.boot();
    this.note(true, 'primary provider is back');
    await this.#until(this.#startMs + (this.#durationMs * 2) / 3);
    try {
      this.#killersInAir++;
      await coalescer.killThread();
    } catch (error) {
      this.#meters.coalescer.failed++;
      this.note(false, error instanceof Error ? error.message : String(error));
    } finally {
      this.#killersInAir--;
    }
  }

  #elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  async #until(instantMs: number): Promise<void> {
    for (let leftMs = instantMs - performance.now(); leftMs > 0; leftMs = instantMs - performance.now()) await this.#sleep(leftMs);
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(Math.min(ms, sleepMsMax), undefined, { signal: this.#stopped.signal });
  }

  #frame(): Frame {
    const { primary, backup } = this.#rig;
    return {
      title: this.#options.title,
      elapsedMs: this.#elapsedMs(),
      durationMs: this.#durationMs,
      arms: this.#rig.armNames.map((arm) => this.#armFrame(arm)),
      providers: [primary, backup].map(({ name, isUp }) => ({ name, isUp })),
      incidents: this.#incidents,
    };
  }

  #armFrame(name: ArmName): ArmFrame {
    const meter = this.#meters[name];
    const nowMs = performance.now();
    return {
      name,
      about:
        name === 'plain'
          ? '3 tries, then fallback'
          : `${this.#options.threads} worker ${this.#options.threads === 1 ? 'thread' : 'threads'}`,
      ...this.#rig.costs(name),
      perSecond: meter.perSecond(nowMs),
      p99Ms: meter.recentP99Ms(nowMs),
      failed: meter.failed,
      waiting: meter.waiting,
      airborne: name === 'plain' ? meter.waiting : this.#rig.coalescer.stats().airborne,
      rhythm: meter.rhythm(nowMs, 100),
    };
  }

  #armResult(name: ArmName): Omit<ArmResult, 'failovers' | 'retries'> {
    const meter = this.#meters[name];
    const { failed, wrong, failure } = meter;
    return { name, requests: meter.sent, ...this.#rig.costs(name), ...meter.latency(), failed, failure, lost: meter.waiting, wrong };
  }
}
