// Whose async context is where: targets run in a clean one with what `carry` took along, each waiter resumes in its own. LESSONS 34, RELIABILITY I7.
import assert from 'node:assert/strict';
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createCoalescer, type AttemptContext, type CoalescerOptions, type TargetSpec } from '../../src/index.js';
import type { Environment } from '../../src/index.js';
import { root } from '../house/tree.js';
import { countedEnvironment, httpError, hang, watch, type CountedEnvironment } from './stage.js';

const tenant = new AsyncLocalStorage<string>();
const turn = (): Promise<void> => Promise.resolve();

/** As the process's own timers do, runs each in the context that armed it. */
function contextual(environment: CountedEnvironment): Environment {
  return { ...environment, setTimer: (ms, run) => environment.setTimer(ms, AsyncResource.bind(run)) };
}

interface Seen {
  readonly environment: CountedEnvironment;
  readonly seen: (string | undefined)[];
  readonly open: (
    runs: readonly ((payload: string, context: AttemptContext) => unknown)[],
    options?: Partial<CoalescerOptions<string, unknown, 'public', 'readonly'>>,
  ) => (payload?: string) => ReturnType<typeof watch>;
}

/** Coalescers whose targets write down the tenant they see, each time they are called. */
function openSeen(): Seen {
  const environment = countedEnvironment(() => 0.5);
  const seen: (string | undefined)[] = [];
  return {
    environment,
    seen,
    open(runs, options = {}) {
      const targets: Record<string, TargetSpec<string, unknown>> = Object.fromEntries(
        runs.map((run, index) => [
          `t${index}`,
          { run: (payload: string, context: AttemptContext) => (seen.push(tenant.getStore()), run(payload, context)) },
        ]),
      );
      const coalescer = createCoalescer({ scope: 'public', environment: contextual(environment), ...options, targets });
      return (payload = 'a') => watch(coalescer.request(payload));
    },
  };
}

test('the leader’s context is not the flight’s: a target sees nobody’s tenant', async () => {
  const { open, seen, environment } = openSeen();
  const request = open([async () => (await turn(), seen.push(tenant.getStore()), 'x')]);
  const leader = tenant.run('acme', () => request());
  tenant.run('globex', () => request());
  await environment.advance(0);
  assert.deepEqual(seen, [undefined, undefined]);
  assert.equal(leader.value, 'x');
});

test('neither does a target that is called after a failure, a time-out or a backoff', async () => {
  const { open, seen, environment } = openSeen();
  const fail = (): Promise<never> => Promise.reject(httpError(503));
  const afterFailure = open([fail, () => 'x']);
  const afterThrow = open([
    () => {
      throw httpError(503);
    },
    () => 'x',
  ]); // prettier
  const afterTime = open([hang, () => 'x'], { attemptTimeoutMs: 50 });
  const afterBackoff = open([fail], { maxAttempts: 2 });
  for (const request of [afterFailure, afterThrow, afterTime, afterBackoff]) tenant.run('acme', () => request());
  await environment.advance(1_000);
  assert.equal(seen.length, 8);
  assert.deepEqual(new Set(seen), new Set([undefined]));
});

test('a context that one target enters and never leaves is not seen by the next one, nor by the next flight', async () => {
  const { open, seen, environment } = openSeen();
  const leak = (): never => {
    tenant.enterWith('left behind by a target');
    throw httpError(503);
  };
  const leakLater = async (): Promise<never> => {
    await turn();
    tenant.enterWith('left behind after an await');
    throw httpError(503);
  };
  const request = open([leak, leakLater, () => 'x']);
  await tenant.run('acme', async () => {
    const waiter = request();
    assert.equal(tenant.getStore(), 'acme', 'and not by who called request either');
    await environment.advance(0);
    assert.equal(waiter.value, 'x');
    assert.equal(tenant.getStore(), 'acme');
  });
  request();
  await environment.advance(0);
  assert.equal(seen.length, 6);
  assert.deepEqual(new Set(seen), new Set([undefined]));
});

test('classify runs in a clean context too', async () => {
  const environment = countedEnvironment();
  const seen: unknown[] = [];
  const classify = (): 'answer' => (seen.push(tenant.getStore()), 'answer');
  const spec = { run: (): Promise<string> => Promise.reject(httpError(503)), classify };
  const atOnce = {
    run: (): string => {
      throw httpError(503);
    },
    classify,
  }; // prettier
  for (const target of [spec, atOnce]) {
    const coalescer = createCoalescer({ scope: 'public', targets: { target }, environment: contextual(environment) });
    tenant.run('acme', () => watch(coalescer.request('a')));
    await environment.advance(0);
  }
  assert.deepEqual(seen, [undefined, undefined]);
});

