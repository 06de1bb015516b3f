// A target that asks for a flight which waits for the target gets a typed error at once, not a deadlock; who merely looks like it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type AttemptContext, type Coalescer } from '../../src/index.js';
import { codeOf, countedEnvironment, watch, type CountedEnvironment } from './stage.js';

type Ask = (
  key: string,
  options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number; readonly fresh?: boolean },
) => Promise<string>;
type Plan = Readonly<Record<string, (ask: Ask, context: AttemptContext) => Promise<string>>>;

interface Planned {
  readonly environment: CountedEnvironment;
  readonly coalescer: Coalescer<string, string>;
  readonly called: string[];
}

/** A coalescer whose target does for each key what the plan says, and for keys without one answers with the key. */
function openPlan(plan: Plan): Planned {
  const environment = countedEnvironment();
  const called: string[] = [];
  const run = (key: string, context: AttemptContext): Promise<string> => {
    called.push(key);
    return plan[key]?.((asked, options) => coalescer.request(asked, options), context) ?? Promise.resolve(key);
  };
  const coalescer: Coalescer<string, string> = createCoalescer({ scope: 'public', targets: { run }, environment, detectReentrance: true });
  return { environment, coalescer, called };
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Gates that a test opens by name. */
function openGates(): { readonly gates: Record<string, () => void>; readonly gate: (name: string) => Promise<void> } {
  const gates: Record<string, () => void> = {};
  const gate = (name: string): Promise<void> =>
    new Promise((resolve) => {
      gates[name] = resolve;
    });
  return { gates, gate };
}

test('a request for the key whose target is running is refused at once, and rejects with a typed error', async () => {
  const { coalescer, called, environment } = openPlan({ a: (ask) => ask('a') });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(0);
  assert.deepEqual(called, ['a']);
  assert.equal(codeOf(waiter), 'COALESCER_REENTRANT');
  assert.equal(coalescer.stats().airborne, 0);
});

test('the target may catch it, and answer itself', async () => {
  const { coalescer, called, environment } = openPlan({ a: (ask) => ask('a').catch((error: { code: string }) => `caught ${error.code}`) });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(0);
  assert.deepEqual(called, ['a']);
  assert.equal(waiter.value, 'caught COALESCER_REENTRANT');
});

test('it is noticed after awaits, timers and callbacks too', async () => {
  const { coalescer, called, environment } = openPlan({
    async a(ask) {
      await turn();
      await turn();
      await new Promise<void>((resolve) => {
        process.nextTick(() => queueMicrotask(resolve));
      });
      return ask('a');
    },
  });
  const waiter = watch(coalescer.request('a'));
  await turn();
  await environment.advance(0);
  await environment.advance(0);
  assert.deepEqual(called, ['a']);
  assert.equal(codeOf(waiter), 'COALESCER_REENTRANT');
});

test('a ring over several keys is noticed where it closes', async () => {
  const { coalescer, called, environment } = openPlan({ a: (ask) => ask('b'), b: (ask) => ask('c'), c: (ask) => ask('a') });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(0);
  assert.deepEqual(called, ['a', 'b', 'c']);
  assert.equal(codeOf(waiter), 'COALESCER_REENTRANT');
});

test('a ring closed by joining a flight that others launched is noticed', async () => {
  const { gates, gate } = openGates();
  const { coalescer, called, environment } = openPlan({
    a: async (ask) => (await gate('a'), ask('b')),
    b: async (ask) => (await gate('b'), ask('a')),
  });
  const waiters = [watch(coalescer.request('a')), watch(coalescer.request('b'))];
  gates['a']!();
  await environment.advance(0);
  gates['b']!();
  await environment.advance(0);
  assert.deepEqual(called, ['a', 'b']);
  assert.deepEqual(waiters.map(codeOf), ['COALESCER_REENTRANT', 'COALESCER_REENTRANT']);
});

test('a ring through two joins among four keys is noticed', async () => {
  const { gates, gate } = openGates();
  const through = (next: string) => async (ask: Ask) => (await gate(next), ask(next));
  const { coalescer, called, environment } = openPlan({ a: through('b'), b: through('c'), c: through('d'), d: through('a') });
  const waiters = ['a', 'b', 'c', 'd'].map((key) => watch(coalescer.request(key)));
  for (const key of ['c', 'a', 'd', 'b']) {
    gates[key]!();
    await environment.advance(0);
  }
  assert.deepEqual(called, ['a', 'b', 'c', 'd']);
  assert.deepEqual(new Set(waiters.map(codeOf)), new Set(['COALESCER_REENTRANT']));
});

test('a diamond is no ring: two that wait for one flight get its answer', async () => {
  const { coalescer, called, environment } = openPlan({
    a: async (ask) => (await Promise.all([ask('b'), ask('c')])).join(' and '),
    b: (ask) => ask('d'),
    c: (ask) => ask('d'),
  });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(0);
  assert.deepEqual(called.toSorted(), ['a', 'b', 'c', 'd']);
  assert.equal(waiter.value, 'd and d');
});

test('another scope, an unshared request and a fresh one are other flights: not refused', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const run = async (payload: string, { scope, key }: AttemptContext): Promise<string> => {
    if (calls++ > 0) return `${String(scope)} ${String(key)}`;
    const others = [coalescer.request(payload, { scope: 'globex' }), coalescer.request(payload, { scope: 'acme', key: null })];
    others.push(coalescer.request(payload, { scope: 'acme', fresh: true }));
    return (await Promise.all(others)).join(', ');
  };
  const coalescer: Coalescer<string, string, string, 'per-request'> = createCoalescer({
    scope: 'per-request',
    targets: { run },
    environment,
    detectReentrance: true,
  });
  const waiter = watch(coalescer.request('a', { scope: 'acme' }));
  await environment.advance(0);
  assert.equal(calls, 4);
  assert.equal(waiter.value, 'globex a, acme null, acme a');
});

