// Those who want the value beside those who read: a reader, even one that has left, takes nothing from them, and a refused value holds nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { countedEnvironment } from '../inline/stage.js';
import { readAll, turns } from './stage.js';

for (const who of ['stays', 'has left'] as const) {
  test(`a value of a target that does not stream is as large as it is, also where one who reads it ${who}`, async () => {
    const environment = countedEnvironment();
    const words = Array.from({ length: 100 }, (_, index) => `word ${index}`);
    let calls = 0;
    const only = (): Promise<{ readonly words: readonly string[] }> => {
      calls++;
      return Promise.resolve({ words });
    };
    const coalescer = createCoalescer({ scope: 'public', environment, limits: { resultBytes: 200 }, targets: { only } });
    const value = coalescer.request('a');
    const stream = coalescer.stream('a');
    if (who === 'stays') readAll(stream);
    else await stream[Symbol.asyncDispose]();
    await environment.advance(0);
    assert.deepEqual([await value, calls], [{ words }, 1]);
  });
}

test('what is for one alone goes to the leader, whoever came to read it and left', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const run = (): Promise<string> => {
    calls++;
    return Promise.resolve('mine');
  };
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { only: { run, isShareable: () => false } } });
  const value = coalescer.request('a');
  await coalescer.stream('a')[Symbol.asyncDispose]();
  await environment.advance(0);
  assert.deepEqual([await value, calls], ['mine', 1]);
});

test('a target that was refused a value waits for that flight no more', async () => {
  const environment = countedEnvironment();
  const settled = (): Promise<void> => environment.advance(0);
  const told: unknown[] = [];
  const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
  const goOn = new Map<string, () => void>();
  const gate = (of: string): Promise<void> => new Promise((resolve) => void goOn.set(of, resolve));
  let calls = 0;
  async function* only(payload: string): AsyncGenerator<unknown, void> {
    calls++;
    if (payload === 'A') {
      told.push(await coalescer.request('B').catch(codeOf));
      await gate(payload);
    } else {
      yield 'x'.repeat(150);
      yield 'x'.repeat(150);
      await gate(payload);
      told.push(await coalescer.request('A').then(() => 'A has answered', codeOf));
    }
    yield 'end';
  }
  const coalescer = createCoalescer<{ only: (payload: string) => AsyncIterable<unknown> }, 'public'>({
    scope: 'public',
    environment,
    detectReentrance: true,
    limits: { resultBytes: 200 },
    targets: { only },
  });
  const reading = readAll(coalescer.stream('B'));
  const ofA = coalescer.request('A');
  await turns(settled);
  assert.deepEqual([calls, told, goOn.size], [2, ['COALESCER_LIMIT'], 2]);
  // B asks for A, which is still in the air, and then A ends.
  for (const of of ['B', 'A']) {
    goOn.get(of)?.();
    await turns(settled);
  }
  assert.deepEqual([calls, told[1], await ofA, reading.state], [2, 'A has answered', ['end'], 'ended']);
});
