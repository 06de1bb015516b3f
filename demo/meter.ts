// Follows the requests of one arm from the outside: how many came back, how fast, and whether each answer was the right one. Knows
// nothing of how they were answered.

import { type Answer, isAnswerTo, type Question } from './question.js';

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const bucketMs = 250;
const recentMs = 3_000;

export class Meter {
  sent = 0;
  failed = 0;
  wrong = 0;
  /** The first failure, in words. */
  failure: string | null = null;
  /** In the order they came back. */
  readonly #latencies: number[] = [];
  readonly #settledAtMs: number[] = [];
  readonly #perBucket: number[] = [];
  readonly #startMs: number;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Requests that did not come back yet; at the end of a run: lost ones. */
  get waiting(): number {
    return this.sent - this.#settledAtMs.length;
  }

  /** Never rejects. Time counts from the instant the request was due, so that a late sender cannot flatter an arm. */
  async follow(question: Question, dueMs: number, answer: Promise<Answer>): Promise<void> {
    this.sent++;
    try {
      if (!isAnswerTo(question, await answer)) this.wrong++;
    } catch (error) {
      this.failed++;
      this.failure ??= error instanceof Error ? error.message : String(error);
    }
    const nowMs = performance.now();
    this.#latencies.push(nowMs - dueMs);
    this.#settledAtMs.push(nowMs);
    const bucket = Math.floor((nowMs - this.#startMs) / bucketMs);
    this.#perBucket[bucket] = (this.#perBucket[bucket] ?? 0) + 1;
  }

  /** Requests that came back within the last second. */
  perSecond(nowMs: number): number {
    return this.#settledAtMs.length - this.#firstSince(nowMs - 1_000);
  }

  /** Of the last three seconds. */
  recentP99Ms(nowMs: number): number {
    return percentile(this.#latencies.slice(this.#firstSince(nowMs - recentMs)), 0.99);
  }

  /** Requests that came back in each quarter of a second, up to the last whole one; the newest `count` of them. */
  rhythm(nowMs: number, count: number): number[] {
    const end = Math.floor((nowMs - this.#startMs) / bucketMs);
    return Array.from({ length: Math.min(count, end) }, (_, index) => this.#perBucket[end - Math.min(count, end) + index] ?? 0);
  }

  latency(): Latency {
    return { p50Ms: percentile(this.#latencies, 0.5), p99Ms: percentile(this.#latencies, 0.99) };
  }

  #firstSince(sinceMs: number): number {
    let first = this.#settledAtMs.length;
    while (first > 0 && (this.#settledAtMs[first - 1] ?? 0) >= sinceMs) first--;
    return first;
  }
}

/** The smallest value that this share of all values does not exceed; 0 of no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
