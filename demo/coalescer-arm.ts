// The coalescer under test: made from the public face only, watched over its diagnostics channels, and asked to explain the flight that
// makes the best story: one that failed over with many waiters on board.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type ChannelMessages, createCoalescer, type Outcome, type Stats, threadTargets } from 'coalescer';
import type { Loss } from './oracle.js';
import { type Answer, answerOf, isStreamed, type Question } from './question.js';
import type targets from './targets.js';
import type { ProviderHealth } from './report.js';
import type { TargetsConfig } from './targets.js';

export interface CoalescerArmOptions {
  readonly threads: number;
  readonly config: TargetsConfig;
  readonly flightTimeoutMs: number;
  readonly hedge: boolean;
  /** A worker thread is gone; so many flights were launched again. */
  readonly onThreadLost: (relaunched: number) => void;
}

const name = 'demo';
const threadChannel = 'coalescer:thread';
const seamChannel = 'coalescer:seam';
const breakerChannel = 'coalescer:breaker';
/**
 * The thread that takes over calls a thousand providers in one turn of its loop. On a machine that is busy with other things that takes longer
 * than the default of 5 s, and looks like a hang, which this run is not about.
 */
const heartbeatMs = 30_000;

/** Ends of attempts that cost a flight nothing. */
const KEPT: ReadonlySet<Outcome<Answer>['attempts'][number]['end']> = new Set(['value', 'answer', 'outraced'] as const);

function make({ threads, config, flightTimeoutMs, hedge }: CoalescerArmOptions) {
  return createCoalescer({
    name,
    scope: 'public',
    // The tokens are not part of the question: whoever asks first decides how long the answer takes.
    key: (payload) => (payload.kind === 'question' ? payload.key : null),
    targets: threadTargets<typeof targets>(new URL('./targets.js', import.meta.url), { threads, config, heartbeatMs }),
    flightTimeoutMs,
    // Providers that say the same again: the next one begins anew, is compared with what was read, and readers go on where they were.
    streams: { midStream: 'verify' },
    collect: (pieces) => answerOf(pieces.join('')),
    // Both providers, and both again for a flight that is also on the thread that dies.
    maxAttempts: 4,
    // Off unless it is asked for: a long answer is long at both providers, and what the loser has said is paid for.
    hedge: hedge && {},
    // No answer is given twice; but should both providers fail, one of the last minute is better than none.
    keep: { staleIfErrorMs: 60_000 },
  });
}

