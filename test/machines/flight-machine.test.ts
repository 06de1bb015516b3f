// The flight machine as people and their tools see it: the source text that Stately's extractor reads, and the graph that XState makes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { getAdjacencyMap, toDirectedGraph } from 'xstate/graph';
import { flightEvents, flightInputs, flightMachine, flightTable } from '../../machines/index.js';

const source = readFileSync(join(import.meta.dirname, '..', '..', '..', 'machines', 'flight.machine.ts'), 'utf8');
/** From `.createMachine(` to the end of the file. */
const call = source.slice(source.indexOf('.createMachine('));
/** Without what stands between quotes. */
const config = call.replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");

test('the machine is one setup().createMachine() with the whole config as a literal', () => {
  assert.equal(source.match(/\bsetup\(\{/g)?.length, 1);
  assert.match(source, /export const flightMachine = setup\(\{/);
  assert.match(config, /^\.createMachine\(\{\n\s+id: '',\n/);
  assert.match(config, /\}\);\n$/);
  assert.doesNotMatch(config, /\.\.\./, 'a spread is dropped by the extractor');
  assert.doesNotMatch(config, /`|\bas\b|createStateConfig|\t/);
  assert.deepEqual(source.match(/from '[^']+'/g), ["from 'xstate'"]);
});

test('no variable stands in the config, and no function but the one that makes the context', () => {
  const context =
    'context: ({ input }) => ({ attemptsLeft: input.attemptsMax, canContinue: input.canContinue, isOpened: input.isOpened }),';
  assert.equal(config.split(context).length, 2);
  const rest = config.replace(context, '');
  assert.doesNotMatch(rest, /=>|function/);
  // Whatever is not a key is a string, a bracket or a comma: no name of anything stands behind a colon or in a list.
  const values = rest.replace('.createMachine(', '').replaceAll(/[\w-]+:|'':/g, '');
  assert.doesNotMatch(values, /[A-Za-z]/, values);
});

test('no key of the config is one that the table or the tools cannot take', () => {
  assert.doesNotMatch(config, /\b(?:invoke|after|always|history|route|parallel)\b/);
  assert.doesNotMatch(call, /type: '(?:parallel|history)'/);
});

test('the machine and each of its states have a description', () => {
  assert.equal(flightMachine.id, 'flight');
  assert.ok(flightMachine.root.description);
  for (const node of Object.values(flightMachine.states)) assert.ok((node.description?.length ?? 0) > 60, node.key);
});

test('the actions of setup() do nothing: the shard does them', () => {
  for (const [type, implementation] of Object.entries(flightMachine.implementations.actions)) {
    const isAssign = (implementation as { type?: string }).type === 'xstate.assign';
    assert.equal(isAssign, ['takeAttempt', 'openStream'].includes(type), type);
    if (!isAssign) assert.match(String(implementation), /^\(\) => \{\s*\}$/, type);
  }
});

test('the alphabet is exactly the events the states wait for', () => {
  assert.deepEqual([...flightEvents].sort(), [...flightMachine.events].sort());
  assert.deepEqual(flightTable.events, flightEvents);
});

test('the tools see four states and every transition between them', () => {
  const graph = toDirectedGraph(flightMachine);
  assert.deepEqual(
    graph.children.map(({ stateNode }) => stateNode.key),
    ['idle', 'inflight', 'failing-over', 'settled'],
  );
  const inflight = graph.children.find(({ stateNode }) => stateNode.key === 'inflight');
  assert.deepEqual(
    inflight?.children.map(({ stateNode }) => stateNode.key),
    ['single', 'hedged'],
    'with one attempt out, and with two',
  );
  const edges = [...graph.children, ...(inflight?.children ?? [])].flatMap((child) => child.edges);
  assert.equal(edges.length, 6 + 13 + 7 + 6);
  for (const edge of edges) assert.ok(edge.label.text.length > 0);
});

test('XState’s own model tester can walk the machine, and finds the states of the table', () => {
  const found = new Set<string>();
  for (const input of flightInputs) {
    const map = getAdjacencyMap(flightMachine, { input, events: flightEvents.map((type) => ({ type })) });
    for (const { state } of Object.values(map))
      found.add(JSON.stringify({ value: state.value, context: state.context, status: state.status }));
  }
  assert.deepEqual([...found].sort(), flightTable.states.map((state) => JSON.stringify(state)).sort());
});
