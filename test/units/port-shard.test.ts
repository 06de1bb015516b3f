// A shard behind a port: what its front can see of it while it works through one long turn, and of a flight that goes straight in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packBody } from '../../workers/body.js';
import { errorOf, type ErrorRecord } from '../../workers/error-record.js';
import { HealthMemory } from '../../workers/health-memory.js';
import { Health } from '../../workers/health.js';
import {
  ABANDON,
  BREAKER,
  FAILED,
  FULFILLED,
  type FrontFrame,
  LAUNCH,
  type LaunchFrame,
  type ShardFrame,
  WRITTEN,
} from '../../workers/protocol.js';
import { PortShard, type PortShardSettings } from '../../workers/port-shard.js';
import { SharedMemory } from '../../workers/shared-memory.js';
import { type AttemptContext, fillTargets, type Targets } from '../../workers/targets.js';
import { Wheel } from '../../workers/wheel.js';
import { Wire } from '../../workers/wire.js';
import { promisesSettled as settled } from '../../workers/environment.js';
import { collected } from './collected.js';
import { manualSeam } from './manual-seam.js';

const FLIGHTS = 500;
const FLIGHT_MS = 30_000;

/** A shard, and all that its front has of it. */
function openShard(given: Targets, own: Partial<PortShardSettings> = {}) {
  const seam = manualSeam();
  const memory = SharedMemory.ofSlots(FLIGHTS);
  const healthMemory = HealthMemory.ofTargets();
  const targets = fillTargets(given);
  const wheel = new Wheel(seam);
  const streams = { midStream: 'fail', firstChunkTimeoutMs: null, idleTimeoutMs: 1_000, replayBytes: 0 } as const;
  const settings: PortShardSettings = {
    name: 'shard',
    maxAttempts: null,
    attemptTimeoutMs: null,
    backoff: { baseMs: 1, maxMs: 1 },
    streams,
    resultBytes: 1_000,
    health: healthMemory.buffer,
    breaker: { failureShare: 0.5, attemptsMin: 20, consecutive: 5, openMs: 1_000, openMsMax: 1_000, whenAllOpen: 'try' },
    budget: null,
    steering: 'priority',
    probeShare: 0,
    hedge: null,
    ...own,
  };
  const told: ShardFrame[] = [];
  const post = (envelope: Parameters<Wire['read']>[0]): void => new Wire().read<ShardFrame>(envelope, (frame) => told.push(frame));
  const shard = new PortShard({ seam, wheel, wire: new Wire(), memory, targets, settings, flying: null, post });
  const send = (...frames: FrontFrame[]): void => shard.receive(new Wire().pack(frames, false).envelope);
  const random = (): number => 0;
  /** What another thread knows of the targets. */
  const health = new Health({ memory: healthMemory, targets, settings, holder: 1, random, announce: () => undefined });
  return { seam, memory, wheel, shard, send, told, health };
}

const { kind, data } = packBody('payload', null);
const launch = (slot: number, deadline = FLIGHT_MS): LaunchFrame => [LAUNCH, slot, slot + 1, null, 'key', deadline, null, kind, data];

test('a turn in which hundreds of flights are taken over beats the heart at each: a busy thread is no hung one', () => {
  const heard: number[] = [];
  const only = (): Promise<never> => {
    heard.push(memory.heartbeat);
    return new Promise(() => {});
  };
  const { memory, shard, send } = openShard({ only }, { maxAttempts: 1 });
  send(...Array.from({ length: FLIGHTS }, (_, slot) => launch(slot)));
  assert.equal(heard.length, FLIGHTS, 'every target was called');
  assert.deepEqual(
    heard,
    Array.from({ length: FLIGHTS }, (_, index) => index),
  );
  shard.end();
});

test('a flight that goes straight is in the ledger before its target runs, is named while it does, and leaves nothing that is timed', async () => {
  const seen: unknown[] = [];
  const only = async (): Promise<string> => {
    seen.push([memory.culprit, memory.ledger(seen.length)]);
    return 'value';
  };
  const { seam, memory, wheel, send, told } = openShard({ only });
  send(launch(0), launch(1));
  const entry = { attemptsMade: 1, targetsTried: 1, lastTarget: 0, otherTarget: -1 };
  assert.deepEqual(seen, [
    [1, entry],
    [2, entry],
  ]);
  assert.deepEqual([memory.culprit, wheel.size], [0, 2]);
  seam.advance(2);
  await settled();
  seam.advance(0);
  assert.equal(wheel.size, 0);
  assert.deepEqual(told, [
    [FULFILLED, 0, 1, [0, 1, 0, 2, 0, null], WRITTEN, '"value"'],
    [FULFILLED, 1, 2, [0, 1, 0, 2, 0, null], WRITTEN, '"value"'],
  ]);
});