test('who listens to an attempt’s signal is told in nobody’s context, whoever left last, and what it enters stays its own', async () => {
  const { open, seen, environment } = openSeen();
  const leaving = new AbortController();
  const listening = (_payload: string, { signal }: AttemptContext): Promise<never> => {
    signal.addEventListener('abort', () => {
      seen.push(tenant.getStore());
      tenant.enterWith('told');
    });
    return hang();
  };
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { listening } });
  await tenant.run('acme', async () => {
    const left = watch(coalescer.request('a', { signal: leaving.signal }));
    leaving.abort('gone');
    assert.deepEqual([seen, tenant.getStore()], [[undefined], 'acme']);
    await environment.advance(0);
    assert.equal(left.reason, 'gone');
    const cancelled = watch(coalescer.request('b'));
    coalescer.cancel({ payload: 'b' });
    assert.deepEqual([seen, tenant.getStore()], [[undefined, undefined], 'acme']);
    await environment.advance(0);
    assert.equal(cancelled.state, 'rejected');
  });
  // The next flight's target sees nothing of it either.
  open([() => 'x'])();
  assert.equal(seen.at(-1), undefined);
  assert.equal(seen.length, 3);
});

test('each waiter resumes in its own context, whoever came first and whatever settled it', async () => {
  const { open, seen, environment } = openSeen();
  const request = open([async () => (await turn(), 'x')]);
  const resumed: string[] = [];
  for (const name of ['acme', 'globex', 'initech']) {
    tenant.run(name, () => {
      void (async () => {
        const waiter = request();
        await Promise.resolve();
        while (waiter.state === 'pending') await Promise.resolve();
        resumed.push(`${name}: ${tenant.getStore()}`);
      })();
    });
  }
  await environment.advance(0);
  assert.equal(seen.length, 1);
  assert.deepEqual(resumed, ['acme: acme', 'globex: globex', 'initech: initech']);
});

test('a signal’s abort and a time that is up resume their waiter in its own context', async () => {
  const environment = countedEnvironment();
  const coalescer = createCoalescer({
    scope: 'public',
    targets: { hang },
    environment: contextual(environment),
  });
  const resumed: unknown[] = [];
  const leaving = new AbortController();
  const resume = (): void => void resumed.push(tenant.getStore());
  tenant.run('by signal', () => void coalescer.request('a', { signal: leaving.signal }).catch(resume));
  tenant.run('by time', () => void coalescer.request('a', { timeoutMs: 50 }).catch(resume));
  tenant.run('by the flight', () => void coalescer.request('a').catch(resume));
  tenant.run('who aborts', () => leaving.abort());
  await environment.advance(60);
  tenant.run('who cancels', () => coalescer.cancel({ payload: 'a' }));
  await environment.advance(0);
  assert.equal(coalescer.stats().launched, 1);
  assert.deepEqual(resumed, ['by signal', 'by time', 'by the flight']);
});

/** What a process prints in which nobody has entered a context before; here the runner has. */
function inFreshProcess(script: string, ...flags: readonly string[]): string {
  const args = [...flags, '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 10_000 });
  assert.equal(stderr, '');
  return stdout.trim();
}

const index = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);

test('the first context of a process that a target enters is not its caller’s either', () => {
  const told = inFreshProcess(`
    import { AsyncLocalStorage } from 'node:async_hooks';
    import { createCoalescer } from ${index};
    const storage = new AsyncLocalStorage();
    const seen = [];
    let calls = 0;
    const fail = (name) => {
      calls++;
      seen.push(storage.getStore());
      storage.enterWith('left behind by ' + name);
      throw Object.assign(new Error('busy'), { status: 503 });
    };
    const coalescer = createCoalescer({ scope: 'public', targets: { first: () => fail('first'), second: () => fail('second'), third: async () => (calls++, seen.push(storage.getStore()), 'x') } });
    const answer = coalescer.request('a');
    seen.push(storage.getStore());
    await answer;
    seen.push(storage.getStore());
    await coalescer.request('b');
    console.log(calls, JSON.stringify(seen));`);
  assert.equal(told, `6 ${JSON.stringify(Array.from({ length: 8 }, () => null))}`);
});

