// Two attempts of one flight are out, and things happen at once: both end in one turn, or those who are told of one meddle with the other. There is one end
// for all who wait, two calls, and each of them is told once. Invariants I1, I3, I4, I6, I14; fault F10.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type AttemptContext, type CoalescerOptions, type Outcome, type Targets } from '../../src/index.js';
import { assertNothingLeft, Ears, HEDGE, HEDGED_MS, hedgedStage } from './hedge-stage.js';
import { codeOf, countedEnvironment, hang, httpError, watch, type Watched } from './stage.js';

const ACTS = ['cancel', 'forget', 'request', 'close', 'leave'] as const;
type Act = (typeof ACTS)[number] | 'throw';

/** Targets of the test's own making. */
function open(targets: Targets, options: Partial<CoalescerOptions<string, unknown, 'public', 'readonly'>> = {}) {
  const environment = countedEnvironment();
  const given = { flightTimeoutMs: 1_000, detectReentrance: false, hedge: HEDGE, ...options };
  return { environment, coalescer: createCoalescer({ scope: 'public', environment, ...given, targets }) };
}
type Opened = ReturnType<typeof open>;

/** Does once what any caller may do to the flight of 'a', when told to. */
class Meddler {
  readonly leave = new AbortController();
  readonly extra: Watched[] = [];
  hasActed = false;
  readonly #act: Act;
  readonly #of: () => Opened['coalescer'];

  constructor(act: Act, of: () => Opened['coalescer']) {
    this.#act = act;
    this.#of = of;
  }

