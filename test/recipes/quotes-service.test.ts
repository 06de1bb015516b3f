// The unit test of a service, with `coalescer/testing`: time that the test moves, targets that the test answers. Nothing sleeps, nothing is mocked.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { scriptedTarget, virtualEnvironment, type ScriptedTarget, type VirtualEnvironment } from 'coalescer/testing';
import { QuotesService } from '../../recipes/quotes-service.js';

let environment: VirtualEnvironment;
let exchange: ScriptedTarget<string, number>;
let mirror: ScriptedTarget<string, number>;
let service: QuotesService;

beforeEach(() => {
  environment = virtualEnvironment();
  exchange = scriptedTarget();
  mirror = scriptedTarget();
  service = new QuotesService({ exchange, mirror, environment });
});

afterEach(() => service.close());

test('a hundred who ask for one price make one call', async () => {
  const prices = Promise.all(Array.from({ length: 100 }, () => service.price('ACME')));
  assert.equal(exchange.calls.length, 1);
  exchange.calls[0]?.resolve(42);
  assert.deepEqual(new Set(await prices), new Set([4_200]));
});

test('an exchange that does not answer within half a second is asked no more: the mirror is', async () => {
  const price = service.price('ACME');
  await environment.advance(490);
  assert.equal(mirror.calls.length, 0);
  await environment.advance(20);
  assert.equal(exchange.calls[0]?.signal.aborted, true);
  assert.equal(mirror.calls.length, 1);
  mirror.calls[0]?.resolve(41.5);
  assert.equal(await price, 4_150);
});

test('who asks and goes away ends the call, when nobody else waits for it', async () => {
  const gone = new AbortController();
  const price = service.price('ACME', gone.signal);
  gone.abort(new Error('went home'));
  await assert.rejects(price, { message: 'went home' });
  assert.equal(exchange.calls[0]?.signal.aborted, true);
});
