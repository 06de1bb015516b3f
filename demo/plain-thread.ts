// The thread of the plain client: questions come as messages, answers go back as messages.

import { parentPort, workerData } from 'node:worker_threads';
import { PlainClient, type PlainClientOptions } from './plain-client.js';
import type { Answer, Question } from './question.js';

export interface PlainQuestion {
  readonly number: number;
  readonly question: Question;
}

export interface PlainReply {
  readonly number: number;
  readonly answer: Answer | null;
  /** Why there is none. */
  readonly failure: string;
  /** Of all questions so far. */
  readonly retries: number;
  readonly failovers: number;
}

const client = new PlainClient(workerData as PlainClientOptions);

async function reply({ number, question }: PlainQuestion): Promise<void> {
  let answer: Answer | null = null;
  let failure = '';
  try {
    answer = await client.ask(question);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  const { retries, failovers } = client;
  parentPort?.postMessage({ number, answer, failure, retries, failovers } satisfies PlainReply);
}

parentPort?.on('message', (question: PlainQuestion) => void reply(question));
