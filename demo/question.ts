// What is asked and answered: one question, its answer and the proof that they belong together, how long a provider takes and what it
// charges. Knows nothing of HTTP, threads or arms.

import { createHash } from 'node:crypto';

/** One request of the traffic. Two questions with the same key ask the same thing, whatever their tokens. */
export interface Question {
  readonly kind: 'question';
  readonly key: string;
  readonly promptTokens: number;
  /** Tokens the provider generates if this question is the one that reaches it. */
  readonly tokens: number;
}

/** Not traffic: ends the worker thread it runs on, once. */
export interface ThreadKill {
  readonly kind: 'thread-kill';
}

export interface Answer {
  readonly key: string;
  readonly provider: string;
  readonly text: string;
  /** When the provider began with it, in milliseconds of the system's clock. */
  readonly begunAt: number;
}

/** The two ways the same traffic goes. Providers count apart for each. */
export type ArmName = 'plain' | 'coalescer';
export const armNames: readonly ArmName[] = ['plain', 'coalescer'];

/** The text every provider gives for a key: it can be checked without asking anybody. */
export function answerText(key: string): string {
  return `The answer for ${key} is ${createHash('sha256').update(key).digest('hex').slice(0, 16)}.`;
}

export function isAnswerTo(question: Question, answer: Answer): boolean {
  return answer.key === question.key && answer.text === answerText(question.key);
}

/** A share of all keys is answered piece by piece, as chats are; the plain client waits for the whole. */
export function isStreamed(key: string): boolean {
  return (createHash('sha256').update(key).digest()[0] ?? 0) % 4 === 0;
}

/** Into how many pieces a provider cuts an answer that it streams. */
export const piecesCount = 8;

/** One of them, by its index. */
export function pieceOf(text: string, index: number): string {
  const size = Math.ceil(text.length / piecesCount);
  return text.slice(index * size, (index + 1) * size);
}

/** What was read of a stream, as an answer: whose it is stands in the text. */
export function answerOf(text: string): Answer {
  return { key: /^The answer for (.*) is /.exec(text)?.[1] ?? '', provider: '', text, begunAt: 0 };
}

const firstTokenMs = 300;
const tokenMs = 20;

/** A provider's time for an answer: 0.3 s, and 20 ms for each generated token. */
export function flightTimeMs(tokens: number): number {
  return firstTokenMs + tokenMs * tokens;
}

/** Tokens generated when an answer is cut off after this time. They are charged all the same. */
export function tokensAfterMs(elapsedMs: number, tokens: number): number {
  return Math.min(tokens, Math.max(0, Math.floor((elapsedMs - firstTokenMs) / tokenMs)));
}

/** Dollars, at the list price of a mid-size model: 3 per million prompt tokens, 15 per million generated tokens. */
export function priceOf(promptTokens: number, generatedTokens: number): number {
  return (promptTokens * 3 + generatedTokens * 15) / 1_000_000;
}
