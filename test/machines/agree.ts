// The proof that a table is its machine: every edge against a live actor that starts there, and long seeded walks beside one.
import assert from 'node:assert/strict';
import type { AnyStateMachine } from 'xstate';
import { IMPOSSIBLE, type Tabulated } from '../../machines/index.js';
import { cellOf, persisted, recording } from './live.js';

/** Compares every cell, and returns how many of them were possible. */
export const agreeOnEveryEdge = (machine: AnyStateMachine, { table, snapshots }: Tabulated<AnyStateMachine>): number => {
  const start = recording(machine);
  let possible = 0;
  for (const [state, snapshot] of snapshots.entries()) {
    for (const [number, event] of table.events.entries()) {
      const { next, actions } = cellOf(table, state, number);
      const live = start({ snapshot }).send(event);
      const where = `state ${state} (${JSON.stringify(table.states[state])}), event ${event}`;
      assert.deepEqual(live.actions, actions, `the actions, in their order: ${where}`);
      assert.deepEqual(persisted(machine, live.snapshot), persisted(machine, snapshots[next === IMPOSSIBLE ? state : next]!), where);
      // A live actor cannot tell an impossible event from an ignored one; XState's transition data can.
      const isPossible = snapshot.status === 'active' && machine.getTransitionData(snapshot, { type: event }).length > 0;
      assert.equal(next !== IMPOSSIBLE, isPossible, `possible or not: ${where}`);
      possible += Number(isPossible);
    }
  }
  return possible;
};

/** Sends the same random events to a live actor and to the table, from the start again whenever it is done. */
export const agreeOnWalks = (
  machine: AnyStateMachine,
  { table, snapshots }: Tabulated<AnyStateMachine>,
  { inputs, events, seed }: { readonly inputs: readonly unknown[]; readonly events: number; readonly seed: number },
): { readonly walks: number; readonly visited: ReadonlySet<number> } => {
  const start = recording(machine);
  const random = mulberry32(seed);
  const expected = snapshots.map((snapshot) => persisted(machine, snapshot));
  const visited = new Set<number>();
  let walks = 0;
  let sent = 0;
  while (sent < events) {
    walks += 1;
    const root = random(inputs.length);
    const live = start({ input: inputs[root] });
    let state = table.roots[root]!;
    visited.add(state);
    while (sent < events && table.states[state]!.status === 'active') {
      const event = random(table.events.length);
      sent += 1;
      const { next, actions } = cellOf(table, state, event);
      const step = live.send(table.events[event]!);
      state = next === IMPOSSIBLE ? state : next;
      visited.add(state);
      const where = `seed ${seed}, event ${sent}: ${table.events[event]}`;
      assert.deepEqual(step.actions, actions, where);
      assert.deepEqual(persisted(machine, step.snapshot), expected[state], where);
    }
  }
  return { walks, visited };
};

/** Integers from 0 up to the bound; the same seed, the same numbers. */
const mulberry32 = (seed: number): ((bound: number) => number) => {
  let state = seed | 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
};
