// What errors say: whose time was up, how much came, who said something else, and with which code attempts failed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type CoalescerError } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { codeOfReading, fedTarget, openStreams, readAll, turns } from '../streams/stage.js';
import { httpError, openStage, watch } from './stage.js';

test('a time-out says whose time it was', async () => {
  const { coalescer, environment, primary } = openStage({ flightTimeoutMs: 1_000 });
  const [own, flight] = [watch(coalescer.request('a', { timeoutMs: 100 })), watch(coalescer.request('a'))];
  await environment.advance(1_100);
  assert.equal(primary.calls.length, 1);
  assert.match(String(own.reason), /was 100 ms old when this request's timeoutMs was up/);
  assert.match(String(flight.reason), /was 1000 ms old when its flightTimeoutMs was up/);
});

test('a limit says what it would come to', async () => {
  const cases = [
    [{ payloadBytes: 10 }, 'x'.repeat(20), /limits\.payloadBytes is reached: at most 10, and this one would make it 20/],
    [{ airborneBytes: 10 }, 'x'.repeat(20), /limits\.airborneBytes is reached: at most 10, and this one would make it 21/],
    [{ flights: 1 }, 'b', /limits\.flights is reached: at most 1, and this one would make it 2/],
    [{ waitersPerFlight: 1 }, 'a', /limits\.waitersPerFlight is reached: at most 1, and this one would make it 2/],
  ] as const;
  for (const [limits, payload, message] of cases) {
    const { coalescer, settled } = openStage({ limits });
    watch(coalescer.request('a'));
    const refused = watch(coalescer.request(payload));
    await settled();
    assert.match(String(refused.reason), message);
  }
});

test('a value that is too large is told in its unit', async () => {
  for (const [value, came] of [
    ['x'.repeat(20), '20 characters'],
    [new Uint8Array(30), '30 bytes'],
  ] as const) {
    const only = scriptedTarget<string, unknown>();
    const coalescer = createCoalescer({ scope: 'public', targets: { only }, limits: { resultBytes: 10 } });
    const refused = coalescer.request('a').catch(String);
    assert.equal(only.calls.length, 1);
    only.calls[0]!.resolve(value);
    assert.match(String(await refused), new RegExp(`limits\\.resultBytes is reached: the value has ${came}, at most 10`));
  }
});

test('a stream that went another way names the target that said so', async () => {
  const [primary, backup] = [fedTarget(), fedTarget()];
  const { coalescer, settled } = openStreams({ primary, backup }, { streams: { midStream: 'verify' } });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give('one');
  primary.calls[0]!.fail(httpError(502));
  await turns(settled);
  backup.calls[0]!.give('two');
  await turns(settled);
  assert.equal(codeOfReading(reading), 'COALESCER_STREAM_DIVERGED');
  assert.match(
    (reading.error as CoalescerError).message,
    /^coalescer: backup gave other chunks to flight coalescer#1 than the 1 that were delivered before/,
  );
});

test('where attempts failed with a code or a status, the message says it beside what they said', async () => {
  const { coalescer, primary, backup, settled } = openStage({}, 2);
  const request = watch(coalescer.request('a'));
  primary.calls[0]!.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) }));
  await settled();
  backup.calls[0]!.reject(Object.assign(httpError(503), { code: 'overloaded' }));
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  assert.equal(
    (request.reason as CoalescerError).message,
    'coalescer: all 2 attempts of flight coalescer#1 failed: primary failed (ECONNREFUSED): fetch failed; backup failed (503 overloaded): HTTP 503',
  );
});

test('a stream that broke off says what its last attempt said', async () => {
  const primary = fedTarget();
  const { coalescer, settled } = openStreams({ primary });
  const reading = readAll(coalescer.stream('a'));
  await settled();
  primary.calls[0]!.give('one');
  primary.calls[0]!.fail(httpError(529));
  await turns(settled);
  assert.equal(primary.calls.length, 1);
  assert.match(
    (reading.error as CoalescerError).message,
    /broke off after 1 chunk; the last attempt, on primary, ended failed \(529\): HTTP 529$/,
  );
});
