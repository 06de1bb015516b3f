// What comes after what: who waits is told before anybody hears that nothing is left, once, and whatever is done meanwhile by those who are asked.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCoalescer, type AttemptContext, type Coalescer } from '../../src/index.js';
import { countedEnvironment, hang, httpError, openStage, watch } from './stage.js';
import { promisesSettled } from '../../workers/environment.js';
import { flightOf } from '../units/flights.js';
import { fedTarget, openStreams, readAll } from '../streams/stage.js';

type Of<T> = Coalescer<string, T, T, 'public'>;

/** As a service does it: some functions deep. */
async function handled(coalescer: Of<string>, said: string[]): Promise<void> {
  const inner = async (): Promise<string> => await coalescer.request('a');
  try {
    await inner();
    said.push('value');
  } catch {
    said.push('error');
  }
}

describe('who waits is told before it is said that nothing is in the air', () => {
  const ends = { value: () => Promise.resolve('value'), error: () => Promise.reject(httpError(503)) };
  for (const [end, only] of Object.entries(ends)) {
    test(`by idle(), asked before and after: ${end}`, async () => {
      for (const isAfter of [false, true]) {
        const said: string[] = [];
        const coalescer: Of<string> = createCoalescer({ scope: 'public', environment: countedEnvironment(), targets: { only } });
        void handled(coalescer, said);
        if (isAfter) while (coalescer.stats().airborne > 0) await Promise.resolve();
        await coalescer.idle();
        assert.equal(coalescer.stats().targets['only']?.attempts, 1);
        assert.deepEqual(said, [end], isAfter ? 'asked after it landed' : 'asked while it flew');
      }
    });
  }

  test('by close(), for whom no time is left', async () => {
    const said: string[] = [];
    const environment = countedEnvironment();
    const coalescer: Of<string> = createCoalescer({ scope: 'public', environment, targets: { only: hang } });
    void handled(coalescer, said);
    void coalescer.outcome('a').then(({ status }) => said.push(status));
    void coalescer.close({ drainMs: 0 }).then(() => said.push('closed'));
    await environment.advance(0);
    assert.equal(coalescer.stats().targets['only']?.attempts, 1);
    assert.deepEqual([said.slice(0, 2).toSorted(), said[2]], [['error', 'rejected'], 'closed']);
  });
});

test('a flight that `collect` ends, and then throws, ends once: nothing rejects unheard, and nobody is counted off twice', async (context) => {
  const unheard: unknown[] = [];
  const listen = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  context.after(() => process.off('unhandledRejection', listen));
  let calls = 0;
  const only = async function* (): AsyncGenerator<string> {
    calls++;
    yield 'chunk';
  };
  const collect = (): never => {
    coalescer.cancel({ payload: 'a' });
    throw new Error('from collect');
  };
  const environment = countedEnvironment();
  const coalescer = createCoalescer({ scope: 'public', environment, collect, targets: { only } });
  const waiter = watch(coalescer.request('a'));
  const reading = readAll(coalescer.stream('a'));
  for (let turn = 0; turn < 5; turn++) await environment.advance(0);
  await promisesSettled();
  assert.equal(calls, 1);
  assert.deepEqual([unheard, (waiter.reason as { code: string }).code, reading.state], [[], 'COALESCER_FLIGHT_CANCELLED', 'failed']);
  assert.deepEqual([coalescer.stats().waiting, coalescer.stats().airborne], [0, 0]);
});

test('a shared promise is rejected once, whoever asks for it again', async (context) => {
  const unheard: unknown[] = [];
  const listen = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', listen);
  context.after(() => process.off('unhandledRejection', listen));
  const flight = flightOf();
  const waiter = watch(flight.share());
  for (const reason of ['first', 'second']) flight.rejectShared(reason);
  await promisesSettled();
  await promisesSettled();
  assert.deepEqual([waiter.reason, unheard], ['first', []]);
});

test('a value too large is refused to all who want it, also where one who is told makes the next one leave', async () => {
  const only = fedTarget();
  const { coalescer, settled } = openStreams({ only }, { limits: { resultBytes: 1_000 } });
  const leaving = ['first', 'second', 'third'].map(() => new AbortController());
  const [first, second] = leaving as [AbortController, AbortController];
  const remove = first.signal.removeEventListener.bind(first.signal);
  first.signal.removeEventListener = (...given: Parameters<typeof remove>): void => {
    second.abort('left');
    remove(...given);
  };
  const waiters = leaving.map(({ signal }) => watch(coalescer.request('a', { signal })));
  const reading = readAll(coalescer.stream('a'));
  await settled();
  only.calls[0]!.give(...Array.from({ length: 6 }, () => 'x'.repeat(200)));
  for (let turn = 0; turn < 5; turn++) await settled();
  assert.deepEqual(
    waiters.map(({ reason }) => (reason as { code?: string }).code ?? reason),
    ['COALESCER_LIMIT', 'left', 'COALESCER_LIMIT'],
  );
  assert.deepEqual([coalescer.stats().waiting, reading.chunks.length], [1, 6]);
});

test('a signal that ends the flight while it is listened to leaves no time running', async () => {
  const { coalescer, environment, primary } = openStage();
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...given: Parameters<typeof add>): void => {
    coalescer.cancel({ payload: 'a' });
    add(...given);
  };
  const waiters = [watch(coalescer.request('a', { timeoutMs: 1_000 })), watch(coalescer.request('a', { signal, timeoutMs: 1_500 }))];
  await environment.advance(20);
  assert.equal(primary.calls.length, 1);
  assert.deepEqual(
    waiters.map(({ state }) => state),
    ['rejected', 'rejected'],
  );
  assert.equal(environment.timers(), 0);
});

test('who comes to read while a value turns out to be for one is not given it', async () => {
  const readings: ReturnType<typeof readAll>[] = [];
  const value = {
    get secret(): number {
      if (readings.length === 0) readings.push(readAll(coalescer.stream('a')));
      return 1;
    },
  };
  const environment = countedEnvironment();
  let calls = 0;
  const only = { run: () => (calls++, Promise.resolve(value)), isShareable: () => false };
  const coalescer = createCoalescer({ scope: 'public', environment, streams: { midStream: 'verify' }, targets: { only } });
  const gone = coalescer.stream('a')[Symbol.asyncIterator]();
  const follower = watch(coalescer.request('a'));
  void gone.next();
  void gone.return?.();
  for (let turn = 0; turn < 5; turn++) await environment.advance(0);
  // Whose flight it was has left; who joined flies alone.
  assert.deepEqual([calls, readings.length], [2, 1], 'somebody came');
  assert.deepEqual([readings[0]?.chunks, readings[0]?.state], [[], 'failed']);
  assert.equal(follower.value, value);
});

test('a context says after the first chunk that the flight’s whole time is left', async () => {
  let context: AttemptContext | null = null;
  const environment = countedEnvironment();
  const chunks = async function* (): AsyncGenerator<string> {
    await promisesSettled();
    yield 'chunk';
    await hang();
  };
  const only = (_: string, given: AttemptContext): AsyncGenerator<string> => ((context = given), chunks());
  const coalescer = createCoalescer({ scope: 'public', environment, attemptTimeoutMs: 1_000, flightTimeoutMs: 30_000, targets: { only } });
  const before = watch(coalescer.request('a'));
  assert.equal((context as AttemptContext | null)?.remainingMs(), 1_000);
  await environment.advance(500);
  assert.deepEqual([(context as AttemptContext | null)?.remainingMs(), before.state], [29_500, 'pending']);
});
