// Requests that come in one turn of the loop are launched by a few readings of the clock. Nobody's time is up early for that, also where the loop is
// held between them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import type { AttemptContext, Coalescer, CoalescerOptions, Targets } from '../../src/index.js';
import { scriptedTarget, virtualEnvironment } from '../../src/testing.js';
import { Clock } from '../../workers/clock.js';
import { codeOf, httpError, watch } from './stage.js';

const TICK = 10;
const HELD = 200;
/** No clock stands still. */
const TINY = 1e-9;

interface Burst {
  readonly coalescer: Coalescer<string, string>;
  readonly advance: (ms: number) => Promise<void>;
  /** The loop stands still: time goes on, and nothing else. */
  readonly hold: (ms: number) => void;
  readonly readings: () => number;
}

/** Virtual time behind the clock that the process's time has, in real turns. */
function burst(targets: Targets, options: Partial<CoalescerOptions<string, string, 'public', 'readonly'>> = {}): Burst {
  const virtual = virtualEnvironment();
  let held = 0;
  let readings = 0;
  const clock = new Clock(
    () => {
      readings++;
      // Time goes on.
      return virtual.now() + held + readings * TINY;
    },
    (run) => process.nextTick(run),
  );
  const environment = {
    ...virtual,
    now: () => clock.now(),
    stamp: () => clock.stamp(),
    reportTo: (receiver: Parameters<Clock['reportTo']>[0]) => clock.reportTo(receiver),
    catchUp: () => clock.catchUp(),
  };
  return {
    coalescer: createCoalescer({ scope: 'public', environment, ...options, targets }),
    advance: (ms) => virtual.advance(ms),
    hold: (ms) => void (held += ms),
    readings: () => readings,
  };
}

test('a burst reads the clock once for many flights, and calls its target for each', async () => {
  const target = scriptedTarget<string, string>();
  const { coalescer, readings } = burst({ target });
  for (let number = 0; number < 160; number++) watch(coalescer.request(`key ${number}`));
  assert.equal(target.calls.length, 160);
  assert.ok(readings() <= 8, `${readings()}`);
});

test('held in a burst, the loop takes nothing from the time of a flight that is launched after', async () => {
  const target = scriptedTarget<string, string>();
  const { coalescer, advance, hold } = burst({ target }, { flightTimeoutMs: 100 });
  const before = ['a', 'b', 'c'].map((key) => watch(coalescer.request(key)));
  hold(HELD);
  const after = ['d', 'e'].map((key) => watch(coalescer.request(key)));
  assert.equal(target.calls.length, 5);
  await advance(2 * TICK);
  assert.equal(target.calls.length, 5);
  assert.deepEqual(
    before.slice(0, 2).map(codeOf),
    ['COALESCER_TIMEOUT', 'COALESCER_TIMEOUT'],
    'those that were launched before, by a reading of their own',
  );
  assert.deepEqual(
    after.map(({ state }) => state),
    ['pending', 'pending'],
  );
  await advance(100 - 3 * TICK);
  assert.deepEqual(
    after.map(({ state }) => state),
    ['pending', 'pending'],
  );
  await advance(3 * TICK);
  assert.deepEqual(after.map(codeOf), ['COALESCER_TIMEOUT', 'COALESCER_TIMEOUT']);
});

test('it fails over with all of its time left, where its first target fails at once', async () => {
  const scripted = scriptedTarget<string, string>();
  const left: number[] = [];
  const backup = (key: string, context: AttemptContext): Promise<string> => {
    if (key === 'd') left.push(context.remainingMs());
    return scripted(key, context);
  };
  const { coalescer, advance, hold } = burst({ primary: () => Promise.reject(httpError(503)), backup }, { flightTimeoutMs: 100 });
  for (const key of ['a', 'b', 'c']) watch(coalescer.request(key));
  hold(HELD);
  const late = watch(coalescer.request('d'));
  // The first target's failure is waited off.
  for (let ms = 0; ms < 40 && left.length === 0; ms++) await advance(1);
  assert.equal(left.length, 1);
  assert.ok(left[0]! > 50, `${left[0]}`);
  const call = scripted.calls.find(({ payload }) => payload === 'd');
  assert.equal(late.state, 'pending');
  call!.resolve('in time');
  await advance(0);
  assert.equal(late.value, 'in time');
});

