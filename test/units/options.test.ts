// Options are checked when a coalescer is made: the option's path, what was expected and what came. What is not given is filled in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillOptions } from '../../src/option-table.js';

test('what is not given is filled with finite defaults, undefined counting as not given', () => {
  for (const options of [
    { scope: 'public' },
    { scope: 'public', name: undefined, limits: undefined, backoff: { baseMs: undefined }, targets: {} },
  ]) {
    const filled = fillOptions(options);
    assert.deepEqual(
      [filled.name, filled.share, filled.flightTimeoutMs, filled.joinWithinMs, filled.abandonAfterMs, filled.relaunchesMax],
      ['coalescer', 'readonly', 30_000, 15_000, 0, 3],
    );
    assert.deepEqual(filled.backoff, { baseMs: 100, maxMs: 8_000 });
    for (const limit of Object.values(filled.limits)) assert.ok(Number.isFinite(limit) && limit > 0);
  }
  assert.equal(fillOptions({ scope: 'public', flightTimeoutMs: 1_000 }).joinWithinMs, 500);
});

test('where only one of two times is given, the other makes room for it', () => {
  const less = fillOptions({ scope: 'public', breaker: { openMsMax: 1_000 }, backoff: { maxMs: 50 } });
  assert.deepEqual([less.breaker?.openMs, less.backoff], [1_000, { baseMs: 50, maxMs: 50 }]);
  const { breaker, backoff } = fillOptions({ scope: 'public', breaker: { openMs: 90_000 }, backoff: { baseMs: 10_000 } });
  assert.deepEqual([breaker?.openMs, breaker?.openMsMax, backoff], [90_000, 90_000, { baseMs: 10_000, maxMs: 10_000 }]);
});

test('who misspells an option is told those that are known where it stands, and no others', () => {
  const known = (options: object): string[] => {
    try {
      fillOptions({ scope: 'public', ...options });
    } catch (error) {
      return /known are (.*)$/.exec((error as Error).message)?.[1]?.split(', ') ?? [];
    }
    return [];
  };
  assert.deepEqual(known({ budget: { shares: 1 } }), ['share', 'perSecondMin']);
  const top = known({ ttl: 5 });
  for (const name of ['targets', 'collect', 'keep', 'limits', 'streams']) assert.equal(top.filter((one) => one === name).length, 1, name);
  assert.ok(top.every((name) => !name.includes('.')));
});

test('an option that is wrong is refused by its path, with what was expected and what came', () => {
  const cases: readonly (readonly [object | null, RegExp])[] = [
    [null, /^options: expected an object, got null/], [{}, /^options\.scope: required/], [{ scope: 'private' }, /^options\.scope: .*'private'/], [{ scope: 'public', name: '' }, /^options\.name/],
    [{ scope: 'public', name: 7 }, /^options\.name: .*got 7/], [{ scope: 'public', maxAttempts: 6 }, /^options\.maxAttempts: .*1 to 5, got 6/], [{ scope: 'public', maxAttempts: 1.5 }, /^options\.maxAttempts/],
    [{ scope: 'public', flightTimeoutMs: Number.NaN }, /^options\.flightTimeoutMs/], [{ scope: 'public', flightTimeoutMs: 2 ** 31 }, /^options\.flightTimeoutMs/], [{ scope: 'public', key: 'id' }, /^options\.key: expected a function, got 'id'/],
    [{ scope: 'public', limits: { flights: 0 } }, /^options\.limits\.flights/], [{ scope: 'public', limits: { flight: 1 } }, /^options\.limits\.flight: there is no such option/], [{ scope: 'public', backoff: 5 }, /^options\.backoff: expected an object, got 5/],
    [{ scope: 'public', abandonAfterMs: 'never' }, /^options\.abandonAfterMs/], [{ scope: 'public', environment: { now: () => 0 } }, /^options\.environment/], [{ scope: 'public', ttl: 5 }, /^options\.ttl: there is no such option/],
    [{ scope: 'public', share: null }, /^options\.share: .*got null/], [{ scope: 'public', keep: [] }, /^options\.keep: expected an object, got an empty array/],
    [{ scope: 'public', breaker: { openMs: 90_000, openMsMax: 60_000 } }, /^options\.breaker\.openMsMax: expected at least openMs = 90000, got 60000/],
    [{ scope: 'public', backoff: { baseMs: 100, maxMs: 50 } }, /^options\.backoff\.maxMs: expected at least baseMs = 100, got 50/],
  ]; // biome-ignore format: a table
  for (const [options, message] of cases)
    assert.throws(
      () => fillOptions(options),
      (error: Error) => (error instanceof TypeError || error instanceof RangeError) && message.test(error.message),
    );
});
