// What a target, a classify, a key or a listener does to the coalescer while it is being called: nothing may be lost, nothing may go twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, flightOf, type AttemptContext, type Coalescer, type Verdict } from '../../src/index.js';
import { codeOf, countedEnvironment, hang, httpError, watch, type CountedEnvironment, type Watched } from './stage.js';

interface Inside {
  readonly environment: CountedEnvironment;
  readonly coalescer: Coalescer<string, unknown>;
  readonly called: string[];
  readonly signals: AbortSignal[];
}

/** A coalescer whose one target does `act` while it is being called for 'a', and then hangs; all other payloads are echoed. */
function openInside(act: (coalescer: Coalescer<string, unknown>, context: AttemptContext) => unknown): Inside {
  const environment = countedEnvironment();
  const called: string[] = [];
  const signals: AbortSignal[] = [];
  let isFirst = true;
  const run = (payload: string, context: AttemptContext): unknown => {
    called.push(payload);
    signals.push(context.signal);
    if (payload !== 'a') return payload;
    if (!isFirst) return hang();
    isFirst = false;
    return act(coalescer, context) ?? hang();
  };
  const coalescer: Coalescer<string, unknown> = createCoalescer({ scope: 'public', targets: { run }, environment, flightTimeoutMs: 1_000 });
  return { environment, coalescer, called, signals };
}

const idle = ({ coalescer, environment }: Inside): void => {
  const { airborne, waiting, bytes } = coalescer.stats();
  assert.deepEqual([airborne, waiting, bytes, environment.timers()], [0, 0, 0, 0]);
};

test('a target that aborts its own caller while it is being called ends that flight, and the caller gets the reason', async () => {
  const leaving = new AbortController();
  const inside = openInside(() => leaving.abort('stopped from inside'));
  const waiter = watch(inside.coalescer.request('a', { signal: leaving.signal }));
  await inside.environment.advance(10);
  assert.deepEqual(inside.called, ['a']);
  assert.equal(waiter.reason, 'stopped from inside');
  assert.equal(inside.signals[0]!.aborted, true);
  idle(inside);
  watch(inside.coalescer.request('a'));
  assert.equal(inside.called.length, 2);
});

test('a flight that is cancelled in a call within its own call hears of it when its own call has returned', async () => {
  const heard: unknown[] = [];
  const environment = countedEnvironment();
  const run = (payload: string, context: AttemptContext): unknown => {
    if (payload === 'inner') return coalescer.cancel({ payload: 'outer' });
    watch(coalescer.request('inner'));
    heard.push(context.signal.aborted, coalescer.stats().airborne);
    return hang();
  };
  const coalescer: Coalescer<string, unknown> = createCoalescer({ scope: 'public', targets: { run }, environment });
  const waiter = watch(coalescer.request('outer'));
  await environment.advance(10);
  assert.deepEqual(heard, [false, 2]);
  assert.equal(codeOf(waiter), 'COALESCER_FLIGHT_CANCELLED');
  assert.deepEqual([coalescer.stats().launched, coalescer.stats().airborne], [2, 0]);
});

test('a value that may not be shared is looked at once', async () => {
  let looks = 0;
  const iterator = {
    get next(): () => void {
      looks++;
      return () => undefined;
    },
  };
  const inside = openInside(() => Promise.resolve(iterator));
  const waiter = watch(inside.coalescer.request('a'));
  await inside.environment.advance(10);
  assert.deepEqual([inside.called, looks], [['a'], 1]);
  assert.equal(codeOf(waiter), 'COALESCER_NOT_SHAREABLE');
});

test('a value that cancels its own flight when it is looked at is nobody’s, and the flight lands once', async () => {
  const value = (coalescer: Coalescer<string, unknown>): object => ({
    get next(): undefined {
      coalescer.cancel({ payload: 'a' });
      return undefined;
    },
  });
  const inside = openInside((coalescer) => Promise.resolve(value(coalescer)));
  const other = watch(inside.coalescer.request('b'));
  const waiter = watch(inside.coalescer.request('a'));
  await inside.environment.advance(10);
  assert.deepEqual(inside.called, ['b', 'a']);
  assert.equal(codeOf(waiter), 'COALESCER_FLIGHT_CANCELLED');
  assert.equal(other.value, 'b');
  const { fulfilled, rejected, targets } = inside.coalescer.stats();
  assert.deepEqual([fulfilled, rejected, targets['run']?.airborne], [1, 1, 0]);
  idle(inside);
});

test('a target that aborts its caller and answers at once: the caller is settled once, and nothing stays', async () => {
  for (const answer of ['value', Promise.resolve('value')]) {
    const leaving = new AbortController();
    const inside = openInside(() => (leaving.abort('stopped'), answer));
    const waiter = watch(inside.coalescer.request('a', { signal: leaving.signal }));
    await inside.environment.advance(10);
    assert.deepEqual(inside.called, ['a']);
    assert.notEqual(waiter.state, 'pending');
    idle(inside);
  }
});

