/** Payloads and answers as services have them. Each call makes new objects: a repeated object flatters whatever remembers it. */

export interface ChatRequest {
  readonly model: string;
  readonly temperature: number;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools: readonly { readonly name: string; readonly strict: boolean }[];
}

const SENTENCE = 'The quick brown fox jumps over the lazy dog, and nobody minds. ';

/** A chat request of 3 kB as JSON. */
export function chatRequest(seed: number): ChatRequest {
  return parsed({
    model: 'a-model-of-some-size',
    temperature: 0,
    messages: [
      { role: 'system', content: SENTENCE.repeat(12) },
      { role: 'user', content: `${seed}: ${SENTENCE.repeat(28)}` },
      { role: 'assistant', content: SENTENCE.repeat(4) },
    ],
    tools: [
      { name: 'search', strict: true },
      { name: 'fetch', strict: false },
    ],
  });
}

/** Forty small objects: 3 kB that are all structure and no text. */
export function smallObjects(seed: number): unknown {
  return parsed({
    seed,
    items: Array.from({ length: 40 }, (_, index) => ({
      id: index,
      sku: `sku-${index}`,
      count: index % 7,
      price: index * 1.25,
      gift: false,
    })),
  });
}

export interface ChatAnswer {
  readonly id: string;
  readonly choices: readonly { readonly index: number; readonly message: { readonly role: string; readonly content: string } }[];
  readonly usage: { readonly input: number; readonly output: number };
}

export function chatAnswer(key: string): ChatAnswer {
  return {
    id: key,
    choices: [{ index: 0, message: { role: 'assistant', content: SENTENCE } }],
    usage: { input: 700, output: 20 },
  };
}

/** As a service gets it: out of JSON. */
const parsed = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Keys as they come off a socket: strings of their own, equal ones included. */
export function keysOf(count: number, prefix = 'key'): string[] {
  return Array.from({ length: count }, (_, index) => Buffer.from(`${prefix}-${index}`).toString());
}

/** The next of a list, for ever. */
export function inTurn<T>(items: readonly T[]): () => T {
  let at = 0;
  return () => items[at++ % items.length] as T;
}