test('what other threads must know of an attempt that went straight, they know at once', async () => {
  const { seam, send, health } = openShard({ only: async () => 'value' });
  send(launch(0));
  seam.advance(64);
  await settled();
  const { latency } = health.of(0);
  assert.equal(latency.samples, 1);
  assert.ok(Math.abs((latency.percentile(0.5) ?? 0) - 64) <= 4);
});

for (const { what, own, ms } of [
  { what: 'an equal share of the time', own: {}, ms: FLIGHT_MS / 3 },
  { what: 'an equal share among the attempts there may be', own: { maxAttempts: 2 }, ms: FLIGHT_MS / 2 },
  { what: 'all of it where there is one attempt', own: { maxAttempts: 1 }, ms: FLIGHT_MS },
  { what: 'no more than its own time', own: { attemptTimeoutMs: 700 }, ms: 700 },
  { what: 'no more than is left', own: { attemptTimeoutMs: 70_000 }, ms: FLIGHT_MS },
])
  test(`an attempt that goes straight may take ${what}, and then the flight goes on`, async () => {
    const calls: { readonly name: string; readonly at: number; readonly context: AttemptContext }[] = [];
    const slow =
      (name: string) =>
      (_: unknown, context: AttemptContext): Promise<never> => {
        calls.push({ name, at: seam.now(), context });
        return new Promise(() => {});
      };
    const { seam, wheel, send, told } = openShard({ one: slow('one'), two: slow('two'), three: slow('three') }, own);
    // Its frame is read when 40 ms of its time are over.
    seam.advance(40);
    send(launch(0, FLIGHT_MS + 40));
    const { context } = calls[0]!;
    assert.deepEqual([calls.length, context.attempt, context.remainingMs()], [1, 1, ms]);
    seam.advance(ms - 1);
    assert.deepEqual([calls.length, context.signal.aborted, context.remainingMs()], [1, false, 1]);
    seam.advance(11);
    assert.deepEqual([context.signal.aborted, context.remainingMs()], [true, 0]);
    const isOver = ms === FLIGHT_MS;
    assert.deepEqual(
      calls.map(({ name }) => name),
      isOver ? ['one'] : ['one', 'two'],
    );
    assert.equal(wheel.size, isOver ? 0 : 1);
    seam.advance(0);
    assert.deepEqual(
      told.map(([op, , , attempt]) => [op, (attempt as readonly unknown[] | undefined)?.[4]]),
      [[isOver ? FAILED : 2, 3]],
    );
  });

test('a flight whose target fails leaves nothing timed behind, and neither does one that is abandoned', async () => {
  const { seam, wheel, send, told } = openShard({
    first: (payload: unknown) => (payload === 'payload' ? Promise.reject(new Error('busy')) : new Promise(() => {})),
    second: async () => 'value',
  });
  const other = packBody('other', null);
  send(launch(0), [LAUNCH, 1, 2, null, 'key', FLIGHT_MS, null, other.kind, other.data]);
  assert.equal(wheel.size, 2);
  await settled();
  assert.equal(wheel.size, 1);
  // One that had its place before; and one that is over.
  send([ABANDON, 1, 9], [ABANDON, 0, 1]);
  assert.equal(wheel.size, 1);
  send([ABANDON, 1, 2]);
  assert.equal(wheel.size, 0);
  seam.advance(0);
  assert.deepEqual(told.map(([op, slot]) => [op, slot]).slice(1), [
    [FULFILLED, 0],
    [FAILED, 1],
  ]);
});

test('a target that keeps its context holds nothing of what became of its flight', async () => {
  const kept: AttemptContext[] = [];
  const results: WeakRef<object>[] = [];
  const keeps = (context: AttemptContext): object => {
    kept.push(context);
    const result = { of: 'the flight' };
    results.push(new WeakRef(result));
    return result;
  };
  const { seam, send } = openShard({
    first: async (payload: unknown, context: AttemptContext) => {
      const result = keeps(context);
      if (payload === 'payload') throw new Error('busy', { cause: result });
      return result;
    },
    second: async (_: unknown, context: AttemptContext) => keeps(context),
  });
  const other = packBody('other', null);
  send(launch(0), [LAUNCH, 1, 2, null, 'key', FLIGHT_MS, null, other.kind, other.data]);
  await settled();
  seam.advance(0);
  await collected();
  assert.deepEqual(
    kept.map(({ attempt }) => attempt),
    [1, 1, 2],
  );
  assert.deepEqual(
    results.map((result) => result.deref()),
    [undefined, undefined, undefined],
  );
});

