// The breaker machine as people and their tools see it, and what must hold for a breaker whatever happens to it, on every edge of its table.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { getAdjacencyMap, toDirectedGraph } from 'xstate/graph';
import { breakerEvents, breakerMachine, breakerTable, IMPOSSIBLE } from '../../machines/index.js';
import { cellOf } from './live.js';

const source = readFileSync(join(import.meta.dirname, '..', '..', '..', 'machines', 'breaker.machine.ts'), 'utf8');
/** From `.createMachine(` to the end of the file. */
const call = source.slice(source.indexOf('.createMachine('));
/** Without what stands between quotes. */
const config = call.replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");

interface Edge {
  readonly from: string;
  readonly event: string;
  readonly to: string;
  readonly actions: readonly string[];
  readonly levels: readonly [before: number, after: number];
  readonly where: string;
}

const level = (state: number): number => (breakerTable.states[state]!.context as { level: number }).level;
const name = (state: number): string => breakerTable.states[state]!.value as string;

const edges = breakerTable.states.flatMap((_, state) =>
  breakerTable.events.flatMap((event, number): Edge[] => {
    const { next, actions } = cellOf(breakerTable, state, number);
    if (next === IMPOSSIBLE) return [];
    const types = actions.map(({ type }) => type);
    const where = `${name(state)} at level ${level(state)} on ${event}: ${types.join(', ')}`;
    return [{ from: name(state), event, to: name(next), actions: types, levels: [level(state), level(next)], where }];
  }),
);

test('the machine is one setup().createMachine() with the whole config as a literal, and nothing that a table cannot hold', () => {
  assert.equal(source.match(/\bsetup\(\{/g)?.length, 1);
  assert.match(source, /export const breakerMachine = setup\(\{/);
  assert.match(config, /^\.createMachine\(\{\n\s+id: '',\n/);
  assert.doesNotMatch(config, /\.\.\.|=>|function|`|\bas\b|createStateConfig|\t/);
  assert.doesNotMatch(config, /\b(?:invoke|after|always|history|route|parallel)\b/);
  assert.deepEqual(source.match(/from '[^']+'/g), ["from 'xstate'"]);
});

test('the machine and each of its states have a description', () => {
  assert.equal(breakerMachine.id, 'breaker');
  assert.ok(breakerMachine.root.description);
  for (const node of Object.values(breakerMachine.states)) assert.ok((node.description?.length ?? 0) > 60, node.key);
});

test('the actions of setup() do nothing but keep the level: the shards do them', () => {
  for (const [type, implementation] of Object.entries(breakerMachine.implementations.actions)) {
    const isAssign = (implementation as { type?: string }).type === 'xstate.assign';
    assert.equal(isAssign, type === 'raiseLevel' || type === 'resetLevel', type);
    if (!isAssign) assert.match(String(implementation), /^\(\) => \{\s*\}$/, type);
  }
});

test('the alphabet is exactly the events the states wait for, and the tools see three states', () => {
  assert.deepEqual([...breakerEvents].sort(), [...breakerMachine.events].sort());
  assert.deepEqual(breakerTable.events, breakerEvents);
  assert.deepEqual(
    toDirectedGraph(breakerMachine).children.map(({ stateNode }) => stateNode.key),
    ['closed', 'open', 'half-open'],
  );
  const map = getAdjacencyMap(breakerMachine, { events: breakerEvents.map((type) => ({ type })) });
  const found = Object.values(map).map(({ state }) => JSON.stringify({ value: state.value, context: state.context, status: state.status }));
  assert.deepEqual([...new Set(found)].sort(), breakerTable.states.map((state) => JSON.stringify(state)).sort());
});

test('a state and its level fit into five bits, and zeroed memory is a closed breaker', () => {
  assert.ok(breakerTable.states.length <= 32);
  assert.deepEqual(breakerTable.roots, [0]);
  assert.deepEqual(breakerTable.states[0], { value: 'closed', context: { level: 0 }, status: 'active' });
});

test('half-open is entered by taking the probe and by nothing else, from open only, and names its holder', () => {
  for (const { from, event, to, actions, where } of edges) {
    assert.equal(to === 'half-open', event === 'probe.taken', where);
    if (to === 'half-open') assert.equal(from, 'open', where);
    assert.equal(actions.includes('enterHolder'), to === 'half-open', where);
  }
});

test('a probe has three ends, each possible in half-open and nowhere else', () => {
  for (const event of ['probe.succeeded', 'probe.failed', 'probe.given-back']) {
    const from = new Set(edges.filter((edge) => edge.event === event).map((edge) => edge.from));
    assert.deepEqual([...from], ['half-open'], event);
  }
});

test('the level rises by a failed probe alone, never above seven, and is nought whenever the breaker is closed', () => {
  for (const { event, to, levels, where } of edges) {
    const [before, after] = levels;
    if (to === 'closed') assert.equal(after, 0, where);
    else assert.equal(after, event === 'probe.failed' ? Math.min(7, before + 1) : before, where);
  }
});

test('whoever opens it says until when, and only a probe without a verdict may be made again at once', () => {
  for (const { event, to, actions, where } of edges) {
    if (to !== 'open') continue;
    assert.equal(actions.includes('stampReopening'), event !== 'probe.given-back', where);
    assert.equal(actions.includes('stampNow'), event === 'probe.given-back', where);
  }
});

test('every change of state is announced, and closing forgets what was counted', () => {
  for (const { from, to, actions, where } of edges) {
    assert.equal(actions.includes('announce'), from !== to, where);
    assert.equal(actions.includes('clearCounts'), to === 'closed', where);
  }
});