test('nor where `Promise` is not Node’s own', () => {
  const told = inFreshProcess(`
    import { AsyncLocalStorage } from 'node:async_hooks';
    const Native = Promise;
    globalThis.Promise = class Polyfill {
      #native;
      constructor(run) {
        this.#native = run instanceof Native ? run : new Native(run);
      }
      then(...both) {
        return new Polyfill(this.#native.then(...both));
      }
      catch(rejected) {
        return this.then(undefined, rejected);
      }
      static resolve = (value) => new Polyfill(Native.resolve(value));
      static reject = (error) => new Polyfill(Native.reject(error));
    };
    const { createCoalescer } = await import(${index});
    const storage = new AsyncLocalStorage();
    const seen = [];
    let calls = 0;
    const entering = () => (calls++, seen.push(storage.getStore()), storage.enterWith('left behind'), Promise.resolve('x'));
    const coalescer = createCoalescer({ scope: 'public', targets: { entering } });
    for (const payload of ['a', 'b']) {
      const answer = coalescer.request(payload);
      seen.push(storage.getStore());
      await answer;
    }
    console.log(calls, JSON.stringify(seen));`);
  assert.equal(told, '2 [null,null,null,null]');
});

/** What Node follows contexts by is another thing on 22 with the one, and on 24 with the other. */
const otherWay = ['--experimental-async-context-frame', '--no-async-context-frame'].filter((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
);

test('contexts are kept apart however Node follows them', { skip: otherWay.length === 0 && 'this Node has one way only' }, () => {
  for (const flag of otherWay) {
    const told = inFreshProcess(
      `
      import { AsyncLocalStorage } from 'node:async_hooks';
      import { createCoalescer } from ${index};
      const storage = new AsyncLocalStorage();
      const seen = [];
      let calls = 0;
      const echo = async (payload) => {
        calls++;
        seen.push(storage.getStore());
        storage.enterWith('left behind');
        await null;
        return payload;
      };
      const coalescer = createCoalescer({ scope: 'public', targets: { echo } });
      const first = coalescer.request('a');
      seen.push(storage.getStore());
      await first;
      await storage.run('acme', () => coalescer.request('b'));
      seen.push(storage.getStore());
      console.log(calls, JSON.stringify(seen));`,
      flag,
    );
    assert.equal(told, '2 [null,null,null,null]', flag);
  }
});

test('nor is one that a stream enters, which nobody reads any more', () => {
  const told = inFreshProcess(`
    import { AsyncLocalStorage } from 'node:async_hooks';
    import { createCoalescer } from ${index};
    const storage = new AsyncLocalStorage();
    let closed = 0;
    async function* chunks() {
      yield 'one';
      yield 'two';
    }
    const streaming = () => {
      const iterator = chunks();
      iterator.return = (value) => (closed++, storage.enterWith('left behind'), Promise.resolve({ done: true, value }));
      return iterator;
    };
    const coalescer = createCoalescer({ scope: 'public', targets: { streaming } });
    const stopping = new AbortController();
    const reader = coalescer.stream('a', { signal: stopping.signal });
    for await (const chunk of reader) break;
    stopping.abort();
    const seen = storage.getStore();
    await coalescer.idle();
    console.log(closed, JSON.stringify([seen, storage.getStore()]));`);
  assert.equal(told, '1 [null,null]');
});

test('a request’s context is kept from a target also where it is the first of its process', () => {
  const told = inFreshProcess(`
    import { AsyncLocalStorage } from 'node:async_hooks';
    import { createCoalescer } from ${index};
    const storage = new AsyncLocalStorage();
    const seen = [];
    const echo = async (payload) => (seen.push(storage.getStore()), await null, seen.push(storage.getStore()), payload);
    const coalescer = createCoalescer({ scope: 'public', targets: { echo } });
    await coalescer.request('nobody’s');
    await storage.run('acme', () => coalescer.request('a'));
    storage.disable();
    await storage.run('globex', () => coalescer.request('b'));
    console.log(JSON.stringify(seen));`);
  assert.equal(told, JSON.stringify(Array.from({ length: 6 }, () => null)));
});

test('the clean context is nobody’s even where the package is first loaded inside a request', () => {
  const url = new URL('../../src/index.js', import.meta.url).href;
  const script = `
    import { AsyncLocalStorage } from 'node:async_hooks';
    const tenant = new AsyncLocalStorage();
    const seen = [];
    await tenant.run('acme', async () => {
      const { createCoalescer } = await import(${JSON.stringify(url)});
      const coalescer = createCoalescer({ scope: 'public', targets: { only: async () => (seen.push(tenant.getStore()), 'x') } });
      await coalescer.request('a');
      await tenant.run('globex', () => coalescer.request('a'));
    });
    console.log(JSON.stringify(seen));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', timeout: 10_000 });
  assert.equal(stdout.trim(), '[null,null]');
});

/** What may stand where promises say what made them, before the package is loaded. */
const posing: Record<string, string> = {
  'a class of its own':
    'class Other { constructor(run) { this.made = new Native(run); } then(one, two) { return this.made.then(one, two); } } Other',
  'a function that has the prototype of promises':
    'function Posing(run) { return { then: (one, two) => new Native(run).then(one, two) }; } Posing.prototype = Native.prototype; Posing',
  nothing: 'undefined',
  'a Promise of another realm': "process.getBuiltinModule('node:vm').runInNewContext('Promise')",
};
for (const [what, made] of Object.entries(posing)) {
  test(`${what} in the place of Promise’s constructor opens no context`, () => {
    const told = inFreshProcess(`
      import { AsyncLocalStorage } from 'node:async_hooks';
      const Native = Promise;
      const replaced = (0, eval)(\`globalThis.Native = Promise; ${made}\`);
      Object.defineProperty(Native.prototype, 'constructor', { value: replaced, configurable: true, writable: true });
      const { createCoalescer } = await import(${index});
      const [caller, inner] = [new AsyncLocalStorage(), new AsyncLocalStorage()];
      const only = async () => (inner.enterWith('left behind'), String(caller.getStore()));
      const coalescer = createCoalescer({ scope: 'public', targets: { only } });
      const seen = [];
      const asked = caller.run('caller', () => {
        const answer = coalescer.request('a');
        seen.push(caller.getStore(), inner.getStore());
        return answer;
      });
      console.log(JSON.stringify([...seen, await asked]));`);
    assert.equal(told, JSON.stringify(['caller', null, 'undefined']));
  });
}

