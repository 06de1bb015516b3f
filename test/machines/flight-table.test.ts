// Proves that the checked-in table is the flight machine: against what XState says now, against live actors, and back from a number.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { createActor } from 'xstate';
import {
  flightEvents,
  flightInputs,
  flightMachine,
  flightSnapshot,
  flightTable,
  IMPOSSIBLE,
  type Table,
  tabulate,
} from '../../machines/index.js';
import * as numbers from '../../machines/flight.table.js';
import { snapshotsOf, TableOutdated } from '../../machines/snapshots.js';
import { agreeOnEveryEdge, agreeOnWalks } from './agree.js';

const root = join(import.meta.dirname, '..', '..', '..');
const options = { events: flightEvents, inputs: flightInputs };

const now = tabulate(flightMachine, options);
/** The table that is checked in, with the snapshots that XState has for its numbers now. */
const checkedIn = { table: flightTable, snapshots: now.snapshots };

test('the checked-in table is what XState says now', () => {
  assert.deepEqual(flightTable, now.table);
});

test('the table script finds nothing to write', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/table.mjs', '--check'], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /flight\.table\.ts is up to date/);
});

test('on every edge the table agrees with a live actor, in the next snapshot and in the actions and their order', () => {
  const possible = agreeOnEveryEdge(flightMachine, checkedIn);
  assert.equal(flightTable.next.filter((next) => next !== IMPOSSIBLE).length, possible);
  assert.ok(possible > 60, `${possible} edges`);
});

test('on random walks of 100,000 events the table agrees with a live actor', () => {
  const { walks, visited } = agreeOnWalks(flightMachine, checkedIn, { inputs: flightInputs, events: 100_000, seed: 0x5eed });
  assert.ok(walks > 1000, `${walks} walks`);
  assert.equal(visited.size, flightTable.states.length, 'the walks come through every state');
});

test('the constants of the table file are the numbers in its lists', () => {
  const constants = Object.entries(numbers).filter(([, value]) => typeof value === 'number');
  const spelled = (names: readonly string[]): [string, number][] =>
    names.map((name, number) => [
      name
        .replaceAll(/[.-]/g, '_')
        .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
        .toUpperCase(),
      number,
    ]);
  const expected = [...spelled(flightTable.events), ...spelled(flightTable.actions.map(({ type }) => type))];
  assert.deepEqual(Object.fromEntries(constants), Object.fromEntries(expected));
});

test('the hash tells any two tables apart', () => {
  const hashes = [
    flightTable,
    tabulate(flightMachine, { ...options, inputs: flightInputs.slice(0, 4) }).table,
    tabulate(flightMachine, { ...options, events: flightEvents.toReversed() }).table,
    tabulate(flightMachine.provide({ guards: { mayFailOver: () => false } }), options).table,
    tabulate(flightMachine.provide({ guards: { mayFailOver: ({ context }) => context.attemptsLeft > 1 } }), options).table,
  ].map(({ hash }) => hash);
  assert.equal(new Set(hashes).size, hashes.length, hashes.join());
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{16}$/);
});

test('a number becomes the XState snapshot it stands for, and an actor can start there', () => {
  for (const [state, entry] of flightTable.states.entries()) {
    const { value, context, status, machine } = flightSnapshot(state);
    assert.deepEqual({ value, context, status }, entry);
    assert.equal(machine, flightMachine);
  }
  const inflight = flightTable.states.findIndex(({ value }) => typeof value === 'object' && 'inflight' in value);
  const actor = createActor(flightMachine, { snapshot: flightSnapshot(inflight), input: flightInputs[0]! }).start();
  actor.send({ type: 'attempt.resolved' });
  assert.equal(actor.getSnapshot().value, 'settled');
  assert.equal(flightSnapshot(inflight).can({ type: 'attempt.resolved' }), true);
  assert.equal(flightSnapshot(inflight), flightSnapshot(inflight), 'one snapshot for a number, however often it is asked');
});

test('a number that is no state is refused', () => {
  const { length } = flightTable.states;
  for (const state of [-1, length, 0.5, Number.NaN]) {
    assert.throws(() => flightSnapshot(state), {
      name: 'RangeError',
      message: `state: expected an integer from 0 to ${length - 1}, got ${state}`,
    });
  }
});

test('numbers of a table that XState no longer agrees with are not translated', () => {
  const stale: Table = { ...flightTable, hash: '0123456789abcdef' };
  const snapshotOf = snapshotsOf(flightMachine, stale, options);
  assert.throws(
    () => snapshotOf(0),
    (error) => {
      assert.ok(error instanceof TableOutdated);
      assert.equal(error.code, 'TABLE_OUTDATED');
      assert.match(error.message, new RegExp(`machine 'flight' has the hash 0123456789abcdef, and XState now makes ${flightTable.hash}`));
      return true;
    },
  );
});