test('a launch that is read when its time is over calls nobody', async () => {
  let calls = 0;
  const only = async (): Promise<number> => ++calls;
  const { seam, send, told, wheel } = openShard({ only });
  seam.advance(FLIGHT_MS);
  send(launch(0));
  seam.advance(0);
  await settled();
  assert.deepEqual([calls, wheel.size, told.map(([op, slot]) => [op, slot])], [0, 0, [[FAILED, 0]]]);
});

/** Why a flight has failed, as its front is told. */
function failureOf([frame]: readonly ShardFrame[]): readonly [failure: string, error: Error & { readonly code?: string }] {
  assert.ok(frame?.[0] === FAILED);
  return [frame[4], errorOf(new Wire().unpackBody(frame[5], frame[6]) as ErrorRecord) as Error];
}

for (const isTakenAlong of [true, false]) {
  test(`a flight in mid-air whose chunks ${isTakenAlong ? 'come along goes on from them' : 'do not come along calls nobody: they would be said twice'}`, async () => {
    const resumedFrom: unknown[] = [];
    async function* rest(from: unknown): AsyncGenerator<string> {
      resumedFrom.push(from);
      yield 'two';
    }
    const target = { run: () => rest('nothing'), resume: (_: unknown, delivered: readonly unknown[]) => rest(delivered) };
    const streams = { midStream: 'resume', firstChunkTimeoutMs: null, idleTimeoutMs: 1_000, replayBytes: 1_000 } as const;
    const { seam, send, told } = openShard({ one: target, two: target }, { streams });
    const earlier = packBody(['one'], null);
    const [op, slot, number, scope, key, deadline] = launch(0);
    const delivered = isTakenAlong ? ([earlier.kind, earlier.data] as const) : null;
    send([op, slot, number, scope, key, deadline, [null, 1, 1, 0, null, 1, delivered], kind, data]);
    for (let turn = 0; turn < 5; turn++) {
      await settled();
      seam.advance(0);
    }
    assert.deepEqual(resumedFrom, isTakenAlong ? [['one']] : []);
    assert.equal(told.at(-1)?.[0], isTakenAlong ? FULFILLED : FAILED);
  });
}

test('a route that names a target nobody knows is refused, and takes no place', async () => {
  const { seam, shard, send, told } = openShard({ one: async () => 'value', two: async () => 'value' });
  const [op, slot, number, scope, key, deadline] = launch(0);
  send([op, slot, number, scope, key, deadline, [['one', 'three'], 0, 0, -1, null, 0, null], kind, data]);
  seam.advance(0);
  const [failure, { name, message }] = failureOf(told);
  assert.deepEqual(
    [failure, name, message],
    ['answered', 'RangeError', "request options.targets: expected one of 'one', 'two', got 'three'"],
  );
  assert.deepEqual(shard.flying(slot, number), []);
});

test('what only one could read is refused as that, and not for what it is made of', async () => {
  const { seam, send, told } = openShard({ only: async () => new Response('once') });
  send(launch(0));
  await settled();
  seam.advance(0);
  const [, { code, message }] = failureOf(told);
  assert.deepEqual([code, /a Response, which only one waiter could read/.test(message)], ['COALESCER_NOT_SHAREABLE', true]);
});

test('where nothing was carried along, its target sees nothing of the kind', async () => {
  const seen: unknown[] = [];
  const { send } = openShard({ only: async (_: unknown, context: AttemptContext) => void seen.push(context.carried) });
  send(launch(0));
  await settled();
  assert.deepEqual(seen, [undefined]);
});

test('a shard that is ended aborts all that is in the air, says nothing more, and stops its clock', async () => {
  const signals: AbortSignal[] = [];
  const only = (_: unknown, { signal }: AttemptContext): Promise<never> => {
    signals.push(signal);
    return new Promise(() => {});
  };
  const { seam, shard, send, told } = openShard({ only });
  send(launch(0), launch(1));
  shard.end();
  await settled();
  seam.advance(100);
  assert.deepEqual([signals.map(({ aborted }) => aborted), told, seam.timers()], [[true, true], [], 0]);
});

test('that a breaker has opened is told', async () => {
  const { seam, send, told } = openShard({ only: () => Promise.reject(new Error('down')) }, { maxAttempts: 1 });
  for (let slot = 0; slot < 5; slot++) {
    send(launch(slot));
    await settled();
  }
  seam.advance(0);
  assert.deepEqual(
    told.filter(([op]) => op === BREAKER),
    [[BREAKER, -1, -1, 'only', 'closed', 'open']],
  );
});