test('whoever first loads the package in a request is not remembered by it', () => {
  const script = `
    const { AsyncLocalStorage } = require('node:async_hooks');
    const tenant = new AsyncLocalStorage();
    let request = { body: Array.from({ length: 1_000 }, () => 'x') };
    const held = new WeakRef(request);
    tenant.run(request, () => require(${JSON.stringify(join(root, 'dist', 'bundle', 'cjs', 'index.js'))}));
    request = null;
    const look = (left) => {
      globalThis.gc();
      if (held.deref() === undefined || left === 0) return console.log(held.deref() === undefined ? 'let go' : 'held');
      setImmediate(look, left - 1);
    };
    setImmediate(look, 10);`;
  const args = ['--expose-gc', '--input-type=commonjs', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 10_000 });
  assert.equal(stdout.trim(), 'let go', stderr);
});

/** Told after `left` has gone out of reach: is it still held? */
async function isHeld(left: WeakRef<object>, pass: () => Promise<unknown>): Promise<boolean> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 5 && left.deref() !== undefined; round++) {
    await pass();
    collect();
  }
  return left.deref() !== undefined;
}

/** What `ask` does in a context that nobody else has. */
function inContext(ask: () => unknown): WeakRef<object> {
  const context = { tenant: 'acme', payload: Array.from({ length: 1_000 }, () => 'x') };
  new AsyncLocalStorage<object>().run(context, ask);
  return new WeakRef(context);
}

test('a hung flight holds on to no context of those who asked and left', async () => {
  const environment = countedEnvironment();
  const coalescer = createCoalescer({
    scope: 'public',
    targets: { hang },
    environment: contextual(environment),
  });
  const leaving = new AbortController();
  const context = inContext(() => watch(coalescer.request('a', { signal: leaving.signal, timeoutMs: 5_000 })));
  watch(coalescer.request('a'));
  leaving.abort();
  assert.equal(await isHeld(context, () => environment.advance(20)), false);
  assert.equal(coalescer.stats().launched, 1);
  assert.equal(coalescer.stats().airborne, 1);
});

test('a kept value holds on to no context of those who were given it', async () => {
  const environment = countedEnvironment();
  const coalescer = createCoalescer({
    scope: 'public',
    keep: { ttlMs: 60_000 },
    targets: { echo: async (payload: string) => payload },
    environment: contextual(environment),
  });
  const asked = [inContext(() => watch(coalescer.request('a')))];
  await environment.advance(0);
  for (let hit = 0; hit < 3; hit++) asked.push(inContext(() => watch(coalescer.request('a'))));
  for (const context of asked) assert.equal(await isHeld(context, () => environment.advance(20)), false);
  const { launched, hits, kept } = coalescer.stats();
  assert.deepEqual({ launched, hits, kept }, { launched: 1, hits: 3, kept: 1 });
});
