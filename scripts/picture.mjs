// Draws the README's picture of the flight machine from its compiled source. With --check it writes nothing and exits with 1 when the README shows
// another picture. Run by `npm run picture`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import './ensure.mjs';

const { flightMachine } = await import('../dist/machines/flight.machine.js');
const path = join(import.meta.dirname, '..', 'README.md');
const [begin, end] = ['<!-- picture: written by npm run picture -->', '<!-- /picture -->'];
const readme = readFileSync(path, 'utf8');
const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
if (from === -1 || to === -1) throw new Error(`README.md: expected the marks ${begin} and ${end}`);
const drawn = `${readme.slice(0, from + begin.length)}\n${picture()}\n${readme.slice(to)}`;

if (process.argv.includes('--check')) {
  if (drawn === readme) process.exit(0);
  process.stderr.write('README.md shows another machine: run `npm run picture` and look at the difference\n');
  process.exit(1);
}
writeFileSync(path, drawn);

function picture() {
  const { initial, states } = flightMachine.config;
  const names = Object.keys(states);
  const edges = names.flatMap((name) => edgesOf(name, states[name].on ?? {}));
  const finals = names.filter((name) => states[name].type === 'final');
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...names.filter((name) => spelled(name) !== name).map((name) => `  state "${name}" as ${spelled(name)}`),
    `  [*] --> ${spelled(initial)}`,
    ...edges,
    ...finals.map((name) => `  ${spelled(name)} --> [*]`),
    '```',
  ].join('\n');
}

/** One arrow to each state that it leads to, with all events that take it there. */
function edgesOf(name, on) {
  const byTarget = new Map();
  for (const [event, transitions] of Object.entries(on)) {
    for (const { target = name } of [transitions].flat()) byTarget.set(target, (byTarget.get(target) ?? new Set()).add(event));
  }
  return [...byTarget].map(([target, events]) => `  ${spelled(name)} --> ${spelled(target)}: ${[...events].join(', ')}`);
}

/** Mermaid has no dashes in names. */
function spelled(name) {
  return name.replaceAll('-', '_');
}
