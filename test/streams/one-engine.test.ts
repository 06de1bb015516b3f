// One engine: what holds for a value holds for a stream, whoever asks. The same cases for targets of both kinds and for both ways to ask.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, flightOf, type CoalescerError } from '../../src/index.js';
import { countedEnvironment, httpError } from '../inline/stage.js';

type Answer = 'answer' | 'throw' | 'reject' | 'not found' | 'hang';
const GIVES = ['a value', 'a stream'] as const;
const ASKS = ['request', 'stream'] as const;

/** A target of either kind that does what it is told; `told` by call, the last one again and again. */
function targetOf(gives: (typeof GIVES)[number], name: string, calls: string[], told: Answer) {
  const fail = (): never => {
    throw httpError(told === 'not found' ? 404 : 503);
  };
  async function* chunks(): AsyncGenerator<string> {
    if (told === 'hang') await new Promise(() => {});
    if (told !== 'answer') fail();
    yield `${name} `;
    yield 'answers';
  }
  return (_payload: string): Promise<string> | AsyncIterable<string> => {
    calls.push(name);
    if (told === 'throw') fail();
    if (gives === 'a stream') return chunks();
    if (told === 'hang') return new Promise(() => {});
    return told === 'answer' ? Promise.resolve(`${name} answers`) : Promise.reject(httpError(told === 'not found' ? 404 : 503));
  };
}

interface Case {
  readonly targets: Readonly<Record<string, Answer>>;
  readonly calls: readonly string[];
  /** The text, or the code or status of the error. */
  readonly ends: string | number;
}
const cases: Readonly<Record<string, Case>> = {
  'the first answers': { targets: { one: 'answer', two: 'answer' }, calls: ['one'], ends: 'one answers' },
  'the first throws at once': { targets: { one: 'throw', two: 'answer' }, calls: ['one', 'two'], ends: 'two answers' },
  'the first rejects': { targets: { one: 'reject', two: 'answer' }, calls: ['one', 'two'], ends: 'two answers' },
  'the first hangs': { targets: { one: 'hang', two: 'answer' }, calls: ['one', 'two'], ends: 'two answers' },
  'the first says not found': { targets: { one: 'not found', two: 'answer' }, calls: ['one'], ends: 404 },
  'two of three fail': { targets: { one: 'reject', two: 'throw', three: 'answer' }, calls: ['one', 'two', 'three'], ends: 'three answers' },
  'all fail': { targets: { one: 'reject', two: 'reject' }, calls: ['one', 'two'], ends: 'COALESCER_TARGETS_FAILED' },
  'all hang': { targets: { one: 'hang', two: 'hang' }, calls: ['one', 'two'], ends: 'COALESCER_TIMEOUT' },
  'the only one fails': { targets: { one: 'reject' }, calls: ['one'], ends: 503 },
};

for (const gives of GIVES) {
  for (const asks of ASKS) {
    for (const [what, { targets, calls: expected, ends }] of Object.entries(cases)) {
      test(`${asks} of targets that give ${gives}: ${what}`, async () => {
        const calls: string[] = [];
        const environment = countedEnvironment();
        const coalescer = createCoalescer({
          scope: 'public',
          environment,
          breaker: false,
          flightTimeoutMs: 1_000,
          targets: Object.fromEntries(Object.entries(targets).map(([name, told]) => [name, targetOf(gives, name, calls, told)])),
        });
        const ask = async (): Promise<unknown> => {
          if (asks === 'request') return [await coalescer.request('a')].flat().join('');
          let text = '';
          for await (const chunk of coalescer.stream('a')) text += chunk;
          return text;
        };
        const asked = Promise.allSettled(Array.from({ length: 20 }, ask));
        await environment.advance(2_000);
        const outcomes = await asked;
        assert.deepEqual(calls, expected);
        for (const outcome of outcomes) {
          const { code, status } = (outcome.status === 'rejected' ? outcome.reason : {}) as { code?: string; status?: number };
          assert.equal(outcome.status === 'fulfilled' ? outcome.value : (code ?? status), ends);
        }
        const reasons = new Set(outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as CoalescerError) : null)));
        assert.equal(reasons.size, 1, 'one error for all');
        const [error] = reasons;
        if (error !== null) assert.deepEqual(flightOf(error)?.attempts.map(({ target }) => target), expected); // biome-ignore format: one line
        const { airborne, waiting, bytes } = coalescer.stats();
        assert.deepEqual([airborne, waiting, bytes], [0, 0, 0]);
      });
    }
  }
}
