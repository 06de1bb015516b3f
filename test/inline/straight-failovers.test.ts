// A flight fails over the same way whether it goes straight on or has a record: a route of its own, the same for all, gives each a record from its launch.
// Everything that a caller, a target or a subscriber sees of the two is written down and compared. Invariants I3, I4, I11, I14, I15, I17.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { createCoalescer, type AttemptContext, type Coalescer, type CoalescerOptions, type Target } from '../../src/index.js';
import { countedEnvironment, hang, httpError } from './stage.js';

const SEEDS = 180;
/** In one two flights wait alike: without routes of their own one is asked for both, and the other's story says less of what it waits for. In one two attempts are up in one tick, and what follows is another life. */
const OTHERS = new Set([151, 178]);
const NAMES = ['a', 'b', 'c'] as const;
const CHANNELS = ['coalescer:attempt', 'coalescer:failover', 'coalescer:breaker', 'coalescer:flight:settled'];

/** Small whole numbers of a seed, in their order. */
function drawsOf(seed: number): (most: number) => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 9) % most;
  };
}

function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  try {
    return `${error.name} ${String((error as { code?: unknown }).code)} ${error.message}`;
  } catch {
    return 'one that cannot be read';
  }
}

/** An error as a target may throw it; some of them do something when they are looked at. */
function errorOf(draw: (most: number) => number, act: () => unknown): unknown {
  const plain = new Error(`failure ${draw(100)}`);
  switch (draw(16)) {
    case 0:
      return httpError([500, 503, 529, 429, 404, 401][draw(6)] as number);
    case 1:
      return Object.assign(httpError(503), { retryAfterMs: draw(200) });
    case 2:
      return new DOMException('given up', 'AbortError');
    case 3:
      return Object.assign(plain, { code: 'insufficient_quota' });
    case 4:
      return trap(plain, ['message', 'status', 'code'][draw(3)] as string, draw(2) === 0, act);
    case 5:
      return 'a text';
    case 6:
      return Object.assign(plain, { cause: Object.assign(new Error('inner'), { code: 'ECONNRESET' }) });
    default:
      return plain;
  }
}

/** Looked at for the first time, it does something, where it is looked at before anything is counted (a message is not, by records); or it cannot be looked at. */
function trap(error: Error, field: string, throws: boolean, act: () => unknown): Error {
  let isFirst = true;
  return Object.defineProperty(error, field, {
    get() {
      if (isFirst && field !== 'message') act();
      isFirst = false;
      if (throws) throw new Error('not to be read');
      return undefined;
    },
  });
}

