/** What the thread rows fly, on whichever thread: an echo, and a parser of large answers. */
import { defineTargets } from '../../src/index.js';

export interface Question {
  readonly id: number;
  readonly text: string;
}

export interface Answer {
  readonly id: number;
  readonly answer: string;
}

export const answer = async ({ id, text }: Question): Promise<Answer> => ({ id, answer: `to ${text}` });

/** 1 MB of JSON, as an upstream would send it. */
const large = JSON.stringify({
  rows: Array.from({ length: 9_000 }, (_, id) => ({
    id,
    name: `row ${id}`,
    tags: ['one', 'two', 'three'],
    score: id * 0.37,
    text: 'x'.repeat(30),
  })),
});

/** The work that threads are for: a large answer is parsed, and 1 kB of it returned. */
export const extract = async (payload: Question): Promise<unknown> => {
  await Promise.resolve();
  const { rows } = JSON.parse(large) as { readonly rows: readonly unknown[] };
  return { id: payload.id, rows: rows.slice(payload.id % 1_000, (payload.id % 1_000) + 8) };
};

export default defineTargets({ answer });
