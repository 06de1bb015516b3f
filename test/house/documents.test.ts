// What the README says of errors and of the machine is what the code says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flightMachine } from '../../machines/flight.machine.js';
import { ERROR_CODES } from '../../src/errors.js';
import { readText } from './tree.js';

const readme = readText('README.md');

test("the README's table of errors is the code's", () => {
  const rows = [...readme.matchAll(/^\| `(COALESCER_\w+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  assert.deepEqual(rows, Object.entries(ERROR_CODES));
});

/** `from event to` for each edge; the README writes `failing_over`, since Mermaid has no dashes in names. */
function edgesOfDiagram(): string[] {
  const edges = [...readme.matchAll(/^ +(\w+) --> (\w+): ([^[\n]+)/gm)].flatMap(([, from = '', to = '', events = '']) =>
    events.split(',').map((event) => `${from} ${event.trim()} ${to}`.replaceAll('failing_over', 'failing-over')),
  );
  return [...new Set(edges)].toSorted();
}

interface StateConfig {
  readonly on?: Readonly<Record<string, unknown>>;
  readonly states?: Readonly<Record<string, StateConfig>>;
}

function edgesOfMachine(): string[] {
  const edgesOf = ([name, { on = {}, states = {} }]: [string, StateConfig], parent: string | null): string[] => [
    ...Object.entries(on).flatMap(([event, transitions]) =>
      [transitions].flat().map((transition) => {
        // Without a target it stays where it is; what leads out of an inner state leaves the outer one.
        const { target = name } = transition as { readonly target?: string };
        return target.startsWith('#flight.') ? `${parent} ${event} ${target.slice('#flight.'.length)}` : `${name} ${event} ${target}`;
      }),
    ),
    ...Object.entries(states).flatMap((child) => edgesOf(child, name)),
  ];
  const all = Object.entries(flightMachine.config.states as Record<string, StateConfig>).flatMap((state) => edgesOf(state, null));
  return [...new Set(all)].toSorted();
}

test("the README's picture of the machine is drawn from its source", () => {
  assert.ok(edgesOfMachine().length > 10);
  assert.deepEqual(edgesOfDiagram(), edgesOfMachine());
});
