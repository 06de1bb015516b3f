// No key can be built whose delimiters fake another scope, and no scope is ever guessed. Targets, scope and key are drawn from the
// characters that somebody might join them with; two requests share exactly when all three are equal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createCoalescer, isCoalescerError, type Coalescer } from '../../src/index.js';

interface Ask {
  readonly key: string;
}
const names = ['a', 'b', '["a","b"]', 'a,b'] as const;

function pending<V>(): Promise<V> {
  return new Promise(() => {
    // Never settles.
  });
}

/** A coalescer that answers with a number for each call of a target. */
function counting() {
  let calls = 0;
  const target = async (_ask: Ask): Promise<number> => ++calls;
  const targets = Object.fromEntries(names.map((name) => [name, target])) as Record<(typeof names)[number], typeof target>;
  const coalescer = createCoalescer({ scope: 'per-request', key: ({ key }: Ask) => key, targets });
  return { coalescer, calls: () => calls };
}

const delimiters = [
  '',
  ':',
  '|',
  '\0',
  '#',
  '/',
  '"',
  "'",
  ',',
  '{',
  '}',
  '[',
  ']',
  '=',
  '\\',
  '\n',
  ' ',
  '\ufffd',
  'a',
  'b',
  'null',
  'public',
  'undefined',
  '__proto__',
];
const textOf = (...parts: string[]) => fc.array(fc.constantFrom(...parts), { maxLength: 4 }).map((drawn) => drawn.join(''));
const identity = fc.record({
  scope: textOf(...delimiters).filter((scope) => scope !== ''),
  key: textOf(...delimiters),
  targets: fc.constantFrom<readonly string[] | undefined>(undefined, ['a'], ['a', 'b'], ['b', 'a'], ['["a","b"]'], ['a,b']),
});

test('two requests share exactly when targets, scope and key are equal, whatever delimiters stand in them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(identity, { minLength: 2, maxLength: 12 }), async (drawn) => {
      const { coalescer, calls } = counting();
      // Each once more, with its delimiters moved from the key to the scope and back.
      const moved = drawn.flatMap(({ scope, key, targets }) => [
        { scope: scope + key, key: '', targets },
        { scope: scope.slice(0, 1), key: scope.slice(1) + key, targets },
      ]);
      const asked = [...drawn, ...moved, ...drawn];
      const answers = await Promise.all(
        asked.map(({ scope, key, targets }) => coalescer.request({ key }, targets === undefined ? { scope } : { scope, targets })),
      );
      const told = asked.map(({ scope, key, targets }) => JSON.stringify([scope, key, targets ?? null]));
      assert.equal(calls(), new Set(told).size);
      const answerOf = new Map<string, number>();
      for (const [index, what] of told.entries()) {
        assert.equal(answerOf.get(what) ?? answers[index], answers[index], what);
        answerOf.set(what, answers[index] as number);
      }
    }),
    { numRuns: 500 },
  );
});

test('the scope null of a public coalescer and the scope "null", or "public", of another are no way around', async () => {
  const open = createCoalescer({ scope: 'public', targets: { only: (payload: string) => payload } });
  assert.equal(open.identify('k').scope, null);
  await assert.rejects(open.request('k', { scope: 'tenant' }), TypeError);
  await assert.rejects(open.request('k', { scope: 'public' }), TypeError);
  const { coalescer, calls } = counting();
  await Promise.all(['null', 'public', 'undefined', '__proto__', 'constructor'].map((scope) => coalescer.request({ key: 'k' }, { scope })));
  assert.equal(calls(), 5);
});

test('a scope that is undefined, null, empty or no string is refused and never becomes a tenant of that name', async () => {
  const { coalescer, calls } = counting();
  for (const scope of [
    undefined,
    null,
    '',
    0,
    1,
    Number.NaN,
    true,
    {},
    [],
    ['tenant'],
    Object('tenant'),
    Symbol('tenant'),
    () => 'tenant',
  ]) {
    const options = { scope: scope as string };
    const isMissing = (error: unknown): boolean => isCoalescerError(error, 'COALESCER_SCOPE_MISSING');
    await assert.rejects(coalescer.request({ key: 'k' }, options), isMissing);
    await assert.rejects(coalescer.outcome({ key: 'k' }, options), isMissing);
    assert.throws(() => coalescer.identify({ key: 'k' }, options), isMissing);
  }
  const untyped = coalescer as unknown as Coalescer<Ask, number>;
  await assert.rejects(untyped.request({ key: 'k' }), (error) => isCoalescerError(error, 'COALESCER_SCOPE_MISSING'));
  assert.equal(calls(), 0);
});

test('a key with a lone surrogate is refused: UTF-8 would make it equal to another', async () => {
  const { coalescer, calls } = counting();
  for (const key of ['\ud800', 'a\udc00', '\udc00\ud800'])
    await assert.rejects(coalescer.request({ key }, { scope: 's' }), (error) => isCoalescerError(error, 'COALESCER_NOT_KEYABLE'));
  assert.equal(calls(), 0);
});

