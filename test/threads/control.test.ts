// The control plane: every call settles, whatever becomes of the other side, and nothing but three calls can be made.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { createCoalescer, threadTargets } from '../../src/index.js';
import { Control, ControlLost, serveControl, type HostControl, type HostFacts } from '../../workers/control.js';
import { processEnvironment } from '../../workers/environment.js';
import type targets from './fixtures/answer-or-die.js';
import { Tally, until } from './tally.js';

const FACTS: HostFacts = { targetNames: ['primary'], mayBeForOne: false, tableHash: 'hash' };
const seam = processEnvironment();

/** Does it keep its loop alive? Node's types do not know how that is asked. */
const isHeld = (port: MessagePort): boolean => (port as MessagePort & { hasRef(): boolean }).hasRef();

/** What came of a promise, and how long after `since`. */
const timed = (promise: Promise<unknown>, since: () => number): Promise<{ readonly error: unknown; readonly ms: number }> =>
  promise.then(
    () => assert.fail('it settled with a value'),
    (error: unknown) => ({ error, ms: performance.now() - since() }),
  );

test('calls in the air when the thread dies, and later ones, reject within 50 ms', async () => {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./fixtures/answer-controls.js', import.meta.url), {
    workerData: { port: port2 },
    transferList: [port2],
  });
  const control = new Control(port1, seam);
  assert.deepEqual(await control.call('flying', [3, 7], 5_000), [{ target: '3/7', startedAt: 7, isHedge: false }]);
  let diedAt = Infinity;
  const calls = Array.from({ length: 100 }, () => timed(control.call('activate', ['active'], 60_000), () => diedAt));
  const stopping = timed(control.call('stop', [], 60_000), () => diedAt);
  await once(worker, 'exit');
  diedAt = performance.now();
  for (const { error, ms } of await Promise.all([...calls, stopping])) {
    assert.ok(error instanceof ControlLost && error.isGone, String(error));
    assert.ok(ms < 50, `${ms} ms after the thread's end`);
  }
  const askedAt = performance.now();
  const { error, ms } = await timed(control.call('flying', [0, 1], 60_000), () => askedAt);
  assert.ok(error instanceof ControlLost && ms < 50);
  control.close();
});

test('a call that is never answered rejects when its time is up', async () => {
  const { port1, port2 } = new MessageChannel();
  serveControl(port2, { ...refusing(), activate: () => new Promise(() => {}) });
  const control = new Control(port1, seam);
  await assert.rejects(control.call('activate', ['active'], 40), { message: 'activate: no answer within 40 ms', isGone: false });
  control.close();
});

test('a port keeps its loop alive while a call is in the air, and neither before nor after', async () => {
  const { port1, port2 } = new MessageChannel();
  let answer: (facts: HostFacts) => void = () => undefined;
  serveControl(port2, { ...refusing(), activate: () => new Promise((resolve) => (answer = resolve)), flying: () => Promise.resolve([]) });
  const control = new Control(port1, seam);
  assert.deepEqual([isHeld(port1), isHeld(port2)], [false, false]);
  const first = control.call('activate', ['active'], 60_000);
  await control.call('flying', [0, 1], 60_000);
  assert.deepEqual([isHeld(port1), isHeld(port2)], [true, false]);
  answer(FACTS);
  await first;
  assert.equal(isHeld(port1), false);
  const late = control.call('activate', ['active'], 10);
  assert.equal(isHeld(port1), true);
  await assert.rejects(late, ControlLost);
  assert.equal(isHeld(port1), false);
  control.close();
});

test('calls reject when the control is closed, and when its port was closed before anybody listened', async () => {
  const { port1, port2 } = new MessageChannel();
  serveControl(port2, { ...refusing(), activate: () => new Promise(() => {}) });
  const control = new Control(port1, seam);
  const call = control.call('activate', ['active'], 60_000);
  port2.ref();
  const closed = once(port2, 'close');
  control.close();
  await assert.rejects(call, ControlLost);
  await closed;
  const other = new MessageChannel();
  other.port1.ref();
  other.port2.close();
  await once(other.port1, 'close');
  const late = new Control(other.port1, seam);
  const lost = assert.rejects(late.call('stop', [], 60_000), ControlLost);
  late.close();
  await lost;
});

test('of a host that is gone nothing is held', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const gone = async (): Promise<WeakRef<Control>> => {
    const { port1, port2 } = new MessageChannel();
    const control = new Control(port1, seam);
    port1.ref();
    port2.close();
    await once(port1, 'close');
    control.close();
    return new WeakRef(control);
  };
  const control = await gone();
  await until(() => (collect(), control.deref() === undefined), 'it is let go of', 5_000);
});

test('what a call throws comes back as an error', async () => {
  const { port1, port2 } = new MessageChannel();
  serveControl(port2, { ...refusing(), activate: () => Promise.reject(new TypeError('no targets')) });
  const control = new Control(port1, seam);
  await assert.rejects(control.call('activate', ['active'], 5_000), { name: 'TypeError', message: 'no targets' });
  control.close();
});

function refusing(): HostControl {
  const never = (): never => assert.fail('called by a message that is not allowed');
  return { activate: never, flying: never, stop: never };
}