  readonly meddle = (): void => {
    if (this.hasActed) return;
    this.hasActed = true;
    const coalescer = this.#of();
    if (this.#act === 'throw') throw new Error('thrown by who was told');
    if (this.#act === 'leave') this.leave.abort('gone');
    else if (this.#act === 'request') this.extra.push(watch(coalescer.request('a')));
    else if (this.#act === 'close') this.extra.push(watch(coalescer.close({ drainMs: 0 })));
    else coalescer[this.#act]({ payload: 'a' });
  };
}

const KINDS = { value: 'v', error: 503, answer: 404 } as const;
type Kind = keyof typeof KINDS;

for (const [first, second] of [
  ['primary', 'backup'],
  ['backup', 'primary'],
] as const) {
  for (const one of Object.keys(KINDS) as Kind[]) {
    for (const other of Object.keys(KINDS) as Kind[]) {
      test(`in one turn the ${first} ends with ${one} and then the ${second} with ${other}: one end for all, told once each`, async () => {
        const stage = hedgedStage({ name: 'turn' });
        using ears = new Ears('turn');
        const waiters = [watch(stage.coalescer.outcome('a')), watch(stage.coalescer.outcome('a'))];
        await stage.environment.advance(HEDGED_MS);
        const end = (name: 'primary' | 'backup', kind: Kind): void => {
          if (kind === 'value') stage[name].calls[0]!.resolve(name);
          else stage[name].calls[0]!.reject(httpError(KINDS[kind]));
        };
        end(first, one);
        end(second, other);
        await stage.environment.advance(30);
        assert.equal(stage.calls(), 2);
        const [decider, decided] = one === 'error' ? [second, other] : [first, one];
        for (const { value } of waiters) {
          const outcome = value as Outcome<string>;
          if (outcome.status === 'fulfilled') assert.deepEqual([decided, outcome.value], ['value', decider]);
          else if (decided === 'answer') assert.equal((outcome.reason as { status?: number }).status, 404);
          else assert.deepEqual([decided, (outcome.reason as { code?: string }).code], ['error', 'COALESCER_TARGETS_FAILED']);
        }
        const ends = { value: 'value', error: 'failed', answer: 'answer' } as const;
        const calls = { primary: 'attempt 1 primary', backup: 'hedge 2 backup' } as const;
        const loser = decider === first ? second : first;
        const lost = one === 'error' ? 'failed' : 'outraced';
        assert.deepEqual(ears.ends, [`${calls[loser]} ${lost}`, `${calls[decider]} ${ends[decided]}`]);
        assertNothingLeft(stage.coalescer, stage.environment);
      });
    }
  }
}

test('a hedge that was outraced says nothing of how quick its target is', async () => {
  const { coalescer, environment, primary, backup, settled } = hedgedStage();
  void watch(coalescer.request('a'));
  await environment.advance(HEDGED_MS + 50);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.equal(backup.calls.length, 1);
  const { p50Ms, failures, breaker } = coalescer.targets.report()[1]!;
  assert.deepEqual([p50Ms, failures, breaker], [0, 0, 'closed']);
});

test('a hedge that ends in its synchronous part ends as any other', async () => {
  const deeds: Readonly<Record<string, () => unknown>> = {
    answers: () => 'at once',
    throws: () => {
      throw httpError(503);
    },
    'throws an answer': () => {
      throw httpError(404);
    },
    'returns what throws when it is looked at': () => ({
      get then(): never {
        throw httpError(503);
      },
    }),
  };
  for (const [what, deed] of Object.entries(deeds)) {
    let calls = 0;
    let answer: (value: string) => void = () => undefined;
    const primary = (): Promise<string> => {
      calls++;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const backup = (): unknown => {
      calls++;
      return deed();
    };
    const { coalescer, environment } = open({ primary, backup });
    const waiter = watch(coalescer.request('a'));
    await environment.advance(HEDGED_MS);
    assert.equal(calls, 2, what);
    if (what === 'answers') assert.equal(waiter.value, 'at once');
    else if (what === 'throws an answer') assert.equal((waiter.reason as { status: number }).status, 404);
    else assert.equal(waiter.state, 'pending', what);
    answer('after all');
    await environment.advance(30);
    if (what.includes('throws') && what !== 'throws an answer') assert.equal(waiter.value, 'after all', what);
    assertNothingLeft(coalescer, environment);
  }
});

test('a hedge that ends its own flight while it is being called is told to stop, and leaves nothing', async () => {
  for (const act of ACTS) {
    let calls = 0;
    const signals: AbortSignal[] = [];
    const meddler: Meddler = new Meddler(act, () => opened.coalescer);
    const run = (_: string, { signal, target }: AttemptContext): Promise<never> => {
      calls++;
      signals.push(signal);
      if (target === 'backup') meddler.meddle();
      return hang();
    };
    const opened = open({ primary: run, backup: run });
    const waiter = watch(opened.coalescer.request('a', { signal: meddler.leave.signal }));
    await opened.environment.advance(HEDGED_MS);
    assert.equal(calls, 2, act);
    await opened.environment.advance(3_000);
    assert.equal(waiter.state, 'rejected', act);
    assert.ok(signals.every(({ aborted }) => aborted));
    assert.ok(meddler.extra.every(({ state }) => state !== 'pending'));
    assertNothingLeft(opened.coalescer, opened.environment);
  }
});

for (const by of ['the loser’s abort listener', 'who is told that it was outraced'] as const) {
  for (const act of ACTS) {
    test(`${by} may ${act}: all get the value, or all the cancellation, and both attempts are told`, async () => {
      for (const winner of ['primary', 'backup'] as const) {
        let calls = 0;
        const answers: ((value: string) => void)[] = [];
        const meddler: Meddler = new Meddler(act, () => opened.coalescer);
        const isListener = by === 'the loser’s abort listener';
        const run = (_: string, { signal, target }: AttemptContext): Promise<string> => {
          calls++;
          if (isListener && target !== winner) signal.addEventListener('abort', meddler.meddle);
          return new Promise((resolve) => {
            answers.push(resolve);
          });
        };
        const opened = open({ primary: run, backup: run }, { name: 'meddled' });
        using ears = new Ears('meddled', ({ end }) => void (end === 'outraced' && !isListener && meddler.meddle()));
        const leaver = watch(opened.coalescer.request('a', { signal: meddler.leave.signal }));
        const other = watch(opened.coalescer.request('a'));
        await opened.environment.advance(HEDGED_MS);
        answers[winner === 'primary' ? 0 : 1]!('won');
        await opened.environment.advance(0);
        assert.deepEqual([calls, meddler.hasActed], [2, true]);
        if (act === 'cancel') assert.deepEqual([codeOf(leaver), codeOf(other)], Array(2).fill('COALESCER_FLIGHT_CANCELLED'));
        else assert.deepEqual([act === 'leave' ? leaver.reason : leaver.value, other.value], [act === 'leave' ? 'gone' : 'won', 'won']);
        const ends =
          winner === 'primary'
            ? ['hedge 2 backup outraced', 'attempt 1 primary value']
            : ['attempt 1 primary outraced', 'hedge 2 backup value'];
        assert.deepEqual(ears.ends, ends);
        await opened.environment.advance(3_000);
        assert.ok(meddler.extra.every(({ state }) => state !== 'pending'));
        assertNothingLeft(opened.coalescer, opened.environment);
      }
    });
  }
}

test('`isShareable` and `classify` that end their own flight while two are out, or throw, lose no waiter', async () => {
  for (const where of ['isShareable', 'classify'] as const) {
    for (const act of ['cancel', 'forget', 'close', 'throw'] as const) {
      let calls = 0;
      const ends: ((value: unknown) => void)[] = [];
      const meddler: Meddler = new Meddler(act, () => opened.coalescer);
      const run = (): Promise<unknown> => {
        calls++;
        return new Promise((resolve, reject) => {
          ends.push((value) => (value instanceof Error ? reject(value) : resolve(value)));
        });
      };
      const isShareable = (): boolean => {
        if (where === 'isShareable') meddler.meddle();
        return true;
      };
      const classify = (): 'failover' => {
        if (where === 'classify') meddler.meddle();
        return 'failover';
      };
      const opened = open({ primary: { run, isShareable, classify }, backup: { run, isShareable, classify } });
      const waiters = [watch(opened.coalescer.request('a')), watch(opened.coalescer.request('a'))];
      await opened.environment.advance(HEDGED_MS);
      assert.equal(calls, 2);
      ends[1]!(where === 'classify' ? httpError(500) : 'x');
      await opened.environment.advance(0);
      assert.equal(meddler.hasActed, true);
      for (const end of ends) end('late');
      await opened.environment.advance(0);
      for (const end of ends) end('later');
      await opened.environment.advance(3_000);
      assert.ok(waiters.every(({ state }) => state !== 'pending'), `${where} ${act}`); // biome-ignore format: one line
      if (act === 'cancel') assert.deepEqual(waiters.map(codeOf), Array(2).fill('COALESCER_FLIGHT_CANCELLED'));
      assertNothingLeft(opened.coalescer, opened.environment);
    }
  }
});
