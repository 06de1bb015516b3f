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
  const edges = [...readme.matchAll(/^ {2}(\w+) --> (\w+): ([^[\n]+)/gm)].flatMap(([, from = '', to = '', events = '']) =>
    events.split(',').map((event) => `${from} ${event.trim()} ${to}`.replaceAll('failing_over', 'failing-over')),
  );
  return [...new Set(edges)].toSorted();
}

function edgesOfMachine(): string[] {
  const states = flightMachine.config.states ?? {};
  const edges = Object.entries(states).flatMap(([from, { on = {} }]) =>
    Object.entries(on).flatMap(([event, transitions]) =>
      // Without a target it stays where it is.
      [transitions].flat().map((transition) => `${from} ${event} ${(transition as { target?: string }).target ?? from}`),
    ),
  );
  return [...new Set(edges)].toSorted();
}

test("the README's picture of the machine is drawn from its source", () => {
  assert.ok(edgesOfMachine().length > 10);
  assert.deepEqual(edgesOfDiagram(), edgesOfMachine());
});
