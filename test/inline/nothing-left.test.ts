// When all has been answered or closed, nothing is left: no entry, timer, listener, warning or process. RELIABILITY I26, LESSONS 35.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createCoalescer, type Coalescer } from '../../src/index.js';
import { countedEnvironment, httpError, watch, type CountedEnvironment, type Watched } from './stage.js';

interface Busy {
  readonly environment: CountedEnvironment;
  readonly coalescer: Coalescer<string, string>;
  readonly waiters: Watched[];
  readonly signals: Set<AbortSignal>;
  readonly calls: () => number;
}

/** Some hundred requests of all kinds, whose targets answer, fail, throw or hang, at times of their own. */
async function beBusy(seed: number): Promise<Busy> {
  const environment = countedEnvironment();
  let state = seed;
  const chance = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  let calls = 0;
  const run = (payload: string, { signal }: { signal: AbortSignal }): Promise<string> | string => {
    calls++;
    const fate = chance(8);
    if (fate === 0) throw httpError(503);
    if (fate === 1) return payload;
    return new Promise((resolve, reject) => {
      if (fate === 2) signal.addEventListener('abort', () => reject(signal.reason));
      else if (fate > 3) environment.setTimer(chance(300), () => (fate > 5 ? resolve(payload) : reject(httpError(fate > 4 ? 404 : 500))));
    });
  };
  const coalescer = createCoalescer({
    scope: 'public',
    targets: { one: run, two: { run, attemptTimeoutMs: 100 }, three: { run, classify: () => 'retry' as const } },
    environment,
    maxAttempts: 4,
    flightTimeoutMs: 600,
    abandonAfterMs: seed % 2 === 0 ? 0 : 50,
    limits: { flights: 20, waitersPerFlight: 8 },
  });
  const waiters: Watched[] = [];
  const signals = new Set<AbortSignal>();
  for (let step = 0; step < 300; step++) {
    const payload = `k${chance(12)}`;
    const leave = new AbortController();
    signals.add(leave.signal);
    const signal = chance(2) === 0 ? leave.signal : undefined;
    const timeoutMs = chance(3) === 0 ? 1 + chance(700) : undefined;
    waiters.push(
      watch(coalescer.request(payload, { signal, timeoutMs, fresh: chance(10) === 0, ...(chance(12) === 0 ? { key: null } : {}) })),
    );
    if (chance(3) === 0) environment.setTimer(chance(400), () => leave.abort('gone'));
    if (chance(20) === 0) coalescer.forget({ payload });
    if (chance(25) === 0) coalescer.cancel({ payload });
    if (chance(2) === 0) await environment.advance(chance(25));
  }
  return { environment, coalescer, waiters, signals, calls: () => calls };
}

function assertNothingLeft({ environment, coalescer, waiters, signals }: Busy): void {
  assert.equal(waiters.filter(({ state }) => state === 'pending').length, 0, 'every waiter is settled');
  const { airborne, waiting, bytes, requests, launched, joined, refused, fulfilled, rejected, abandoned, targets } = coalescer.stats();
  assert.deepEqual([airborne, waiting, bytes], [0, 0, 0]);
  assert.deepEqual(
    Object.values(targets).map((target) => target.airborne),
    [0, 0, 0],
  );
  assert.equal(requests, launched + joined + refused);
  assert.equal(launched, fulfilled + rejected + abandoned);
  assert.equal(coalescer.waiters({ scope: null }) + coalescer.forget({ scope: null }), 0);
  assert.equal(environment.timers(), 0);
  assert.equal([...signals].filter((signal) => getEventListeners(signal, 'abort').length > 0).length, 0);
}

for (let seed = 1; seed <= 20; seed++) {
  test(`after a busy life every waiter is settled and nothing is left, without a close (seed ${seed})`, async () => {
    const busy = await beBusy(seed);
    await busy.environment.advance(2_000);
    assert.ok(busy.calls() > 100 && busy.calls() <= busy.coalescer.stats().launched * 4);
    assertNothingLeft(busy);
  });

  test(`a close in the middle of it settles every waiter and leaves nothing (seed ${seed})`, async () => {
    const busy = await beBusy(seed);
    const closing = watch(busy.coalescer.close({ drainMs: (seed % 4) * 40 }));
    await busy.environment.advance(170);
    assert.ok(busy.calls() > 100);
    assert.equal(closing.state, 'fulfilled');
    // Targets that hang were told to stop; the timers of those that were to answer are theirs.
    await busy.environment.advance(2_000);
    assertNothingLeft(busy);
  });
}

test('100,000 flights of as many keys leave no entry and no timer', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const coalescer = createCoalescer({
    scope: 'per-request',
    targets: { only: async (payload: string) => (calls++, payload) },
    environment,
  });
  for (let index = 0; index < 100_000; index += 2) {
    await Promise.all([coalescer.request(`k${index}`, { scope: `s${index % 1_000}` }), coalescer.request(`k${index}`, { scope: 's' })]);
  }
  await environment.advance(20);
  assert.equal(calls, 100_000);
  const { airborne, waiting, bytes } = coalescer.stats();
  assert.deepEqual([airborne, waiting, bytes, environment.timers()], [0, 0, 0, 0]);
});

/** Runs a script of its own process against the compiled library; it must end by itself. */
function runAlone(script: string): { readonly stdout: string; readonly status: number | null } {
  const url = new URL('../../src/index.js', import.meta.url).href;
  const code = `import { createCoalescer } from ${JSON.stringify(url)};\n${script}`;
  const { stdout, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  assert.equal(stderr, '');
  return { stdout, status };
}

test('a coalescer that was never closed does not keep its process alive when all is answered', () => {
  const { stdout, status } = runAlone(`
    let calls = 0;
    const targets = { hang: () => (calls++, new Promise(() => undefined)), backup: async (id) => (calls++, 'answer to ' + id) };
    const coalescer = createCoalescer({ scope: 'public', targets, attemptTimeoutMs: 20 });
    const values = await Promise.all([coalescer.request('a', { timeoutMs: 20_000 }), coalescer.request('a', { signal: new AbortController().signal })]);
    console.log(calls, values.join());`);
  assert.deepEqual([stdout, status], ['2 answer to a,answer to a\n', 0]);
});

test('work in the air keeps the process: a request that only time can end is not lost by its exit', () => {
  const { stdout, status } = runAlone(`
    const coalescer = createCoalescer({ scope: 'public', targets: { hang: () => new Promise(() => undefined) }, flightTimeoutMs: 50 });
    await coalescer.request('a').catch((error) => console.log(error.code));`);
  assert.deepEqual([stdout, status], ['COALESCER_TIMEOUT\n', 0]);
});
