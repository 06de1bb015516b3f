// The coalescer under test: made from the public face only, watched over its diagnostics channels, and asked to explain the flight that
// makes the best story: one that failed over with many waiters on board.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type ChannelMessages, createCoalescer, type Outcome, type Stats, threadTargets } from 'coalescer';
import type { Loss } from './oracle.js';
import type { Answer, Question } from './question.js';
import type targets from './targets.js';
import type { TargetsConfig } from './targets.js';

export interface CoalescerArmOptions {
  readonly threads: number;
  readonly config: TargetsConfig;
  readonly flightTimeoutMs: number;
  /** A worker thread is gone; so many flights were launched again. */
  readonly onThreadLost: (relaunched: number) => void;
}

const name = 'demo';
const threadChannel = 'coalescer:thread';

function make({ threads, config, flightTimeoutMs }: CoalescerArmOptions) {
  return createCoalescer({
    name,
    scope: 'public',
    // The tokens are not part of the question: whoever asks first decides how long the answer takes.
    key: (payload) => (payload.kind === 'question' ? payload.key : null),
    targets: threadTargets<typeof targets>(new URL('./targets.js', import.meta.url), { threads, config }),
    flightTimeoutMs,
    // Both providers, and both again for a flight that is also on the thread that dies.
    maxAttempts: 4,
  });
}

export class CoalescerArm {
  /** Most waiters seen on one flight. */
  waitersMost = 0;
  /** Flights that lost an attempt and were answered by a later one; times are `performance.now()`. */
  readonly losses: Loss[] = [];
  /** One flight in words. */
  story: string | null = null;
  #storyWaiters = 0;
  /** What is not of the traffic: the flights that kill threads. */
  readonly #kills = { launched: 0, failovers: 0, relaunches: 0 };
  readonly #coalescer: ReturnType<typeof make>;
  readonly #onThread: (message: unknown) => void;

  constructor(options: CoalescerArmOptions) {
    this.#coalescer = make(options);
    this.#onThread = (message) => {
      const { coalescer, event, relaunched } = message as ChannelMessages['coalescer:thread'];
      if (coalescer === name && event === 'lost') options.onThreadLost(relaunched);
    };
    subscribe(threadChannel, this.#onThread);
  }

  async ready(): Promise<void> {
    await this.#coalescer.ready();
  }

  async ask(question: Question): Promise<Answer> {
    const askedAtMs = performance.now();
    const outcome = await this.#coalescer.outcome(question);
    this.waitersMost = Math.max(this.waitersMost, outcome.waiters);
    this.#keepLoss(question, outcome, askedAtMs);
    void this.#keepStory(question, outcome);
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
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

  async close(): Promise<void> {
    unsubscribe(threadChannel, this.#onThread);
    await this.#coalescer.close({ drainMs: 0 });
  }

  /** Its leader launches a flight when it is asked. */
  #keepLoss(question: Question, outcome: Outcome<Answer>, askedAtMs: number): void {
    const { role, attempts, relaunches } = outcome;
    if (role !== 'leader' || outcome.status === 'rejected' || (attempts.length === 1 && relaunches === 0)) return;
    const atMs = askedAtMs + (attempts[0]?.durationMs ?? 0);
    this.losses.push({ question, atMs, againAtMs: outcome.value.begunAt - performance.timeOrigin });
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
