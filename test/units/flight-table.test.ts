// The table of flights that may be joined: by scope, list of targets and key, long keys found by a digest and still compared in full. Digests that
// collide are made here by hand: flights of equal index and different keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { digestOf, FlightTable, indexOf } from '../../src/flight-table.js';
import { flightOf } from './flights.js';

const long = (end: string): string => 'x'.repeat(10_000) + end;

test('long keys whose digests collide never share: they are compared in full', () => {
  const table = new FlightTable();
  const one = flightOf({ key: long('1'), index: 'the same digest' });
  const other = flightOf({ key: long('2'), index: 'the same digest' });
  table.put(one);
  assert.equal(table.find(null, null, 'the same digest', long('1')), one);
  assert.equal(table.find(null, null, 'the same digest', long('2')), undefined);
  table.put(other);
  assert.equal(table.find(null, null, 'the same digest', long('2')), other);
  assert.equal(table.find(null, null, 'the same digest', long('1')), undefined);
  assert.deepEqual([one.isCurrent, other.isCurrent], [false, true]);
  table.remove(one);
  assert.equal(table.find(null, null, 'the same digest', long('2')), other, 'the older one takes nobody else out');
  table.remove(other);
  assert.ok(table.isEmpty);
});

test('a short key that is the digest of a long one is another key', () => {
  const table = new FlightTable();
  const far = flightOf({ key: long('') });
  table.put(far);
  assert.equal(table.find(null, null, far.index, far.index), undefined);
  const near = flightOf({ key: far.index });
  table.put(near);
  assert.equal(table.find(null, null, far.index, long('')), far);
  assert.equal(table.find(null, null, far.index, far.index), near);
  assert.deepEqual([near.isCurrent, far.isCurrent], [true, true]);
  table.remove(near);
  assert.equal(table.find(null, null, far.index, long('')), far);
});

test('a key is its own index up to 8,192 characters, and beyond that a digest of all of it', () => {
  assert.equal(indexOf('x'.repeat(8_192)), 'x'.repeat(8_192));
  assert.equal(indexOf('x'.repeat(8_193)).length, 43);
  const ends = ['', 'a', 'b', '\ud800', '\ud801', '\ufffd', 'é', 'e\u0301'];
  assert.equal(new Set(ends.map((end) => indexOf(long(end)))).size, ends.length);
  assert.equal(new Set(ends.map((end) => digestOf(end))).size, ends.length);
});

test('the newest flight of a key is the one that is found, and an older one that ends leaves it there', () => {
  const table = new FlightTable();
  const older = flightOf({ scope: 's', key: 'k' });
  const newer = flightOf({ scope: 's', key: 'k' });
  table.put(older);
  table.put(newer);
  assert.equal(table.find(null, 's', 'k', 'k'), newer);
  table.remove(older);
  assert.equal(table.find(null, 's', 'k', 'k'), newer);
  table.remove(newer);
  table.remove(newer);
  assert.equal(table.find(null, 's', 'k', 'k'), undefined);
  assert.ok(table.isEmpty);
});

test('under any puts and removes the table finds what a list of all flights finds, and is empty at the end', () => {
  const keys = ['a', 'b', '', 'null', long('1'), long('2'), digestOf(long('1'))];
  const identity = fc.record({
    scope: fc.constantFrom(null, 'a', 'b', 'null'),
    key: fc.constantFrom(...keys),
    routeId: fc.constantFrom(null, '["a"]', '["b"]'),
  });
  const operation = fc.record({ identity, remove: fc.option(fc.nat()) });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const table = new FlightTable();
      const listed: ReturnType<typeof flightOf>[] = [];
      const model = new Map<string, ReturnType<typeof flightOf>>();
      const name = (scope: string | null, key: string, routeId: string | null): string => JSON.stringify([scope, key, routeId]);
      for (const { identity: drawn, remove } of operations) {
        if (remove === null || listed.length === 0) {
          const flight = flightOf(drawn);
          table.put(flight);
          listed.push(flight);
          model.set(name(drawn.scope, drawn.key, drawn.routeId), flight);
        } else {
          const flight = listed[remove % listed.length] as ReturnType<typeof flightOf>;
          const its = name(flight.scope, flight.key as string, flight.routeId);
          table.remove(flight);
          if (model.get(its) === flight) model.delete(its);
        }
        const { scope, key, routeId } = drawn;
        assert.equal(table.find(routeId, scope, indexOf(key), key), model.get(name(scope, key, routeId)));
        for (const flight of listed)
          assert.equal(flight.isCurrent, model.get(name(flight.scope, flight.key as string, flight.routeId)) === flight);
      }
      for (const flight of listed) table.remove(flight);
      assert.ok(table.isEmpty);
    }),
    { numRuns: 500 },
  );
});

test('a table that is written to all the time keeps what it holds', () => {
  const table = new FlightTable();
  const kept = Array.from({ length: 20 }, (_, index) => flightOf({ key: index % 2 === 0 ? `kept${index}` : long(`kept${index}`) }));
  for (const flight of kept) table.put(flight);
  for (let churn = 0; churn < 20_000; churn++) {
    const flight = flightOf({ key: churn % 50 === 0 ? long(`${churn}`) : `${churn}` });
    table.put(flight);
    table.remove(flight);
  }
  for (const flight of kept) assert.equal(table.find(null, null, flight.index, flight.key as string), flight);
  for (const flight of kept) table.remove(flight);
  assert.ok(table.isEmpty);
});

test('a table that was busy, and flies one key again and again ever after, is empty when that has landed', () => {
  const table = new FlightTable();
  const many = Array.from({ length: 300 }, (_, at) => flightOf({ key: `k${at}` }));
  for (let round = 0; round < 6; round++) {
    for (const flight of many) table.put(flight);
    for (const flight of many) table.remove(flight);
  }
  const one = flightOf({ key: 'one' });
  for (let time = 0; time < 3_000; time++) {
    table.put(one);
    table.remove(one);
    assert.equal(table.isEmpty, true);
  }
});
