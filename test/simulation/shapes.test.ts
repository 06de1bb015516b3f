// Whatever befalls flights, they have one shape: V8 finds what lies in objects by their shape, and a process that has seen hundreds of them looks for
// it in every flight, the healthy ones too. Flown through the simulation, which knows more trouble than anybody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flight } from '../../src/flight.js';
import { Waiters } from '../../src/waiters.js';
import type { FlightRecord } from '../../workers/flight-record.js';
import { Shard } from '../../workers/shard.js';
import { swap } from './planting.js';
import { simulate } from './simulate.js';

const SEEDS = 300;

const shapesOf = (held: Iterable<object>): Set<string> => new Set([...held].map((one) => Object.keys(one).join()));

test('flights and their records have one shape, whatever befalls them', async () => {
  const flights = new Set<Flight>();
  const records = new Set<FlightRecord>();
  const unplant = [
    swap(
      Waiters.prototype,
      'seatLeader',
      (seatLeader) =>
        function (flight: Flight) {
          flights.add(flight);
          seatLeader.call(this, flight);
        },
    ),
    swap(
      Shard.prototype,
      'take',
      (take) =>
        function (order) {
          const record = take.call(this, order) as FlightRecord;
          records.add(record);
          return record;
        },
    ),
  ].map((plant) => plant());
  try {
    for (let seed = 1; seed <= SEEDS; seed++) await simulate(seed);
  } finally {
    for (const take of unplant) take();
  }
  const troubled = [...flights].filter(({ incidents, passage }) => incidents.failure !== null || passage.lossesBegun > 0);
  assert.ok(troubled.length > SEEDS, `only ${troubled.length} flights had trouble`);
  assert.equal(shapesOf(flights).size, 1, 'flights');
  assert.equal(shapesOf(records).size, 1, 'records');
});
