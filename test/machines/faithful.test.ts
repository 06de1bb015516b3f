// A machine with everything the tabulator takes is tabulated as it behaves: order of actions, params, raised events, nested states, output.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { raise } from 'xstate';
import { IMPOSSIBLE, tabulate } from '../../machines/index.js';
import { agreeOnEveryEdge, agreeOnWalks } from './agree.js';
import { cellOf } from './live.js';
import { tiny } from './refused.js';
import { richEvents, richInputs, richMachine } from './rich.machine.js';

const rich = tabulate(richMachine, { events: richEvents, inputs: richInputs });
const { table } = rich;

/** Follows events from the initial state of an input and tells the actions of the last one, params in brackets. */
const after = (input: number, ...events: (typeof richEvents)[number][]): { state: number; actions: string[] } => {
  let state = table.roots[input]!;
  let actions: string[] = [];
  for (const event of events) {
    const cell = cellOf(table, state, table.events.indexOf(event));
    assert.notEqual(cell.next, IMPOSSIBLE, event);
    state = cell.next;
    actions = cell.actions.map(({ type, params }) => (params === undefined ? type : `${type}(${Object.values(params as object).join()})`));
  }
  return { state, actions };
};

test('on every edge the table of the rich machine agrees with a live actor', () => {
  const possible = agreeOnEveryEdge(richMachine, rich);
  assert.ok(possible > 500, `${possible} edges in ${table.states.length} states`);
});

test('on random walks the table of the rich machine agrees with a live actor', () => {
  const { walks, visited } = agreeOnWalks(richMachine, rich, { inputs: richInputs, events: 20_000, seed: 7 });
  assert.ok(walks > 100, `${walks} walks`);
  assert.ok(visited.size > table.states.length / 2, `${visited.size} of ${table.states.length} states`);
});

test('transition, entry and raised actions stand in the order in which they are done', () => {
  // Raised on the way are inner.told (heard by the root) and inner.counted (heard inside, where it is the second round).
  assert.deepEqual(after(1, 'go').actions, ['enterFlying', 'begin', 'hear', 'celebrate', 'hear']);
  assert.deepEqual(after(0, 'go').actions, ['enterFlying', 'begin', 'hear', 'hear']);
});

test('exit actions come first, inner before outer, and entry actions last, outer before inner', () => {
  assert.deepEqual(after(1, 'go', 'again').actions, ['end', 'leaveFlying', 'enterFlying', 'begin', 'celebrate', 'hear']);
});

test('a compound state that is done goes on at once, with its exit and the actions of onDone', () => {
  const { state, actions } = after(1, 'go', 'hedge', 'attempt.won');
  assert.deepEqual(actions, ['celebrate', 'end', 'leaveFlying', 'rest']);
  assert.equal(table.states[state]!.value, 'resting');
});

test('nested states have nested values, and finished ones their output', () => {
  assert.deepEqual(table.states[after(1, 'go', 'hedge').state]!.value, { flying: 'hedged' });
  const { state, actions } = after(0, 'cut');
  assert.deepEqual(actions, ['rest', 'close']);
  assert.equal(table.states[state]!.status, 'done');
  assert.deepEqual(rich.snapshots[state]!.output, { roundsLeft: 1 });
});

test('params are part of an action, as they were when it was listed', () => {
  assert.deepEqual(after(1, 'poke').actions, ['note(poke,3)']);
  assert.deepEqual(after(0, 'poke').actions, ['note(poke,1)']);
  assert.deepEqual(after(1, 'look').actions, ['note(many,2)']);
  assert.deepEqual(after(0, 'go', 'look').actions, ['note(single,0)', 'rest']);
  const noted = table.actions.filter(({ type }) => type === 'note').map((action) => JSON.stringify(action));
  assert.equal(new Set(noted).size, noted.length);
});