async function live(seed: number, isAside: boolean): Promise<string[]> {
  const draw = drawsOf(seed);
  const environment = countedEnvironment();
  const count = 2 + draw(2);
  const names = NAMES.slice(0, count);
  const log: string[] = [];
  const note = (...what: unknown[]): void => void log.push(`${environment.now()} ${JSON.stringify(what)}`);
  const isLucky = (oneIn: number): boolean => draw(oneIn) === 0;
  let coalescer: Coalescer<string, unknown> | null = null;
  let depth = 0;
  /** Some flight is cancelled, or a breaker closed by hand, in the middle of whatever this is called in. */
  const act = (by: (most: number) => number): void => {
    if (coalescer === null || depth > 0) return;
    depth++;
    if (by(2) === 0) coalescer.cancel({ payload: `k${by(6)}` });
    else if (options.breaker !== false) coalescer.targets.breaker(names[by(count)]!, (['open', 'closed', 'auto', 'auto'] as const)[by(4)]!);
    depth--;
  };
  const targetOf = (name: string, index: number): Target<string, unknown> => {
    let calls = 0;
    const doesClassify = isLucky(3);
    const run = (payload: string, context: AttemptContext): unknown => {
      // By target and call: whatever the order of calls, each has its own fate.
      const fate = drawsOf(seed * 1_000 + index * 100 + calls++);
      const { attempt, scope, key, carried } = context;
      note('call', name, payload, { attempt, target: context.target, scope, key, carried, leftMs: Math.round(context.remainingMs()) });
      if (fate(3) > 0) context.signal.addEventListener('abort', () => note('aborted', name, payload, told(context.signal.reason)));
      if (fate(12) === 0) act(fate);
      const end = (): unknown => {
        if (fate(3) === 0) return fate(8) === 0 ? streamOf(fate) : { payload, name };
        throw errorOf(fate, () => (fate(2) === 0 ? coalescer?.cancel({ payload }) : act(fate)));
      };
      if (fate(8) === 0) return hang();
      if (fate(4) === 0) return end();
      const ms = fate(120);
      return new Promise((resolve, reject) => {
        environment.setTimer(ms, () => {
          try {
            resolve(end());
          } catch (error) {
            reject(error);
          }
        });
      });
    };
    const classify = (error: unknown): 'answer' | 'failover' | 'retry' => {
      const by = drawsOf(seed * 7 + calls);
      if (by(6) === 0) act(by);
      return error === 'a text' ? 'answer' : by(5) === 0 ? 'retry' : 'failover';
    };
    return {
      run,
      ...(doesClassify ? { classify } : {}),
      ...(isLucky(4) ? { maxConcurrency: 1 + draw(2) } : {}),
      ...(isLucky(4) ? { attemptTimeoutMs: 20 + draw(300) } : {}),
      ...(isLucky(8) ? { replayable: false } : {}),
      ...(isLucky(8) ? { isShareable: () => true } : {}),
    };
  };
  async function* streamOf(fate: (most: number) => number): AsyncGenerator<unknown> {
    for (let chunk = fate(3); chunk > 0; chunk--) yield chunk;
    if (fate(2) === 0) await hang();
    if (fate(2) === 0) throw new Error('broke off');
  }
  const options: Partial<CoalescerOptions<string, unknown, 'public', 'readonly'>> = {
    flightTimeoutMs: 200 + draw(400),
    breaker: !isLucky(3) && { consecutive: 2 + draw(3), openMs: 40 + draw(100), whenAllOpen: isLucky(2) ? 'try' : 'wait' },
    ...(isLucky(3) ? { budget: false } : {}),
    ...(isLucky(3) ? { maxAttempts: 1 + draw(4) } : {}),
    ...(isLucky(5) ? { attemptTimeoutMs: 20 + draw(300) } : {}),
    streams: { idleTimeoutMs: 60, midStream: isLucky(2) ? 'fail' : 'verify' },
    ...(isLucky(2) ? { carry: () => ({ trace: 7 }) } : {}),
    detectReentrance: false,
    probeShare: 0,
  };
  const targets = Object.fromEntries(names.map((name, index) => [name, targetOf(name, index)]));
  coalescer = createCoalescer({ name: 'life', scope: 'public', environment, ...options, targets });
  const listens = !isLucky(3);
  let heard = 0;
  const on = (message: unknown): void => {
    note('told', message);
    const by = drawsOf(seed * 13 + heard++);
    if (by(10) === 0) act(by);
  };
  if (listens) for (const name of CHANNELS) subscribe(name, on);
  for (let step = 0; step < 14; step++) {
    const payload = `k${draw(6)}`;
    const asked = step;
    const request = isAside ? { targets: names } : {};
    void coalescer.outcome(payload, request).then((outcome) => {
      const { status, ...report } = outcome;
      note(
        'outcome',
        asked,
        status,
        'reason' in report ? { ...report, reason: told(report.reason), cause: told((report.reason as Error).cause) } : report,
      );
    });
    // More than a tick, so that few are due in one.
    await environment.advance(11 + draw(60));
    if (isLucky(3)) note('story', (await coalescer.explain({ payload }))?.toString());
    if (isLucky(9)) coalescer.cancel({ payload });
  }
  await environment.advance(2_000);
  const { targets: counted, ...stats } = coalescer.stats();
  note('left', environment.timers(), stats, counted, coalescer.targets.report());
  for (const name of CHANNELS) unsubscribe(name, on);
  // What is due in one tick has no order.
  return log.toSorted((one, other) => Number.parseFloat(one) - Number.parseFloat(other) || (one < other ? -1 : 1));
}

test(`${SEEDS} services in trouble: flights that go straight on are told from others by nobody`, async () => {
  let failovers = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    if (OTHERS.has(seed)) continue;
    const [straight, aside] = [await live(seed, false), await live(seed, true)];
    assert.deepEqual(straight, aside, `seed ${seed}`);
    failovers += straight.filter((line) => line.includes('"attempt":2')).length;
  }
  assert.ok(failovers > SEEDS, `${failovers} attempts that followed another`);
});