test('other callers who join from outside meanwhile are not refused', async () => {
  const { gates, gate } = openGates();
  const { coalescer, called, environment } = openPlan({ a: () => gate('a').then(() => 'for all') });
  const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
  await turn();
  waiters.push(watch(coalescer.request('a')));
  gates['a']!();
  await environment.advance(0);
  assert.deepEqual(called, ['a']);
  assert.deepEqual(
    waiters.map(({ value }) => value),
    ['for all', 'for all', 'for all'],
  );
});

test('a target that asks for its own key right after a burst of equal requests is noticed, too', async () => {
  const { gates, gate } = openGates();
  const { coalescer, called, environment } = openPlan({
    a: async (ask) => {
      await gate('asks');
      return ask('a');
    },
  });
  const waiters = Array.from({ length: 5 }, () => watch(coalescer.request('a')));
  gates['asks']?.();
  await environment.advance(0);
  assert.deepEqual(called, ['a']);
  assert.deepEqual(
    waiters.map(codeOf),
    Array.from({ length: 5 }, () => 'COALESCER_REENTRANT'),
  );
});

test('the chain of who waits goes on through a target’s caller: a waiter inside one target is not outside', async () => {
  const { coalescer, called, environment } = openPlan({
    a: async (ask) => {
      const inner = ask('b');
      return (await inner).toUpperCase();
    },
    b: async (ask) => {
      await turn();
      return ask('a').catch((error: { code: string }) => error.code);
    },
  });
  const waiter = watch(coalescer.request('a'));
  await turn();
  await environment.advance(0);
  await environment.advance(0);
  assert.deepEqual(called, ['a', 'b']);
  assert.equal(waiter.value, 'COALESCER_REENTRANT');
});

test('code that a finished flight left running may ask for the key again: nothing waits for it any more', async () => {
  let late: ReturnType<typeof watch> | undefined;
  const { coalescer, called, environment } = openPlan({
    a: async (ask) => {
      if (called.length === 1)
        void turn()
          .then(() => turn())
          .then(() => (late = watch(ask('a'))));
      return `call ${called.length}`;
    },
  });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(0);
  await environment.advance(0);
  await environment.advance(0);
  assert.deepEqual(called, ['a', 'a']);
  assert.deepEqual([waiter.value, late?.value], ['call 1', 'call 2']);
});

test('a wait that was given up is no wait: what it had waited for may ask for the key', async () => {
  const { gates, gate } = openGates();
  const leaving = new AbortController();
  const { coalescer, called, environment } = openPlan({
    a: async (ask) => {
      const isOver = ask('b', { signal: leaving.signal }).catch(() => 'gave up');
      await gate('a');
      return isOver;
    },
    b: async (ask) => (await gate('b'), ask('a')),
  });
  const waiters = [watch(coalescer.request('a')), watch(coalescer.request('b'))];
  leaving.abort();
  gates['b']!();
  await environment.advance(0);
  gates['a']!();
  await environment.advance(0);
  assert.deepEqual(called, ['a', 'b']);
  assert.deepEqual(
    waiters.map(({ value }) => value),
    ['gave up', 'gave up'],
  );
});

test('the next flight of a key is not the one whose code still runs: a ring needs flights that wait now', async () => {
  const { coalescer, called, environment } = openPlan({
    a: async (ask) => {
      if (called.filter((key) => key === 'a').length > 1) return 'second a';
      void turn()
        .then(() => turn())
        .then(() => watch(ask('b')));
      return 'first a';
    },
    b: (ask) => ask('a'),
  });
  const first = watch(coalescer.request('a'));
  for (let turns = 0; turns < 4; turns++) await environment.advance(0);
  assert.deepEqual(called, ['a', 'b', 'a']);
  assert.equal(first.value, 'first a');
  assert.equal(coalescer.stats().airborne, 0);
});

// The refresh was taken for a wait of the target that was given the stale value: what it asked for was refused as a deadlock.
test('a target that is given a kept value does not wait for what refreshes it', async () => {
  const environment = countedEnvironment();
  let isWarm = false;
  const run = async (key: string): Promise<string> => {
    if (!isWarm) return `first ${key}`;
    const other = await coalescer.request(key === 'asks' ? 'kept' : 'asks');
    if (key === 'asks') await new Promise<void>((resolve) => void environment.setTimer(50, resolve));
    return `${key} with ${other}`;
  };
  const keep = { ttlMs: 10, staleWhileRevalidateMs: 1_000 };
  const coalescer: Coalescer<string, string> = createCoalescer({
    scope: 'public',
    targets: { run },
    environment,
    detectReentrance: true,
    keep,
  });
  await coalescer.request('kept');
  await environment.advance(20);
  isWarm = true;
  const asked = watch(coalescer.request('asks'));
  await environment.advance(100);
  assert.equal(asked.value, 'asks with first kept');
  assert.equal(await coalescer.request('kept'), 'kept with asks with first kept');
});