test('an event that changes nothing is ignored, one that no state takes is impossible', () => {
  const stay = table.events.indexOf('stay');
  const cut = table.events.indexOf('cut');
  const [idle, single] = [table.roots[1]!, after(1, 'go').state];
  assert.deepEqual(cellOf(table, idle, stay), { next: idle, actions: [] });
  assert.equal(table.listOf[idle * table.events.length + stay], 0);
  assert.deepEqual(cellOf(table, single, cut), { next: single, actions: [] }, 'forbidden here, though the root would take it');
  assert.deepEqual(cellOf(table, single, stay), { next: IMPOSSIBLE, actions: [] });
});

test('a machine that is done takes nothing, as a live actor does, though its root has transitions', () => {
  const { state } = after(0, 'cut');
  for (const number of table.events.keys()) assert.equal(cellOf(table, state, number).next, IMPOSSIBLE);
});

test('list 0 is the empty one, and no list and no action is there twice', () => {
  assert.deepEqual(table.lists[0], []);
  for (const items of [table.lists, table.actions, table.states.map((entry, state) => [entry, rich.snapshots[state]!.output])]) {
    assert.equal(new Set(items.map((item) => JSON.stringify(item))).size, items.length);
  }
});

test('two endings that differ in their output alone are two states', () => {
  const over = { type: 'final', output: ({ event }: { event: { type: string } }) => event.type };
  const machine = tiny({
    output: ({ event }: { event: { output: string } }) => ({ endedBy: event.output }),
    initial: 'a',
    states: { a: { on: { go: 'over', stop: 'over' } }, over },
  });
  const tabulated = tabulate(machine, { events: ['go', 'stop'], inputs: [undefined] });
  agreeOnEveryEdge(machine, tabulated);
  assert.deepEqual(
    tabulated.snapshots.slice(1).map(({ output }) => output),
    [{ endedBy: 'go' }, { endedBy: 'stop' }],
  );
});

test('events that the machine raises itself, and those XState sends when a compound state is done, need not be listed', () => {
  const inner = { initial: 'x', states: { x: { on: { told: 'y' } }, y: { type: 'final', entry: 'note' } } };
  const machine = tiny(
    { initial: 'a', states: { a: { on: { go: { target: 'b', actions: raise({ type: 'told' }) } } }, b: { ...inner, onDone: 'a' } } },
    { actions: { note: () => {} } },
  );
  const tabulated = tabulate(machine, { events: ['go'], inputs: [undefined] });
  assert.equal(agreeOnEveryEdge(machine, tabulated), 1);
  assert.deepEqual(cellOf(tabulated.table, 0, 0), { next: 0, actions: [{ type: 'note' }] });
});

test('a pattern of the machine takes the events it takes in XState', () => {
  const machine = tiny({ initial: 'a', states: { a: { on: { 'go.*': 'b' } }, b: { on: { '*': 'a' } } } });
  const tabulated = tabulate(machine, { events: ['go', 'go.now', 'gone'], inputs: [undefined] });
  assert.equal(agreeOnEveryEdge(machine, tabulated), 5);
});

test('the same machine gives the same table, whatever order its context was written in', () => {
  assert.deepEqual(tabulate(richMachine, { events: richEvents, inputs: richInputs }).table, table);
  const machine = (context: object): ReturnType<typeof tiny> => tiny({ context, on: { go: {} } });
  const [a, b] = [
    { x: 1, y: [{ z: 1, w: 2 }] },
    { y: [{ w: 2, z: 1 }], x: 1 },
  ].map((context) => {
    return tabulate(machine(context), { events: ['go'], inputs: [undefined] }).table.hash;
  });
  assert.equal(a, b);
});

test('inputs that begin alike share a root, and two inputs that do not have two', () => {
  const options = { events: richEvents, inputs: [{ rounds: 2 }, { rounds: 2 }, { rounds: 0 }] };
  assert.deepEqual(tabulate(richMachine, options).table.roots, [0, 0, 1]);
});

test('the snapshots are XState’s own and cannot be written to', () => {
  for (const snapshot of rich.snapshots) {
    assert.equal(snapshot.machine, richMachine);
    assert.ok(Object.isFrozen(snapshot.context) && Object.isFrozen(snapshot.context.marks));
  }
});
