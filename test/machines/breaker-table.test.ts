// Proves that the checked-in table is the breaker machine: against what XState says now, against live actors, and back from a number.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { breakerEvents, breakerInputs, breakerMachine, breakerSnapshot, breakerTable, IMPOSSIBLE, tabulate } from '../../machines/index.js';
import * as numbers from '../../machines/breaker.table.js';
import { agreeOnEveryEdge, agreeOnWalks } from './agree.js';

const root = join(import.meta.dirname, '..', '..', '..');
const now = tabulate(breakerMachine, { events: breakerEvents, inputs: breakerInputs });
/** The table that is checked in, with the snapshots that XState has for its numbers now. */
const checkedIn = { table: breakerTable, snapshots: now.snapshots };

test('the checked-in table is what XState says now', () => {
  assert.deepEqual(breakerTable, now.table);
});

test('the table script looks at both machines', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/table.mjs', '--check'], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /flight\.table\.ts is up to date/);
  assert.match(stdout, /breaker\.table\.ts is up to date/);
});

test('on every edge the table agrees with a live actor, in the next snapshot and in the actions and their order', () => {
  const possible = agreeOnEveryEdge(breakerMachine, checkedIn);
  assert.equal(breakerTable.next.filter((next) => next !== IMPOSSIBLE).length, possible);
  assert.equal(possible, 2 + 8 * 2 + 8 * 4);
});

test('on a random walk of 100,000 events the table agrees with a live actor', () => {
  const { visited } = agreeOnWalks(breakerMachine, checkedIn, { inputs: breakerInputs, events: 100_000, seed: 0x5eed });
  assert.ok(visited.size >= 11, `a walk comes up to level 4 and beyond: ${visited.size} states`);
});

test('the constants of the table file are the numbers in its lists', () => {
  const constants = Object.fromEntries(Object.entries(numbers).filter(([, value]) => typeof value === 'number'));
  const spelled = (names: readonly string[]): [string, number][] =>
    names.map((name, number) => [
      name
        .replaceAll(/[.-]/g, '_')
        .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
        .toUpperCase(),
      number,
    ]);
  assert.deepEqual(
    constants,
    Object.fromEntries([...spelled(breakerTable.events), ...spelled(breakerTable.actions.map(({ type }) => type))]),
  );
});

test('a number becomes the XState snapshot it stands for', () => {
  for (const [state, entry] of breakerTable.states.entries()) {
    const { value, context, status } = breakerSnapshot(state);
    assert.deepEqual({ value, context, status }, entry);
  }
});
