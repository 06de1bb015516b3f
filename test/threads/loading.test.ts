// A targets module that cannot be had is told at once, to whoever asks; nothing hangs, and what is left can be closed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, isCoalescerError, threadTargets, type Coalescer, type ThreadOptions } from '../../src/index.js';
import type { Fault } from './fixtures/fail-in-set-up.js';
import { Tally } from './tally.js';

/** What a test gives a module that hangs, and what it allows for all the rest. */
const READY_MS = 1_500;
const SLACK_MS = 2_500;

/** Only where that is what ends it: a thread may take longer to begin on a machine that is busy. */
const within = (how: string): ThreadOptions => (/hang|spin/.test(how) ? { readyWithinMs: READY_MS } : {});

const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);

function open(module: URL, options: ThreadOptions & { readonly config?: unknown }): Coalescer<string, string> {
  const targets = threadTargets(module, options);
  return createCoalescer({ name: 'loading', scope: 'public', targets }) as unknown as Coalescer<string, string>;
}

async function refusesToStart(coalescer: Coalescer<string, string>, because: RegExp): Promise<void> {
  const startedAt = performance.now();
  const first = coalescer.request('first');
  const results = await Promise.allSettled([coalescer.ready(), first, coalescer.request('second')]);
  assert.ok(performance.now() - startedAt < READY_MS + SLACK_MS, `within its time, not ${performance.now() - startedAt} ms`);
  for (const result of results) {
    assert.equal(result.status, 'rejected');
    assert.ok(isCoalescerError(result.reason, 'COALESCER_TARGETS_NOT_LOADED'), String(result.reason));
    assert.match(result.reason.message, because);
  }
  // Asked again at once, it says the same without another try.
  const again = performance.now();
  await assert.rejects(coalescer.request('third'), { code: 'COALESCER_TARGETS_NOT_LOADED' });
  assert.ok(performance.now() - again < SLACK_MS);
  assert.deepEqual([coalescer.stats().airborne, coalescer.stats().waiting], [0, 0]);
  const closing = performance.now();
  await coalescer.close();
  assert.ok(performance.now() - closing < SLACK_MS, 'close does not wait for what will not come');
}

const AT_LOAD: readonly (readonly [what: string, module: string, because: RegExp])[] = [
  ['that does not exist', 'missing.js', /missing\.js/],
  ['that throws while loading', 'fail-at-load.js?throw', /loading went wrong/],
  ['that exits while loading', 'fail-at-load.js?exit', /died while it loaded|exited with code: 3/],
  ['that rejects unhandled while loading', 'fail-at-load.js?reject', /died while it loaded|rejected where nobody looks/],
  ['that hangs while loading', 'fail-at-load.js?hang', /did not load within readyWithinMs = 1500 ms/],
  ['that spins while loading', 'fail-at-load.js?spin', /did not load within readyWithinMs = 1500 ms/],
  ['that imports what cannot be parsed', 'fail-at-load.js?syntax', /fail-at-load\.js\?syntax, or what it imports: Unexpected identifier/],
  ['without a default export', 'export-nothing.js', /expected 'export default defineTargets\(\.\.\.\)', got no default export/],
  ['with another default export', 'export-other.js', /expected 'export default defineTargets\(\.\.\.\)', got another default export/],
];

for (const [what, module, because] of AT_LOAD) {
  test(`a module ${what} is refused: ready() and the first request say why`, async () => {
    await refusesToStart(open(fixture(module), { threads: 2, ...within(module) }), because);
  });
}

const IN_SET_UP: readonly (readonly [how: Fault, what: string, because: RegExp])[] = [
  ['throw', 'throws', /the database is away/],
  ['exit', 'exits', /the thread (?:died|is gone)/],
  ['hang', 'hangs', /readyWithinMs|no answer within 1500 ms/],
  ['spin', 'spins', /readyWithinMs|no answer within 1500 ms/],
  ['nothing', 'returns nothing', /targets: expected a record of functions/],
  ['integer-name', 'returns a target with an integer for a name', /targets\.1: a name that looks like an integer/],
  ['no-function', 'returns something that cannot be called', /targets\.primary: expected a function/],
];

for (const [how, what, because] of IN_SET_UP) {
  test(`a module whose set-up ${what} is refused: ready() and the first request say why`, async () => {
    const tally = new Tally();
    await refusesToStart(open(fixture('fail-in-set-up.js'), { config: { tally: tally.buffer, how }, ...within(how) }), because);
    assert.equal(tally.count('calls'), 0);
    assert.ok(tally.count('setUps') <= 2, `${tally.count('setUps')} set-ups`);
  });
}

for (const [what, module, because] of AT_LOAD.filter(([, name]) => /throw|missing|syntax|export/.test(name))) {
  test(`on this thread too, a module ${what} is refused`, async () => {
    await refusesToStart(open(fixture(module), { threads: 0 }), because);
  });
}

test('on this thread too, a set-up that throws or hangs is refused', async () => {
  const tally = new Tally();
  const config = { tally: tally.buffer, how: 'throw' as Fault };
  await refusesToStart(open(fixture('fail-in-set-up.js'), { threads: 0, config }), /the database is away/);
  await refusesToStart(
    open(fixture('fail-in-set-up.js'), { threads: 0, config: { ...config, how: 'hang' }, ...within('hang') }),
    /readyWithinMs/,
  );
});