const raw = (value: unknown): object => ({ type: 'RAW', value });
const POSTED: Readonly<Record<string, unknown>> = {
  nothing: null,
  'a number': 7,
  text: 'APPLY',
  'an empty list': [],
  'a message without a type': { id: '1' },
  'a read of all': { id: '1', type: 'GET', path: [] },
  'a read of a call': { id: '1', type: 'GET', path: ['activate'] },
  'a write to __proto__': { id: '1', type: 'SET', path: ['__proto__', 'polluted'], value: raw(true) },
  'a write through constructor': { id: '1', type: 'SET', path: ['constructor', 'prototype', 'polluted'], value: raw(true) },
  'a write through a call': { id: '1', type: 'SET', path: ['activate', '__proto__', '__proto__', 'polluted'], value: raw(true) },
  'a write over a call': { id: '1', type: 'SET', path: ['activate'], value: raw('gone') },
  'a call of __proto__': { id: '1', type: 'APPLY', path: ['__proto__', 'toString'], argumentList: [] },
  'a call of constructor': { id: '1', type: 'APPLY', path: ['constructor'], argumentList: [raw('return process')] },
  'a call of the Function behind a call': { id: '1', type: 'APPLY', path: ['stop', 'constructor'], argumentList: [raw('return process')] },
  'a call of bind': { id: '1', type: 'APPLY', path: ['activate', 'bind'], argumentList: [] },
  'a call of what is not there': { id: '1', type: 'APPLY', path: ['hasOwnProperty'], argumentList: [raw('x')] },
  'a path that is no list': { id: '1', type: 'APPLY', path: 'stop', argumentList: [] },
  'a path that is like a list': { id: '1', type: 'APPLY', path: { 0: 'stop', length: 1 }, argumentList: [] },
  'a path of an object': { id: '1', type: 'APPLY', path: [{ toString: 'stop' }], argumentList: [] },
  'arguments that are no list': { id: '1', type: 'APPLY', path: ['stop'], argumentList: { length: 1 } },
  'an argument with an unknown handler': { id: '1', type: 'APPLY', path: ['stop'], argumentList: [{ type: 'HANDLER', name: '__proto__' }] },
  'an argument that is nothing': { id: '1', type: 'APPLY', path: ['stop'], argumentList: [null] },
  'a construction': { id: '1', type: 'CONSTRUCT', path: ['activate'], argumentList: [] },
  'a request for an endpoint': { id: '1', type: 'ENDPOINT' },
  'a release': { id: '1', type: 'RELEASE' },
};

for (const [what, message] of Object.entries(POSTED)) {
  test(`posted by hand, ${what} does nothing and is not answered`, async () => {
    const { port1, port2 } = new MessageChannel();
    const control = refusing();
    serveControl(port2, { ...control, flying: () => Promise.resolve([]), activate: () => Promise.resolve(FACTS) });
    const answers = await answersTo(port1, message);
    assert.deepEqual(answers, []);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal((() => 1 as unknown as Record<string, unknown>)()['polluted' as never], undefined);
    // It is as willing as before.
    const front = new Control(port1, seam);
    assert.deepEqual(await front.call('activate', ['active'], 5_000), FACTS);
    assert.deepEqual(await front.call('flying', [0, 1], 5_000), []);
    front.close();
  });
}

/** Whatever comes back before the answer to a proper call behind it does. */
async function answersTo(port: MessagePort, message: unknown): Promise<unknown[]> {
  const answers: unknown[] = [];
  const hear = (answer: unknown): void => void answers.push(answer);
  port.on('message', hear);
  port.postMessage(message);
  port.postMessage({ id: 'proper', type: 'APPLY', path: ['flying'], argumentList: [raw(0), raw(1)] });
  await until(() => answers.some((answer) => (answer as { id?: unknown }).id === 'proper'), 'the proper call is answered');
  port.off('message', hear);
  return answers.filter((answer) => (answer as { id?: unknown }).id !== 'proper');
}

test('a flight on a thread that hangs can be explained all the same', async () => {
  const tally = new Tally();
  const module = new URL('./fixtures/answer-or-die.js', import.meta.url);
  const options = { config: { tally: tally.buffer }, heartbeatMs: 60_000, spare: false };
  const coalescer = createCoalescer({ name: 'explained', scope: 'public', targets: threadTargets<typeof targets>(module, options) });
  const payload = { id: 1, waits: true } as const;
  const waiting = coalescer.request(payload);
  await until(() => tally.count('calls') === 1, 'it is in the air');
  const told = await coalescer.explain({ payload });
  assert.deepEqual(told?.events.map(({ what }) => what), ['launched', 'attempt']); // biome-ignore format: one line
  void coalescer.request({ id: 2, dies: 'spin', atOnce: true }).catch(() => undefined);
  await until(() => tally.count('calls') === 2, 'the thread hangs');
  const askedAt = performance.now();
  const explanation = await coalescer.explain({ payload });
  assert.ok(performance.now() - askedAt < 2_000, `${performance.now() - askedAt} ms`);
  assert.equal(explanation?.events[0]?.what, 'launched');
  const stopped = assert.rejects(waiting, { code: 'COALESCER_CLOSED' });
  await coalescer.close({ drainMs: 0 });
  await stopped;
});
