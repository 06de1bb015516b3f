// Draws the README's picture of the flight machine from its compiled source. With --check it writes nothing and exits with 1 when the README shows
// another picture. Run by `npm run picture`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argumentsOf } from './arguments.mjs';

const usage = `Usage: npm run picture [-- --check]

Draws the README's picture of the flight machine.

  --check   writes nothing, and exits with 1 when the README shows another machine
  --help    this text
`;
const { values } = argumentsOf(usage, { check: { type: 'boolean' } });
await import('./ensure.mjs');
const { flightMachine } = await import('../dist/machines/flight.machine.js');
const path = join(import.meta.dirname, '..', 'README.md');
const [begin, end] = ['<!-- picture: written by npm run picture -->', '<!-- /picture -->'];
const readme = readFileSync(path, 'utf8');
const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
if (from === -1 || to === -1) throw new Error(`README.md: expected the marks ${begin} and ${end}`);
const drawn = `${readme.slice(0, from + begin.length)}\n${picture()}\n${readme.slice(to)}`;

if (values.check === true) {
  if (drawn === readme) process.exit(0);
  process.stderr.write('README.md shows another machine: run `npm run picture` and look at the difference\n');
  process.exit(1);
}
writeFileSync(path, drawn);

function picture() {
  const { initial, states } = flightMachine.config;
  const names = Object.keys(states);
  const finals = names.filter((name) => states[name].type === 'final');
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...names.filter((name) => spelled(name) !== name).map((name) => `  state "${name}" as ${spelled(name)}`),
    `  [*] --> ${spelled(initial)}`,
    ...names.flatMap((name) => innerOf(name, states[name]).concat(arrows(name, leadingOut(name, states[name])))),
    ...finals.map((name) => `  ${spelled(name)} --> [*]`),
    '```',
  ].join('\n');
}

/** Every transition of a state: what happens, and where it leads. Without a target it stays where it is. */
function transitionsOf(name, { on = {} }) {
  return Object.entries(on).flatMap(([event, transitions]) => [transitions].flat().map(({ target = name }) => ({ event, target })));
}

/** To states outside, `#flight.settled` say: its own and those of its inner states, which leave it as one. */
function leadingOut(name, state) {
  const root = `#${flightMachine.id}.`;
  const inner = Object.entries(state.states ?? {}).flatMap(([child, config]) => transitionsOf(child, config));
  const leaving = inner.filter(({ target }) => target.startsWith(root));
  return [...transitionsOf(name, state), ...leaving].map(({ event, target }) => ({ event, target: target.replace(root, '') }));
}

/** The picture inside a state that has states of its own. */
function innerOf(name, { initial, states = {} }) {
  const children = Object.keys(states);
  if (children.length === 0) return [];
  const within = children.flatMap((child) => {
    const staying = transitionsOf(child, states[child]).filter(({ target }) => children.includes(target));
    return arrows(child, staying);
  });
  return [`  state ${spelled(name)} {`, `    [*] --> ${initial}`, ...within.map((arrow) => `  ${arrow}`), '  }'];
}

/** One arrow to each state, with all events that lead there. */
function arrows(name, transitions) {
  const byTarget = new Map();
  for (const { event, target } of transitions) byTarget.set(target, (byTarget.get(target) ?? new Set()).add(event));
  return [...byTarget].map(([target, events]) => `  ${spelled(name)} --> ${spelled(target)}: ${[...events].join(', ')}`);
}

/** Mermaid has no dashes in names. */
function spelled(name) {
  return name.replaceAll('-', '_');
}