test('a scope that UTF-8 would make equal to another, or that is no name but a document, is refused', async () => {
  const { coalescer, calls } = counting();
  await assert.rejects(coalescer.request({ key: 'k' }, { scope: 'tenant\ud800' }), TypeError);
  await assert.rejects(coalescer.request({ key: 'k' }, { scope: 'x'.repeat(8_193) }), RangeError);
  await coalescer.request({ key: 'k' }, { scope: 'x'.repeat(8_192) });
  assert.equal(calls(), 1);
});

test('a scope function says whose request it is, and what it does not say is refused', async () => {
  let calls = 0;
  const options = {
    scope: ({ tenant }: { tenant?: unknown }) => tenant as string,
    key: () => 'same',
    targets: { only: (_asked: { tenant?: unknown }) => ++calls },
  };
  const coalescer = createCoalescer(options);
  const one = { tenant: 'one' };
  const answers = await Promise.all([one, { tenant: 'other' }, one, { tenant: 'public' }].map((payload) => coalescer.request(payload)));
  assert.deepEqual(answers, [1, 2, 1, 3]);
  assert.deepEqual(coalescer.identify(one), { scope: 'one', key: 'same' });
  // What the request says does not count where a function decides.
  assert.equal(coalescer.identify(one, { scope: 'other' }).scope, 'one');
  for (const tenant of [undefined, null, '', 7, Promise.resolve('one')])
    await assert.rejects(coalescer.request({ tenant }), (error) => isCoalescerError(error, 'COALESCER_SCOPE_MISSING'));
  assert.equal(calls, 3);
});

test('a scope function that throws rejects the request with what it throws', async () => {
  const coalescer = createCoalescer({
    scope: (_payload: string): string => {
      throw new RangeError('no tenant in here');
    },
    targets: { only: (payload: string) => payload },
  });
  await assert.rejects(coalescer.request('k'), { name: 'RangeError', message: 'no tenant in here' });
  assert.throws(() => coalescer.identify('k'), RangeError);
  assert.equal(coalescer.stats().launched, 0);
});

test('forget, cancel, waiters and explain reach one scope only', async () => {
  const coalescer = createCoalescer({ scope: 'per-request', targets: { only: (_payload: string) => pending<string>() } });
  const waiting = ['one', 'other', 'o'].flatMap((scope) => ['k', ':k', 'nek'].map((payload) => coalescer.request(payload, { scope })));
  const settled = Promise.allSettled(waiting);
  assert.equal(coalescer.waiters({ scope: 'one' }), 3);
  assert.equal(coalescer.waiters({ payload: 'k', scope: 'one' }), 1);
  assert.equal(coalescer.waiters({ scope: null }) + coalescer.waiters({ scope: 'public' }), 0);
  assert.equal(coalescer.forget({ scope: 'o', key: 'nek' }), 1);
  assert.equal(coalescer.cancel({ scope: 'one', key: 'k' }), 1);
  assert.equal(coalescer.waiters({ scope: 'one' }), 2);
  assert.equal(coalescer.waiters({ scope: 'other' }), 3);
  assert.equal((await coalescer.explain({ scope: 'other', key: 'k' }))?.events[0]?.['scope'], 'other');
  assert.equal(await coalescer.explain({ scope: 'nobody', key: 'k' }), null);
  for (const scope of ['one', 'other', 'o']) coalescer.cancel({ scope });
  assert.equal((await settled).filter(({ status }) => status === 'rejected').length, 9);
});

test('a key that is missing by mistake is refused, and does not mean all that its tenant has', async () => {
  const coalescer = createCoalescer({ scope: 'per-request', targets: { only: (_payload: string) => pending<string>() } });
  const settled = Promise.allSettled(['k', 'l'].map((payload) => coalescer.request(payload, { scope: 'one' })));
  const wrong: readonly (readonly [object, RegExp])[] = [
    [
      { scope: 'one', key: undefined },
      /which\.key: expected a key, or null for what is not shared, got undefined; leave it out for all of a scope/,
    ],
    [{ scope: 'one', key: 7 }, /which\.key: .*got 7/],
    [{ scope: 'one', kee: 'k' }, /which\.kee: there is no such property; known are scope, key/],
    [{ payload: 'k', key: 'k' }, /which\.key: there is no such property; known are payload, scope/],
  ];
  for (const [which, message] of wrong) {
    for (const name of ['cancel', 'forget', 'waiters'] as const)
      assert.throws(() => coalescer[name](which as { scope: string }), (error: Error) => error instanceof TypeError && message.test(error.message)); // biome-ignore format: one line
  }
  assert.equal(coalescer.waiters({ scope: 'one' }), 2);
  const its = coalescer.identify('k', { scope: 'one' });
  assert.deepEqual([coalescer.waiters(its), coalescer.cancel(its), coalescer.cancel({ scope: 'one', key: null })], [1, 1, 0]);
  coalescer.cancel({ scope: 'one' });
  await settled;
});