export class CoalescerArm {
  /** Most waiters seen on one flight. */
  waitersMost = 0;
  /** Flights that lost an attempt and were answered by a later one; times are `performance.now()`. */
  readonly losses: Loss[] = [];
  /** One flight in words. */
  story: string | null = null;
  /** Requests that read their answer piece by piece, and streams that went on at another provider in mid-air. */
  streamed = 0;
  seams = 0;
  /** Answers that an earlier flight had brought: none, unless both providers fail. */
  kept = 0;
  /** Times that a provider's breaker opened. */
  breakersOpened = 0;
  #storyWaiters = 0;
  #asked = 0;
  /** What is not of the traffic: the flights that kill threads. */
  readonly #kills = { launched: 0, failovers: 0, relaunches: 0 };
  readonly #coalescer: ReturnType<typeof make>;
  readonly #onThread: (message: unknown) => void;
  readonly #onSeam = (message: unknown): void => {
    if ((message as ChannelMessages['coalescer:seam']).coalescer === name) this.seams++;
  };

  readonly #onBreaker = (message: unknown): void => {
    const { coalescer, to } = message as ChannelMessages['coalescer:breaker'];
    if (coalescer === name && to === 'open') this.breakersOpened++;
  };

  constructor(options: CoalescerArmOptions) {
    this.#coalescer = make(options);
    this.#onThread = (message) => {
      const { coalescer, event, relaunched } = message as ChannelMessages['coalescer:thread'];
      if (coalescer === name && event === 'lost') options.onThreadLost(relaunched);
    };
    subscribe(threadChannel, this.#onThread);
    subscribe(seamChannel, this.#onSeam);
    subscribe(breakerChannel, this.#onBreaker);
  }

  async ready(): Promise<void> {
    await this.#coalescer.ready();
  }

  async ask(question: Question): Promise<Answer> {
    const askedAtMs = performance.now();
    // Of those who ask for a streamed key every second one reads; the others want the whole, from the same flights.
    const isReading = isStreamed(question.key) && this.#asked++ % 2 === 0;
    const outcome = isReading ? await this.#read(question) : await this.#coalescer.outcome(question);
    this.waitersMost = Math.max(this.waitersMost, outcome.waiters);
    if (outcome.role === 'hit' || outcome.role === 'stale') this.kept++;
    this.#keepLoss(question, outcome, askedAtMs);
    void this.#keepStory(question, outcome);
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }

  /** As a browser would: each piece when it comes. */
  async #read(question: Question): Promise<Outcome<Answer>> {
    this.streamed++;
    const stream = this.#coalescer.stream(question);
    let text = '';
    try {
      for await (const piece of stream) text += typeof piece === 'string' ? piece : piece.text;
    } catch {
      // The outcome says why.
    }
    const outcome = await stream.outcome;
    return outcome.status === 'rejected' ? outcome : { ...outcome, value: answerOf(text) };
  }

  /** Settles when the thread is dead and the request that killed it was answered from another one. */
  async killThread(): Promise<void> {
    this.#kills.launched++;
    const { status, failedOver, relaunches } = await this.#coalescer.outcome({ kind: 'thread-kill' });
    if (failedOver) this.#kills.failovers++;
    this.#kills.relaunches += relaunches;
    if (status === 'rejected') throw new Error('the request that killed a thread was not answered by another');
  }

  /** Of the traffic alone. */
  stats(): Pick<Stats, 'airborne' | 'joined' | 'launched' | 'failovers' | 'relaunches'> {
    const { airborne, joined, launched, failovers, relaunches } = this.#coalescer.stats();
    return {
      airborne,
      joined,
      launched: launched - this.#kills.launched,
      failovers: failovers - this.#kills.failovers,
      relaunches: relaunches - this.#kills.relaunches,
    };
  }

  /** How the providers fared, over all threads. */
  providers(): readonly ProviderHealth[] {
    const { targets } = this.#coalescer.stats();
    return this.#coalescer.targets.report().map(({ target, breaker, attempts, failures, p50Ms, p99Ms }) => {
      const { retries = 0, hedges = 0, outraced = 0 } = targets[target] ?? {};
      return { target, breaker, attempts, failures, retries, hedges, outraced, p50Ms, p99Ms };
    });
  }

  async close(): Promise<void> {
    unsubscribe(threadChannel, this.#onThread);
    unsubscribe(seamChannel, this.#onSeam);
    unsubscribe(breakerChannel, this.#onBreaker);
    await this.#coalescer.close({ drainMs: 0 });
  }

  /** Its leader launches a flight when it is asked. */
  #keepLoss(question: Question, outcome: Outcome<Answer>, askedAtMs: number): void {
    const { role, attempts, relaunches } = outcome;
    const isLost = relaunches > 0 || attempts.some(({ end }) => !KEPT.has(end));
    if (role !== 'leader' || outcome.status === 'rejected' || !isLost) return;
    const atMs = askedAtMs + (attempts[0]?.durationMs ?? 0);
    // A stream does not say when its provider began: that is when its attempt did.
    const { begunAt } = outcome.value;
    const againAtMs = begunAt === 0 ? performance.now() - (attempts.at(-1)?.durationMs ?? 0) : begunAt - performance.timeOrigin;
    this.losses.push({ question, atMs, againAtMs });
  }

  async #keepStory(question: Question, outcome: Outcome<Answer>): Promise<void> {
    if (outcome.role !== 'leader' || !outcome.failedOver || outcome.status === 'rejected' || outcome.waiters <= this.#storyWaiters) return;
    try {
      const explanation = await this.#coalescer.explain({ payload: question });
      // The newest flight of this key may be another by now.
      if (explanation === null || !explanation.events.some(({ what }) => what === 'failover') || outcome.waiters <= this.#storyWaiters)
        return;
      this.#storyWaiters = outcome.waiters;
      this.story = explanation.toString();
    } catch {
      // The thread that knew the story has just died.
    }
  }
}