test('one that does not go straight has all of its time, too', async () => {
  const target = scriptedTarget<string, string>();
  const { coalescer, advance, hold } = burst({ target }, { flightTimeoutMs: 100 });
  const routed = { targets: ['target'] } as const;
  for (const key of ['a', 'b', 'c']) watch(coalescer.request(key, routed));
  hold(HELD);
  const late = watch(coalescer.request('d', routed));
  await advance(90);
  assert.equal(target.calls.length, 4);
  assert.equal(late.state, 'pending');
  await advance(2 * TICK);
  assert.equal(codeOf(late), 'COALESCER_TIMEOUT');
});

test('a target is told all of its time, also while it is being called', async () => {
  const told: number[] = [];
  const target = (_: string, context: { remainingMs(): number }): Promise<string> => {
    told.push(Math.round(context.remainingMs()));
    return Promise.resolve('');
  };
  const { coalescer, hold } = burst({ target }, { flightTimeoutMs: 1_000 });
  for (const key of ['a', 'b', 'c']) watch(coalescer.request(key));
  hold(HELD);
  watch(coalescer.request('d'));
  assert.deepEqual(told, [1_000, 1_000, 1_000, 1_000]);
});

test('its end is never told before its beginning', async () => {
  const target = scriptedTarget<string, string>();
  const { coalescer, advance, hold } = burst({ target });
  for (const key of ['a', 'b']) watch(coalescer.request(key));
  const outcome = coalescer.outcome('c');
  for (const key of ['d', 'e', 'f']) watch(coalescer.request(key));
  hold(HELD);
  for (const call of target.calls) call.resolve('');
  await advance(0);
  const { durationMs, attempts } = await outcome;
  assert.ok(durationMs >= 0 && durationMs <= HELD, `${durationMs}`);
  assert.equal(attempts.length, 1);
  assert.ok(attempts[0]!.durationMs >= 0, `${attempts[0]!.durationMs}`);
});

/** With a value kept for a key. */
async function keeping(ttlMs: number): Promise<Burst & { readonly target: ReturnType<typeof scriptedTarget<string, string>> }> {
  const target = scriptedTarget<string, string>();
  const opened = burst({ target }, { keep: { ttlMs } });
  const first = opened.coalescer.request('key');
  assert.equal(target.calls.length, 1);
  target.calls[0]!.resolve('value');
  assert.equal(await first, 'value');
  return { ...opened, target };
}

test('hits of one turn share readings of the clock where their value is good for a while yet', async () => {
  const { target, coalescer, advance, readings } = await keeping(5_000);
  await advance(3_980);
  // A turn that shared too little, before, lets 32 bursts pass.
  const hits = Array.from({ length: 40 }, () => coalescer.request('key'));
  const before = readings();
  for (let hit = 0; hit < 160; hit++) hits.push(coalescer.request('key'));
  assert.equal(target.calls.length, 1);
  assert.ok(readings() - before <= 8, `${readings() - before}`);
  assert.deepEqual(new Set(await Promise.all(hits)), new Set(['value']));
  assert.equal(coalescer.stats().hits, 200);
});

test('where no value is good for longer than a burst may take, each hit reads the clock once', async () => {
  const { target, coalescer, readings } = await keeping(1_000);
  const before = readings();
  for (let hit = 0; hit < 100; hit++) assert.equal(await coalescer.request('key'), 'value');
  assert.equal(target.calls.length, 1);
  assert.equal(readings() - before, 100);
});

test('held for a second in a burst of hits, the loop makes nobody get what has ended in it', async () => {
  const { target, coalescer, advance, hold } = await keeping(5_000);
  await advance(3_995);
  // A burst, surely: a turn that shared too little, before, lets 32 pass.
  const hits = Array.from({ length: 70 }, () => coalescer.request('key'));
  hold(990);
  hits.push(coalescer.request('key'));
  assert.equal(target.calls.length, 1);
  hold(16);
  const late = coalescer.request('key');
  assert.equal(target.calls.length, 2);
  target.calls[1]!.resolve('new');
  assert.equal(await late, 'new');
  assert.deepEqual(new Set(await Promise.all(hits)), new Set(['value']));
});
