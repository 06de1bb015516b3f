// Errors cross as data: name, message, stack, code, status, headers that say when to come back, own plain data, three causes. Whatever is thrown
// can be described, and the description never throws.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { inspectCrossing } from '../../workers/crossing.js';
import { errorOf, errorRecord, packError, type ErrorRecord } from '../../workers/error-record.js';
import { Wire } from '../../workers/wire.js';

const arrived = (error: unknown): Record<string, unknown> & Error => errorOf(errorRecord(error)) as Record<string, unknown> & Error;

/** The same where it has really been packed. */
function crossed(error: unknown): Record<string, unknown> & Error {
  const wire = new Wire();
  const { kind, data } = packError(error, wire.packValue);
  return errorOf(wire.unpackBody(kind, data) as ErrorRecord) as Record<string, unknown> & Error;
}
const deep = (levels: number): unknown => (levels === 0 ? 'the bottom' : [deep(levels - 1)]);
/** As deep as a value may be by itself. */
const DEEPEST = deep(
  Array.from({ length: 300 }, (_, levels) => levels).findLast((levels) => inspectCrossing(deep(levels)).refusal === null)!,
);

class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  get status(): number {
    return 503;
  }
}

test('an error arrives with its name, message, stack, code, status and own data, and without its class', () => {
  const error = Object.assign(new UpstreamError('down'), { code: 'E_DOWN', body: { detail: [1, 2n] }, retryAfterMs: 5 });
  const copy = arrived(error);
  assert.ok(copy instanceof Error && !(copy instanceof UpstreamError));
  assert.deepEqual(
    [copy.name, copy.message, copy.stack, copy['code'], copy['status'], copy['retryAfterMs']],
    ['UpstreamError', 'down', error.stack, 'E_DOWN', 503, 5],
  );
  assert.deepEqual(copy['body'], { detail: [1, 2n] });
});

test('of the headers those that say when to come back and who asked are carried, from a bag or a Headers', () => {
  const carried = { 'retry-after': '3', 'retry-after-ms': '2500', 'x-request-id': 'r1' };
  for (const headers of [{ ...carried, cookie: 'secret' }, new Headers({ ...carried, cookie: 'secret' })])
    assert.deepEqual(arrived(Object.assign(new Error('a'), { headers }))['headers'], carried);
});

test('a status crosses without the response that it is on, and none is made up where the error has its own', () => {
  const response = { statusCode: 404, on: () => undefined };
  assert.equal(arrived(Object.assign(new Error('a'), { response }))['status'], 404);
  assert.equal(arrived(Object.assign(new Error('a'), { response, status: 503 }))['status'], 503);
  assert.deepEqual(Object.keys(arrived(Object.assign(new Error('a'), { response, statusCode: 503 }))), ['statusCode']);
  assert.deepEqual(Object.keys(arrived(new Error('a'))), []);
});

test('three causes cross and no more, and a cycle of causes ends', () => {
  const depthOf = (error: unknown): number => (error instanceof Error ? 1 + depthOf(error.cause) : 0);
  const nested = [1, 2, 3, 4, 5].reduce<Error | undefined>((cause, level) => new Error(`${level}`, { cause }), undefined);
  assert.equal(depthOf(arrived(nested)), 4);
  const cycle = new Error('a');
  cycle.cause = cycle;
  assert.equal(depthOf(arrived(cycle)), 4);
});

test('own data that cannot cross or is too much is left out, and the rest arrives', () => {
  const error = Object.assign(new Error('a'), { map: new Map(), large: 'x'.repeat(20_000), small: 1, code: 'C', call: () => 1 });
  const { small, code, large, map } = arrived(error);
  assert.deepEqual({ small, code, large, map }, { small: 1, code: 'C', large: undefined, map: undefined });
});

test('what cannot be read of an error is left out, and the rest arrives', () => {
  const throwing = (): never => {
    throw new Error('boom');
  };
  const error = Object.assign(new Error('a'), { code: 'C', headers: { get: throwing } });
  Object.defineProperty(error, 'detail', { get: throwing, enumerable: true });
  const copy = arrived(error);
  assert.deepEqual([copy.message, copy['code'], copy['detail']], ['a', 'C', undefined]);
});

test('an error that arrives has the frames of its own stack or none, and stacks of others stay as long as they were', () => {
  const { stackTraceLimit } = Error;
  const record = errorRecord(new Error('down', { cause: new Error('deeper') }));
  assert.ok(!('thrown' in record));
  const mute = errorOf({ ...record, stack: null }) as Error;
  assert.equal(mute.stack, 'Error: down');
  const told = errorOf(record) as Error;
  assert.deepEqual([told.stack, (told.cause as Error).stack], [record.stack, (record.cause as typeof record).stack]);
  assert.deepEqual(Object.keys(told), []);
  assert.equal(Error.stackTraceLimit, stackTraceLimit);
  assert.match(new Error('x').stack ?? '', /\n {4}at /);
});