test('a target that cancels its own flight hears of it when it has returned, and not in the middle of its call', async () => {
  const heard: boolean[] = [];
  const inside = openInside((coalescer, context) => {
    coalescer.cancel({ payload: 'a' });
    heard.push(context.signal.aborted);
  });
  const waiter = watch(inside.coalescer.request('a'));
  await inside.environment.advance(10);
  assert.deepEqual(inside.called, ['a']);
  assert.deepEqual(heard, [false]);
  assert.equal(inside.signals[0]!.aborted, true);
  assert.equal(codeOf(waiter), 'COALESCER_FLIGHT_CANCELLED');
  idle(inside);
});

test('a target that cancels its own flight while it is being called', async () => {
  const inside = openInside((coalescer) => void coalescer.cancel({ payload: 'a' }, 'from inside'));
  const waiter = watch(inside.coalescer.request('a'));
  await inside.environment.advance(10);
  assert.deepEqual(inside.called, ['a']);
  assert.equal(codeOf(waiter), 'COALESCER_FLIGHT_CANCELLED');
  assert.equal((waiter.reason as Error).cause, 'from inside');
  assert.equal(flightOf(waiter.reason)?.flight, 'coalescer#1');
  assert.equal(inside.signals[0]!.aborted, true);
  idle(inside);
});

test('a target that forgets its own flight while it is being called: its waiter still gets the answer', async () => {
  const inside = openInside((coalescer) => {
    assert.equal(coalescer.forget({ payload: 'a' }), 1);
    return Promise.resolve('answer');
  });
  const waiter = watch(inside.coalescer.request('a'));
  const other = watch(inside.coalescer.request('a'));
  await inside.environment.advance(10);
  assert.deepEqual(inside.called, ['a', 'a']);
  assert.deepEqual([waiter.value, other.state], ['answer', 'pending']);
});

test('a target that closes its coalescer while it is being called: its waiter is told, and the closing ends', async () => {
  let closing: Watched | undefined;
  const inside = openInside((coalescer) => void (closing = watch(coalescer.close({ drainMs: 0 }))));
  const waiter = watch(inside.coalescer.request('a'));
  await inside.environment.advance(20);
  assert.deepEqual(inside.called, ['a']);
  assert.equal(codeOf(waiter), 'COALESCER_CLOSED');
  assert.equal(closing?.state, 'fulfilled');
  idle(inside);
});

test('a target that asks for another key flies it inside its own flight', async () => {
  const inside = openInside(async (coalescer) => `a and ${String(await coalescer.request('b'))}`);
  const waiters = [watch(inside.coalescer.request('a')), watch(inside.coalescer.request('b'))];
  await inside.environment.advance(10);
  assert.deepEqual(inside.called, ['a', 'b']);
  assert.deepEqual(
    waiters.map(({ value }) => value),
    ['a and b', 'b'],
  );
  idle(inside);
});

test('a classify that cancels, forgets or asks again leaves every waiter settled once', async () => {
  const acts: ((coalescer: Coalescer<string, unknown>) => unknown)[] = [
    (coalescer) => coalescer.cancel({ payload: 'a' }),
    (coalescer) => coalescer.forget({ payload: 'a' }),
    (coalescer) => watch(coalescer.request('a')),
    (coalescer) => watch(coalescer.request('a', { fresh: true })),
    (coalescer) => watch(coalescer.close({ drainMs: 0 })),
  ];
  for (const act of acts) {
    for (const verdict of ['answer', 'failover', 'retry'] as const) {
      const environment = countedEnvironment();
      let calls = 0;
      const run = async (): Promise<unknown> => (calls++, Promise.reject(httpError(503)));
      let hasActed = false;
      const classify = (): Verdict => {
        if (!hasActed) act(coalescer);
        hasActed = true;
        return verdict;
      };
      const coalescer: Coalescer<string, unknown> = createCoalescer({
        scope: 'public',
        targets: { one: { run, classify }, two: run },
        environment,
        detectReentrance: false,
      });
      const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
      await environment.settle();
      assert.ok(calls >= 1 && calls <= 4, `${calls} calls`);
      for (const { state } of waiters) assert.equal(state, 'rejected');
      const { airborne, waiting, bytes } = coalescer.stats();
      assert.deepEqual([airborne, waiting, bytes, environment.timers()], [0, 0, 0, 0]);
    }
  }
});

test('options whose getters meddle are read, and lose nobody', async () => {
  const inside = openInside(() => undefined);
  const options = {
    get signal() {
      inside.coalescer.cancel({ payload: 'a' });
      return undefined;
    },
  };
  const first = watch(inside.coalescer.request('a'));
  const second = watch(inside.coalescer.request('a', options));
  await inside.environment.advance(0);
  assert.equal(codeOf(first), 'COALESCER_FLIGHT_CANCELLED');
  await inside.environment.advance(1_010);
  assert.notEqual(second.state, 'pending');
  idle(inside);
});
