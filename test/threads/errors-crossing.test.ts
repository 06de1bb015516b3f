// Errors come from threads as data made into errors again: what a caller decides by is there, the class and what belongs to nobody else are not.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { createCoalescer, flightOf, threadTargets, type Coalescer } from '../../src/index.js';
import type targets from './fixtures/throw-errors.js';
import type { Thrown } from './fixtures/throw-errors.js';
import { Tally } from './tally.js';

const UNPACKABLE = [
  'a name with a lone surrogate',
  'a header with a lone surrogate',
  'data nested deep',
  'detached bytes',
  'data that changes',
  'a value nested deep',
  'data that throws',
  'an object nested deep',
] as const satisfies readonly Thrown[];

type Loose = Error & Record<string, unknown>;

for (const threads of [0, 1]) {
  suite(`threads: ${threads}`, () => {
    const tally = new Tally();
    let coalescer: Coalescer<Thrown, never>;
    before(async () => {
      const module = new URL('./fixtures/throw-errors.js', import.meta.url);
      const options = { threads, spare: false, config: { tally: tally.buffer } };
      coalescer = createCoalescer({ name: 'errors', scope: 'public', targets: threadTargets<typeof targets>(module, options) });
      await coalescer.ready();
    });
    after(() => coalescer.close());

    /** What a request rejects with; the target has one call, and the error is its flight's. */
    async function thrown(what: Thrown): Promise<Loose> {
      const calls = tally.count('calls');
      const [one, other] = await Promise.allSettled([coalescer.request(what), coalescer.request(what)]);
      assert.equal(tally.count('calls'), calls + 1);
      assert.ok(one.status === 'rejected' && other.status === 'rejected');
      assert.ok(Object.is(one.reason, other.reason) || Number.isNaN(one.reason), 'one error for all');
      return one.reason as Loose;
    }

    test('name, message, stack, code, status and plain data cross; the class, functions and instances do not', async () => {
      const error = await thrown('overloaded');
      assert.ok(error instanceof Error);
      assert.equal(Object.getPrototypeOf(error), Error.prototype);
      assert.deepEqual(
        [error.name, error.message, error['code'], error['status']],
        ['OverloadedError', 'too much of it', 'overloaded_error', 529],
      );
      assert.match(error.stack ?? '', /too much of it[\s\S]*throw-errors\.[jt]s/);
      assert.match(String(error), /^OverloadedError: too much of it$/);
      assert.deepStrictEqual(error['request'], { model: 'm-1', since: new Date(5), tokens: [1, 2], nothing: undefined });
      assert.deepEqual([Object.hasOwn(error, 'retry'), Object.hasOwn(error, 'socket')], [false, false]);
      assert.equal(flightOf(error)?.attempts[0]?.status, 529);
    });

    for (const what of ['plain headers', 'fetch headers'] as const) {
      test(`${what}: those that say when to come back and which request it was cross, secrets do not`, async () => {
        const { headers, status, statusCode } = await thrown(what);
        assert.deepEqual(headers, {
          'retry-after': '7',
          'retry-after-ms': '7000',
          'x-should-retry': 'true',
          'request-id': 'req-1',
          'x-request-id': 'req-2',
        });
        assert.equal(status ?? statusCode, 429);
      });
    }

    test('causes cross three deep, errors and others', async () => {
      const messages: string[] = [];
      for (let error: unknown = await thrown('five causes'); error instanceof Error; error = error.cause) messages.push(error.message);
      assert.deepEqual(messages, ['level 5', 'level 4', 'level 3', 'level 2']);
      assert.deepStrictEqual((await thrown('a cause that is no error')).cause, { code: 'EWHY', since: 1n });
      const round = await thrown('a cause in a circle');
      assert.equal((round.cause as Error).message, 'round');
    });

    test('own data crosses up to 16 kB, code and status before all else; text is cut', async () => {
      const error = await thrown('much data');
      assert.deepEqual([error['code'], error['hint'], Object.hasOwn(error, 'body')], ['MUCH', 'look here', false]);
      const { message } = await thrown('very long text');
      assert.ok(message.length >= 1_000 && message.length <= 16_384, `${message.length} characters`);
    });

    test('parts that cannot be read are left out, the rest crosses', async () => {
      assert.equal((await thrown('a throwing code')).message, 'careful');
      assert.equal((await thrown('a throwing name')).message, 'careful');
      assert.equal((await thrown('a throwing message')).name, 'Error');
      const error = await thrown('proxy');
      assert.ok(error instanceof Error);
      const odd = await thrown('odd data');
      assert.deepStrictEqual([odd['zero'], odd['bytes'], odd['big'], odd['nan']], [-0, Buffer.from('ab'), 2n ** 40n, NaN]);
      const cut = await thrown('a lone surrogate');
      assert.match(cut.message, /^cut /);
      assert.ok(cut.message.isWellFormed());
    });

    test('nothing that an error carries reaches a prototype', async () => {
      const error = await thrown('polluting');
      assert.equal(error.message, 'polluting');
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
      assert.equal((error as unknown as Record<string, unknown>)['polluted'], undefined);
      assert.ok(error instanceof Error);
    });

    test('well-known errors keep what they are told apart by', async () => {
      const abort = await thrown('an abort');
      assert.deepEqual([abort.name, abort.message], ['AbortError', 'stopped']);
      const type = await thrown('a type error');
      assert.deepEqual([type.name, type.message], ['TypeError', 'not a function']);
      const { code, errno, syscall, port } = await thrown('a system error');
      assert.deepEqual([code, errno, syscall, port], ['ECONNREFUSED', -111, 'connect', 1]);
      const foreign = await thrown('an error from another realm');
      assert.deepEqual(
        [foreign.name, foreign.message, foreign['code'], foreign instanceof Error],
        ['Foreign', 'from elsewhere', 'F', true],
      );
    });

    const VALUES: readonly (readonly [Thrown, unknown])[] = [
      ['text', 'just text'],
      ['number', 42],
      ['nothing', undefined],
      ['null', null],
      ['data', { code: 'E_DATA', list: [1, { when: new Date(1) }] }],
    ];
    for (const [what, value] of VALUES) {
      test(`thrown ${what} crosses as it is`, async () => {
        assert.deepStrictEqual(await thrown(what), value);
      });
    }
    // The error left its thread, or hung there with its slot for ever.
    for (const what of UNPACKABLE) {
      test(`${what} costs neither its thread nor its flight: the error is the answer`, async () => {
        const error = await thrown(what);
        assert.ok(error instanceof Error);
        if (what !== 'a value nested deep') assert.equal(error['status'], 422);
        if (!what.includes('nested deep') || what === 'data nested deep') assert.equal(error.message, 'no field');
        const { airborne, threadsLost, bytes } = coalescer.stats();
        assert.deepEqual({ airborne, threadsLost, bytes }, { airborne: 0, threadsLost: 0, bytes: 0 });
      });
    }
    for (const what of ['symbol', 'function', 'map'] as const) {
      test(`thrown ${what} becomes an error that says what it was`, async () => {
        const error = await thrown(what);
        assert.ok(error instanceof Error);
        assert.match(error.message, /Symbol\(odd\)|=> 1|Map/);
      });
    }
  });
}
