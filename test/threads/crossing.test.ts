// Whatever crosses arrives equal, or is refused with the place where it is: payloads and values, on threads and on this thread, packed and cloned.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import * as fc from 'fast-check';
import { createCoalescer, isCoalescerError, threadTargets, type Coalescer } from '../../src/index.js';
import { crossing, hostile, REFUSED } from './crossing-values.js';
import { bytesOf, type Bytes } from './fixtures/echo.js';
import type targets from './fixtures/echo.js';
import { Tally } from './tally.js';

type Any = Coalescer<unknown, unknown>;

function open(threads: number, tally = new Tally(), carry?: () => unknown): Any {
  const module = new URL('./fixtures/echo.js', import.meta.url);
  const options = carry === undefined ? {} : { carry };
  return createCoalescer({
    name: 'crossing',
    scope: 'public',
    // Not shared: most of these values have no key.
    key: () => null,
    share: 'same',
    ...options,
    targets: threadTargets<typeof targets>(module, { threads, spare: false, config: { tally: tally.buffer } }),
  }) as Any;
}

const echo = (coalescer: Any, payload: unknown): Promise<unknown> => coalescer.request(payload, { targets: ['echo'] });

/** What stands at the path that an error names. */
function at(value: unknown, path: string): unknown {
  const steps = [...path.slice(1).matchAll(/\.([A-Za-z_$][\w$]*)|\[("(?:[^"\\]|\\.)*"|\d+)\]/g)];
  assert.equal(steps.map(([step]) => step).join(''), path.slice(1), `not a path: ${path}`);
  return steps.reduce<unknown>(
    (part, [, name, index]) => (part as Record<string, unknown>)[name ?? (JSON.parse(index ?? '') as string)],
    value,
  );
}

async function refusalOf(coalescer: Any, payload: unknown): Promise<{ readonly path: string; readonly message: string }> {
  const error: unknown = await echo(coalescer, payload).then(
    (value) => assert.fail(`it crossed and became ${String(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(isCoalescerError(error, 'COALESCER_NOT_CLONEABLE'), String(error));
  assert.ok(error.path?.startsWith('$'), `the path is ${error.path}`);
  return { path: error.path ?? '', message: error.message };
}

for (const threads of [0, 1]) {
  suite(`threads: ${threads}`, () => {
    const tally = new Tally();
    let coalescer: Any;
    before(async () => {
      coalescer = open(threads, tally);
      await coalescer.ready();
    });
    after(() => coalescer.close());

    test('data goes and comes back equal', async () => {
      let calls = tally.count('calls');
      const goesAndComes = fc.asyncProperty(crossing, async (value) => {
        const answer = await echo(coalescer, value);
        assert.equal(tally.count('calls'), ++calls);
        assert.deepStrictEqual(answer, value);
        for (const { type, byteLength, bufferLength } of bytesOf(answer)) assert.equal(bufferLength, byteLength, `${type} has neighbours`);
      });
      await fc.assert(goesAndComes, { numRuns: 1_000 });
    });

    test('anything goes and comes back equal, or is refused with a path that leads somewhere', async () => {
      const isHonest = fc.asyncProperty(hostile, async (value) => {
        const [result] = await Promise.allSettled([echo(coalescer, value)]);
        if (result.status === 'fulfilled') return assert.deepStrictEqual(result.value, value);
        const error: unknown = result.reason;
        assert.ok(isCoalescerError(error, 'COALESCER_NOT_CLONEABLE') && error.path !== undefined, String(error));
        at(value, error.path);
      });
      await fc.assert(isHonest, { numRuns: 1_000 });
    });

    for (const [what, make] of Object.entries(REFUSED)) {
      test(`${what} is refused wherever it stands, and nothing is called for it`, async () => {
        const calls = tally.count('calls');
        const bare = await refusalOf(coalescer, make());
        const deep = await refusalOf(coalescer, { list: [1, { 'odd name': make() }] });
        assert.equal(tally.count('calls'), calls);
        assert.ok(deep.path.startsWith('$.list[1]["odd name"]'), deep.path);
        assert.ok(bare.message.includes(bare.path));
      });
    }

    const MADE: Readonly<Record<string, string>> = {
      $: 'new Map()',
      '$.when': '{ when: new Date(NaN) }',
      '$[1].id': '[0, { id: 2n ** 70n }]',
      '$.invoice': '{ invoice: new (class Invoice {})() }',
      '$["a b"][0]': '{ "a b": [() => 1] }',
      '$.text': '{ text: Object("boxed") }',
      '$[0]': '[Symbol("x")]',
      '$.self': 'JSON.parse(\'{"self":0}\', (key, value) => (key === "self" ? new Set() : value))',
    };
    for (const [path, make] of Object.entries(MADE)) {
      test(`a value that cannot cross is refused after one call, with its path ${path}: ${make}`, async () => {
        const calls = tally.count('calls');
        const refusal = await refusalOf(coalescer, { make });
        assert.equal(tally.count('calls'), calls + 1, 'the next target would return the same kind of thing');
        assert.equal(refusal.path, path);
      });
    }

    test('bytes cross as they are, small and large, whatever they look like', async () => {
      const packed = Buffer.from([0x93, 0x01, 0xc1, 0xff, 0xd4, 0x70]);
      for (const size of [0, 1, 4_096, 65_535, 65_536, 65_537, 1_048_576]) {
        const bytes = new Uint8Array(size).map((_, index) => packed[index % packed.length] as number);
        const buffer = Buffer.from(bytes);
        for (const value of [bytes, buffer, { bytes }, [buffer, -0]]) {
          const answer = await echo(coalescer, value);
          assert.deepStrictEqual(answer, value);
          for (const { type, byteLength, bufferLength } of bytesOf(answer))
            assert.equal(bufferLength, byteLength, `${type} has neighbours`);
        }
        assert.equal(bytes.byteLength, size, 'its owner keeps it');
      }
    });

    test('bytes in a target lie in memory of their own, and so do the values of all waiters', async () => {
      const window = new Uint8Array(1_000).subarray(100, 108);
      for (const payload of [
        window,
        Buffer.from('12345678'),
        { window, list: [new Float64Array(2)] },
        { window, zero: -0, f: new Float64Array(2) },
      ]) {
        const lying = (await coalescer.request(payload, { targets: ['bytes'] })) as Bytes[];
        for (const { type, byteLength, bufferLength } of lying) assert.equal(bufferLength, byteLength, `${type} has neighbours`);
      }
    });

    test('bytes that a target keeps are not taken from it', async () => {
      const first = (await echo(coalescer, { make: 'treasure' })) as Uint8Array;
      first.fill(0);
      const second = (await echo(coalescer, { make: 'treasure' })) as Uint8Array;
      assert.equal(second.length, 131_072);
      assert.ok(second.every((byte) => byte === 7));
    });

    test('what the owner does to a payload after the call changes nothing, before the targets are ready or later', async () => {
      const early = open(threads);
      for (const each of [early, coalescer]) {
        const bytes = new Uint8Array(100_000).fill(1);
        const order = { lines: [{ text: 'as ordered', bytes: new Uint16Array([1, 2]) }], price: 1 };
        const answers = [echo(each, order), echo(each, bytes), echo(each, { ...order, zero: -0 })] as const;
        bytes.fill(2);
        order.price = 2;
        order.lines[0]?.bytes.fill(9);
        order.lines.push({ text: 'smuggled in', bytes: new Uint16Array(0) });
        const lines = [{ text: 'as ordered', bytes: new Uint16Array([1, 2]) }];
        assert.deepStrictEqual(await answers[0], { lines, price: 1 });
        assert.deepStrictEqual(await answers[1], new Uint8Array(100_000).fill(1));
        assert.deepStrictEqual(await answers[2], { lines, price: 1, zero: -0 });
      }
      await early.close();
    });

    test('what is carried along arrives as it was, or the request is refused', async () => {
      const carried = { traceparent: '00-1-2-01', since: new Date(5), zero: -0 };
      const carrying = open(threads, tally, () => carried);
      assert.deepStrictEqual(await carrying.request('x', { targets: ['carried'] }), carried);
      await carrying.close();
      const refusing = open(threads, tally, () => ({ socket: new Map() }));
      await assert.rejects(refusing.request('x', { targets: ['carried'] }), { code: 'COALESCER_NOT_CLONEABLE', path: '$.socket' });
      await refusing.close();
    });
  });
}

test('resultBytes counts the bytes of a value, whichever way it crosses', async () => {
  const tally = new Tally();
  const echoes = threadTargets<typeof targets>(new URL('./fixtures/echo.js', import.meta.url), {
    threads: 1,
    spare: false,
    config: { tally: tally.buffer },
  });
  const coalescer = createCoalescer({ scope: 'public', limits: { resultBytes: 600 }, targets: echoes }) as Any;
  await coalescer.ready();
  const made = (make: string): Promise<unknown> => coalescer.request({ make }, { targets: ['echo'] });
  const small = ["'x'.repeat(600)", "'\u2603'.repeat(199)", "['x'.repeat(590)]", 'new Uint8Array(600)', "{ text: 'x'.repeat(100) }"];
  for (const make of small) await made(make);
  const large = [
    "'x'.repeat(601)",
    "'\u2603'.repeat(201)",
    "['x'.repeat(601)]",
    'new Uint8Array(601)',
    'Array.from({ length: 100 }, () => 1.5)',
  ];
  for (const make of large) await assert.rejects(made(make), { code: 'COALESCER_LIMIT', limit: 'resultBytes' }, make);
  assert.equal(tally.count('calls'), small.length + large.length);
  await coalescer.close();
});