test('errors arrive where nobody may say how long stacks are', () => {
  const script = `
    Object.freeze(Error);
    const { errorOf, errorRecord } = await import(${JSON.stringify(new URL('../../workers/error-record.js', import.meta.url).href)});
    const { message, stack } = errorOf(errorRecord(Object.assign(new Error('down'), { stack: 'as it was' })));
    console.log(JSON.stringify([message, stack]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', timeout: 10_000 });
  assert.equal(stdout.trim(), '["down","as it was"]', stderr);
});

test('what is too deep for the whole is left behind, and the rest arrives', () => {
  const { message, code, detail } = crossed(Object.assign(new Error('down'), { code: 'C', detail: DEEPEST }));
  assert.deepEqual([message, code, detail], ['down', 'C', undefined]);
  const above = crossed(new Error('above', { cause: Object.assign(new Error('down'), { detail: DEEPEST }) }));
  assert.deepEqual([above.message, 'cause' in above], ['above', false]);
  const { message: bare, code: kept } = crossed({ message: 'thrown', code: 'C', detail: DEEPEST });
  assert.deepEqual([bare, kept], ['thrown', 'C']);
});

test('whatever is thrown, and however often it may be looked at, something is packed', () => {
  for (let looks = 0; looks < 40; looks++) {
    let left = looks;
    const look = <Result>(result: Result): Result => {
      if (left-- <= 0) throw new Error('not again');
      return result;
    };
    const thrown = new Proxy<Record<string, unknown>>(
      { code: 'C', list: [1] },
      { get: (target, name) => look(target[name as string]), ownKeys: (target) => look(Object.keys(target)) },
    );
    assert.ok(packError(thrown, null).data.length > 0, `${looks} looks`);
  }
});

test('an error has what it had and nothing else: no cause where there was none, and a name that is not among its data', () => {
  const named = Object.assign(new Error('a'), { name: 'Mine', code: 'C' });
  assert.deepEqual([Object.keys(crossed(named)), crossed(named).name, 'cause' in crossed(named)], [['code'], 'Mine', false]);
  assert.deepEqual(Object.keys(crossed(new UpstreamError('down'))), ['status']);
});

test('an error of another realm, or one whose name is no text, is an error', () => {
  const far = crossed(runInNewContext("Object.assign(new TypeError('far'), { code: 'C' })"));
  assert.deepEqual([far instanceof Error, far.name, far.message, far['code']], [true, 'TypeError', 'far', 'C']);
  const odd = crossed(Object.assign(new Error('odd'), { name: 7 }));
  assert.deepEqual([odd instanceof Error, odd.name, odd.message], [true, 'Error', 'odd']);
});

test('own data has a bound for all of it together, and bytes count as bytes', () => {
  const part = 'x'.repeat(7_000);
  const { one, two, three, four } = crossed(Object.assign(new Error('a'), { one: part, two: part, three: part, four: 4 }));
  assert.deepEqual({ one, two, three, four }, { one: part, two: part, three: undefined, four: 4 });
  assert.deepEqual(crossed(Object.assign(new Error('a'), { body: new Uint8Array(10_000) }))['body'], new Uint8Array(10_000));
  assert.deepEqual(crossed('x'.repeat(16_000)), 'x'.repeat(16_000));
  assert.ok(crossed('x'.repeat(20_000)) instanceof Error);
});

test('names of data and texts of headers that are no text, or too long, cost the rest nothing', () => {
  const error = Object.assign(new Error('a'), {
    detail: [1],
    ['\ud800']: 1,
    headers: { 'x-request-id': 'x'.repeat(201), 'retry-after': '\ud800' },
  });
  Object.defineProperty(error, '__proto__', { value: { polluted: 1 }, enumerable: true });
  const copy = crossed(error);
  assert.deepEqual(
    [Object.keys(copy), copy['detail'], copy['headers'], copy['polluted']],
    [['headers', 'detail'], [1], { 'retry-after': '\ufffd' }, undefined],
  );
});

test('a thrown value that is plain data arrives as it is', () => {
  for (const thrown of ['text', 7, null, undefined, { reason: 'no' }, [1]]) assert.deepEqual(arrived(thrown), thrown);
});

test('whatever is thrown is described by data that can cross, and nothing is thrown on the way', () => {
  const trap = new Proxy(
    {},
    { get: () => assert.fail('touched'), getPrototypeOf: () => assert.fail('touched'), ownKeys: () => assert.fail('touched') },
  );
  const describe = (thrown: unknown): void => {
    const record = errorRecord(thrown);
    assert.equal(inspectCrossing(record).refusal, null);
    errorOf(record);
  };
  for (const thrown of [
    trap,
    Object.create(null),
    Symbol('a'),
    () => 1,
    new Map(),
    '\ud800',
    new Error('\ud800'),
    new DOMException('a', 'AbortError'),
  ])
    describe(thrown);
  fc.assert(fc.property(fc.anything({ withNullPrototype: true, withMap: true, withDate: true, withBigInt: true }), describe), {
    numRuns: 2_000,
  });
  fc.assert(
    fc.property(fc.object(), (data) => describe(Object.assign(new Error('a'), data))),
    { numRuns: 2_000 },
  );
});
