/** The results page, its plots, and README's three numbers: all text, all drawn from one JSON. Reads and writes no file. */
import { areaNames } from '../areas.js';
import { bounds } from '../bounds.js';
import { judge, type Judgement, type Reading } from '../judge.js';
import { limits, type Limit } from '../limits.js';
import { figuresOf } from '../measure/figures.js';
import type { Condition, Figure } from '../measure/rows.js';
import { interval, short } from '../measure/words.js';
import { heading, lacksOf } from '../report.js';
import type { Results } from '../results.js';
import { newerNodes, signs } from './newer-nodes.js';
import { intervalPlot } from './plots.js';

const conditions: readonly Condition[] = ['fresh', 'after gc', 'worn'];

/** Units of rows are for tables; a plot is in one. */
const plotted = new Set(['ns', 'B', 'ms']);

/** All that is drawn of one run. */
export interface Drawing {
  readonly page: string;
  /** By file name. */
  readonly plots: ReadonlyMap<string, string>;
}

/** Figures and judgements once: each is two thousand draws. `newer`: runs on newer Nodes. */
export function drawingOf(results: Results, plotFolder: string, newer: readonly Results[] = []): Drawing {
  const figures = figuresOf(results.samples);
  const judgements = judge(bounds, results.samples);
  const plots = plotsOf(figures, judgements);
  return { page: pageOf(results, { figures, judgements, newer, plots: [...plots.keys()].map((file) => `${plotFolder}/${file}`) }), plots };
}

function plotsOf(figures: readonly Figure[], judgements: readonly Judgement[]): ReadonlyMap<string, string> {
  const plots = new Map<string, string>();
  const latest = latestOf(figures);
  const failed = new Set(judgements.flatMap(({ bound, verdict }) => (verdict === 'does not hold' ? [bound.row] : [])));
  for (const area of areaNames) {
    for (const unit of plotted) {
      const own = latest.filter((figure) => figure.name.startsWith(`${area}/`) && figure.unit === unit);
      if (own.length === 0) continue;
      const bars = own.map(({ name, p50, low, high }) => ({
        name: name.slice(area.length + 1),
        p50,
        low,
        high,
        kind: isOurs(name) ? (failed.has(name) ? ('bad' as const) : ('ours' as const)) : ('peer' as const),
      }));
      const title = `${area}: median and 95 % interval, ${unit}; orange: over its bound`;
      plots.set(`${area}-${unit.toLowerCase()}.svg`, intervalPlot({ title, bars, unit, isLogarithmic: true }));
    }
  }
  return plots;
}

const isOurs = (name: string): boolean =>
  /\/(?:coalescer|wire,|four events|import of coalescer|(?:event loop delay|timers late) p99, parsing on a thread)/.test(name);

/** Of each row the condition that flatters least: the last one measured. */
function latestOf(figures: readonly Figure[]): Figure[] {
  const byName = new Map<string, Figure>();
  for (const figure of figures) {
    const known = byName.get(figure.name);
    if (known === undefined || conditions.indexOf(figure.condition) > conditions.indexOf(known.condition)) byName.set(figure.name, figure);
  }
  return [...byName.values()].filter(({ low }) => low > 0);
}

interface Drawn {
  readonly figures: readonly Figure[];
  readonly judgements: readonly Judgement[];
  readonly newer: readonly Results[];
  /** Their paths, from the page. */
  readonly plots: readonly string[];
}

