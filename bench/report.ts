/** A run as text for a terminal: one line a row, with what a peer does not do beside it, and then which bounds hold. */
import type { Judgement } from './judge.js';
import { figuresOf } from './measure/figures.js';
import type { Condition, Figure } from './measure/rows.js';
import { interval, short } from './measure/words.js';
import { least, peers, rawMap } from './peers.js';
import type { Results } from './results.js';

const conditions: readonly Condition[] = ['fresh', 'after gc', 'worn'];

/** What the peer of a row does not do; nothing for our own rows. */
export function lacksOf(row: string): string {
  const whose = row.slice(row.indexOf('/') + 1).replace(/^import of /, '');
  const [name = ''] = whose.split(',');
  if (row.startsWith(`failover/${rawMap.name}`)) return 'goes on to one backup, by hand; no cancel or limits';
  const peer = [rawMap, least, ...peers].find((known) => known.name === name || known.from === name);
  if (peer !== undefined) return peer.lacks;
  if (/^(?:JSON\.stringify|canonicalize) and raw Map$/.test(name)) return rawMap.lacks;
  if (row.endsWith('a thread that sleeps')) return 'the least that answers as late: nothing is parsed';
  if (name === 'record with its time') return 'the least that keeps: no scope, bounds, refresh or failover';
  if (/^(?:piscina|comlink|raw port)/.test(name)) return 'nothing shared; no failover, cancel or limits; a death loses the call';
  if (/^(?:tee|PassThrough|one postMessage)/.test(name)) return 'no failover, no replay for late readers, no bound';
  return '';
}

/** From here on, in microseconds, it is told what a page of memory does to figures. */
const DEAR_PAGE_US = 2;
const DEAR_PAGES =
  ', which is dear: what makes garbage grow old pays for each page of it again, and a Map that is written to all the time does (a table that it outgrew keeps the next one alive until it is collected itself). Peers that stand on one look worse here beside ours than elsewhere, imports take longer, and rows differ more within themselves';

function pageLine(us: number): string {
  return `A page of memory that is touched for the first time takes ${short(us)} µs${us < DEAR_PAGE_US ? '' : DEAR_PAGES}`;
}

export function heading({ place, pageFaultUs, versions, commit, at }: Results): string[] {
  const { node, v8, cpu, processors, system } = place;
  return [
    `Node ${node} (V8 ${v8}), ${cpu}, ${processors} processors, ${system}; commit ${commit}, ${at}`,
    ...(typeof pageFaultUs === 'number' ? [pageLine(pageFaultUs)] : []),
    Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', '),
  ]; // biome-ignore format: one line each
}

export function rowLines(results: Results): string[] {
  const figures = figuresOf(results.samples);
  const names = [...new Set(figures.map(({ name }) => name))];
  const wide = Math.max(0, ...names.map((name) => name.length));
  const line = (name: string): string => {
    const own = figures.filter((figure) => figure.name === name);
    const cells = conditions.map((condition) => cell(own.find((figure) => figure.condition === condition)).padEnd(24));
    return `${name.padEnd(wide)}  ${cells.join(' ')} ${lacksOf(name)}`.trimEnd();
  };
  return [`${''.padEnd(wide)}  ${conditions.map((condition) => condition.padEnd(24)).join(' ')}`.trimEnd(), ...names.map(line)];
}

const cell = (figure: Figure | undefined): string => (figure === undefined ? '' : `${interval(figure)} ${figure.unit}`);

export function boundLines(judgements: readonly Judgement[]): string[] {
  return judgements
    .filter(({ verdict }) => verdict !== 'not measured')
    .map(({ bound, readings, floor, verdict }) => {
      const times = bound.against === null ? '' : ' x';
      const found = readings.map((reading) => `${interval(reading)}${times} ${reading.condition}`).join(', ');
      const against = bound.against === null ? '' : ` x ${bound.against}`;
      const leastFound = floor.map(({ p50, condition }) => `${short(p50)}${times} ${condition}`).join(', ');
      const below = leastFound === '' ? '' : `; the least there is: ${leastFound}`;
      return `${verdict.toUpperCase().padEnd(13)} ${bound.row}: ${found}; must be at most ${short(bound.most)}${against}${below}`;
    });
}
