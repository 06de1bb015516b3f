// What a provider counted for one arm: the upstream calls and what they cost. Plain data; sums of it are made by the parent.

import { priceOf } from './question.js';

export interface Bill {
  readonly calls: number;
  /** Calls that have not ended. */
  readonly inAir: number;
  /** Calls answered with 503. */
  readonly refused: number;
  /** Calls whose caller hung up before the answer. */
  readonly cutOff: number;
  readonly promptTokens: number;
  readonly generatedTokens: number;
}

export const emptyBill: Bill = { calls: 0, inAir: 0, refused: 0, cutOff: 0, promptTokens: 0, generatedTokens: 0 };

export function sumOfBills(one: Bill, other: Bill): Bill {
  return {
    calls: one.calls + other.calls,
    inAir: one.inAir + other.inAir,
    refused: one.refused + other.refused,
    cutOff: one.cutOff + other.cutOff,
    promptTokens: one.promptTokens + other.promptTokens,
    generatedTokens: one.generatedTokens + other.generatedTokens,
  };
}

export function dollarsOf(bill: Bill): number {
  return priceOf(bill.promptTokens, bill.generatedTokens);
}