function pageOf(results: Results, { figures, judgements, newer, plots }: Drawn): string {
  const count = (verdict: Judgement['verdict']): number => judgements.filter((judgement) => judgement.verdict === verdict).length;
  const areas = areaNames.filter((area) => figures.some(({ name }) => name.startsWith(`${area}/`)));
  return [
    '<!-- Written by `npm run bench:page` from results.json. Do not edit. -->',
    '# Results',
    '',
    ...heading(results).map((line) => `${line}.\n`),
    'Medians over rounds and processes, with 95 % bootstrap intervals. Trust ratios, not absolutes. Measured again, and drawn: `npm run bench -- --json bench/results.json && npm run bench:page`.',
    '',
    ...list([
      'An interval is over all rounds: how far processes differ is in it only as far as the few of a run do, and of four rounds (imports, recovery, the memory of a key) it holds the true median in 87 of a hundred cases.',
      '*Fresh*: as the process grew. *After gc*: a major collection before each round. *Worn*: after ten million flights.',
      'Rows are named `area/who, what`. *In the air*: so many flights at once. *Raw Map*: the same done by hand with a Map of promises.',
      '*Does without*, in the tables of areas: what the row’s subject does not have, and we do.',
    ]),
    '',
    `## What must hold`,
    '',
    `${count('holds')} hold, ${count('does not hold')} do not, ${count('not measured')} were not measured.`,
    '',
    ...list([
      'A *ratio* is the row over the one *beside* it: below 1 the row takes less. Where nothing stands beside, it is the row’s own figure.',
      'A bound holds when its median does in every condition.',
      '*The least there is*: the same ratio of the least that does the row’s work (a record with a promise of its own, a raw port with batches; bench/measure/floor.ts). Where that is above the bound, nothing that does that work holds it.',
    ]),
    '',
    '| | row | beside | ratio | at most | the least there is |',
    '|---|---|---|--:|--:|--:|',
    ...judgements.map((judgement) => boundRow(judgement, figures)),
    '',
    ...limitsOf(judgements),
    ...newerNodes(results, newer),
    ...areas.flatMap((area) => [
      `## ${area}`,
      '',
      ...areaTable(figures.filter(({ name }) => name.startsWith(`${area}/`))),
      '',
      ...plots.flatMap((path) => (path.includes(`/${area}-`) ? [`![${area}](${path})`, ''] : [])),
    ]),
  ].join('\n');
}

function boundRow({ bound, readings, floor, verdict }: Judgement, figures: readonly Figure[]): string {
  const unit = bound.against === null ? (figures.find(({ name }) => name === bound.row)?.unit ?? '') : '';
  const told = (of: readonly Reading[]): string =>
    of.map((reading) => `${`${interval(reading)} ${unit}`.trimEnd()} ${reading.condition}`).join('<br>');
  return `| ${signs[verdict]} ${bound.what} | ${bound.row} | ${bound.against ?? ''} | ${told(readings)} | ${`${short(bound.most)} ${unit}`.trimEnd()} | ${told(floor)} |`;
}

/** What is in the way of each that does not hold, and what was tried: once for all rows that share it. */
function limitsOf(judgements: readonly Judgement[]): string[] {
  const open = judgements.filter(({ verdict }) => verdict === 'does not hold');
  const rows = [...new Set(open.map(({ bound }) => bound.row))];
  if (rows.length === 0) return [];
  const told = new Map<Limit | undefined, string[]>();
  for (const row of rows) {
    const limit = limits.find((one) => one.rows.includes(row));
    told.set(limit, [...(told.get(limit) ?? []), row]);
  }
  return ['### What does not hold, and what was tried', '', ...[...told].flatMap(([limit, sharing]) => limitText(sharing, limit))];
}

const list = (items: readonly string[]): string[] => items.map((item) => `- ${item}`);

export function limitText(rows: readonly string[], limit: Limit | undefined): string[] {
  const head = [`**${rows.join('**, **')}**`, ''];
  if (limit === undefined) return [...head, 'Nothing has been tried yet.', ''];
  const tried = Object.entries(limit.tried).flatMap(([group, steps]) => [`${group}:`, '', ...list(steps), '']);
  return [...head, 'What is in the way:', '', ...list(limit.limit), '', ...tried];
}

function areaTable(figures: readonly Figure[]): string[] {
  const measured = conditions.filter((condition) => figures.some((figure) => figure.condition === condition));
  const cell = (name: string, condition: Condition): string => {
    const figure = figures.find((found) => found.name === name && found.condition === condition);
    return figure === undefined ? '' : `${interval(figure)} ${figure.unit}`.trimEnd();
  };
  const names = [...new Set(figures.map(({ name }) => name))];
  return [
    `| row | ${measured.join(' | ')} | does without |`,
    `|---|${measured.map(() => '--:').join('|')}|---|`,
    ...names.map((name) => `| ${name} | ${measured.map((condition) => cell(name, condition)).join(' | ')} | ${lacksOf(name)} |`),
  ];
}
