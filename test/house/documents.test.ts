// What the README says of errors, of defaults and of the machine is what the code says, and ARCHITECTURE.md has every file in its room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flightMachine } from '../../machines/flight.machine.js';
import { ERROR_CODES } from '../../src/errors.js';
import { fillOptions } from '../../src/option-table.js';
import { threadsOf, threadTargets } from '../../src/thread-targets.js';
import { readSources, readText, rooms } from './tree.js';

const readme = readText('README.md');

test("the README's table of errors is the code's", () => {
  const rows = [...readme.matchAll(/^\| `(COALESCER_\w+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  assert.deepEqual(rows, Object.entries(ERROR_CODES));
});

/** A default as the README writes it; `undefined`: in words. */
function defaultOf(written: string): unknown {
  if (/^'[\w-]+'$/.test(written)) return written.slice(1, -1);
  if (written === 'true') return true;
  const [, digits, unit] = /^([\d,_.]+)( MiB)?$/.exec(written) ?? [];
  return digits === undefined ? undefined : Number(digits.replaceAll(/[,_]/g, '')) * (unit === undefined ? 1 : 2 ** 20);
}

/** All that is written `name value` or `name: value`. */
function defaultsIn(text: string): [name: string, value: unknown][] {
  const written = [...text.matchAll(/(\w+)(?:: |` )('[\w-]+'|true|[\d,_.]*\d(?: MiB)?)/g)];
  return written.map(([, name = '', value = '']) => [name, defaultOf(value)]);
}

test("the README's defaults are the code's", () => {
  const options: Readonly<Record<string, unknown>> = { ...fillOptions({ scope: 'public', streams: {}, keep: {}, hedge: {} }) };
  const all: [path: string, said: unknown, is: unknown][] = [];
  const compare = (group: string, text: string, filled: object): void => {
    for (const [name, said] of defaultsIn(text)) all.push([`${group}.${name}`, said, Reflect.get(filled, name)]);
  };
  for (const [row, names = '', stands = ''] of readme.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| (.+?) \| .*\|$/gm)) {
    for (const [index, name] of names.replaceAll('`', '').split(', ').entries()) {
      const filled = options[name];
      const said = defaultOf(stands.replaceAll('`', '').split(', ')[index] ?? '');
      if (typeof filled === 'object' && filled !== null) compare(name, row, filled);
      else if (said !== undefined) all.push([name, said, filled]);
    }
  }
  const lineOf = (start: string): string => readme.split('\n').find((line) => line.startsWith(start)) ?? '';
  compare('limits', lineOf('`limits`:').split('. ')[0] ?? '', options['limits'] as object);
  compare('threads', lineOf('`threadTargets(module, options)`:'), threadsOf(threadTargets('/targets.js')) as object);
  assert.deepEqual([fillOptions({ scope: 'public' }).flightTimeoutMs, options['flightTimeoutMs']], [30_000, 600_000]);
  assert.match(readme, /`flightTimeoutMs` \| 30,000; 600,000 where `streams` is given/);
  assert.equal(all.length, 39);
  // Not among the options: where nobody says it the shard does, and `test/streams/silence.test.ts` holds it to that.
  const isElsewhere = (path: string): boolean => path === 'streams.firstChunkTimeoutMs';
  const others = all.filter(([path, said, is]) => said !== is && !isElsewhere(path));
  assert.deepEqual(others, []);
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

/** The files in the table of rooms: a folder stands until another one is named. */
function filesInRooms(architecture: string): string[] {
  const table = architecture.slice(architecture.indexOf('| room |')).split('\n\n', 1)[0] ?? '';
  return table.split('\n').flatMap((row) => {
    let folder = '';
    return [...(row.split('|')[2] ?? '').matchAll(/`(?:(\w+)\/)?([\w.-]+\.c?ts)`/g)].map(([, named, file]) => {
      folder = named ?? folder;
      return `${folder}/${file}`;
    });
  });
}

test('ARCHITECTURE.md has every file in one room, and no file that is not there', () => {
  const files = readSources(rooms).map(({ path }) => path);
  assert.deepEqual(filesInRooms(readText('ARCHITECTURE.md')).toSorted(), files.toSorted());
});

test('a folder stands until another one is named', () => {
  const page = 'text\n\n| room | files | knows |\n|---|---|---|\n| a | `src/b.ts` (c), `d.ts`; `workers/e.cts` | `f.ts` |\n\n`src/g.ts`';
  assert.deepEqual(filesInRooms(page), ['src/b.ts', 'src/d.ts', 'workers/e.cts']);
});
