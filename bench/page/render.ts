/** The results page, its plots, and README's three numbers: all text, all drawn from one JSON. Reads and writes no file. */
import { areaNames } from '../areas.js';
import { bounds } from '../bounds.js';
import { judge, type Judgement } from '../judge.js';
import { figuresOf } from '../measure/figures.js';
import type { Condition, Figure } from '../measure/rows.js';
import { interval, short } from '../measure/words.js';
import { heading, lacksOf } from '../report.js';
import type { Results } from '../results.js';
import { intervalPlot } from './plots.js';

const conditions: readonly Condition[] = ['fresh', 'after gc', 'worn'];

/** Units of rows are for tables; a plot is in one. */
const plotted = new Set(['ns', 'B', 'ms']);

export function plotsOf(results: Results): ReadonlyMap<string, string> {
  const plots = new Map<string, string>();
  for (const area of areaNames) {
    for (const unit of plotted) {
      const figures = latestOf(figuresOf(results.samples)).filter(({ name, unit: own }) => name.startsWith(`${area}/`) && own === unit);
      if (figures.length === 0) continue;
      const failed = new Set(
        judge(bounds, results.samples).flatMap(({ bound, verdict }) => (verdict === 'does not hold' ? [bound.row] : [])),
      );
      const bars = figures.map(({ name, p50, low, high }) => ({
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
  /\/(?:coalescer|wire,|four events|import of coalescer|event loop delay p99, parsing on a thread)/.test(name);

/** Of each row the condition that flatters least: the last one measured. */
function latestOf(figures: readonly Figure[]): Figure[] {
  const byName = new Map<string, Figure>();
  for (const figure of figures) {
    const known = byName.get(figure.name);
    if (known === undefined || conditions.indexOf(figure.condition) > conditions.indexOf(known.condition)) byName.set(figure.name, figure);
  }
  return [...byName.values()].filter(({ low }) => low > 0);
}

export function pageOf(results: Results, plotFolder: string): string {
  const judgements = judge(bounds, results.samples);
  const count = (verdict: Judgement['verdict']): number => judgements.filter((judgement) => judgement.verdict === verdict).length;
  const areas = areaNames.filter((area) => results.samples.some(({ name }) => name.startsWith(`${area}/`)));
  const plots = [...plotsOf(results).keys()];
  return [
    '<!-- Written by `npm run bench:page` from results.json. Do not edit. -->',
    '# Results',
    '',
    ...heading(results).map((line) => `${line}.\n`),
    'Medians over rounds and processes, with 95 % bootstrap intervals. *Fresh*: as the process grew. *After gc*: a major collection before each round. *Worn*: after ten million flights. Trust ratios, not absolutes. Again: `npm run bench -- --json bench/results.json && npm run bench:page`.',
    '',
    `## What must hold`,
    '',
    `${count('holds')} hold, ${count('does not hold')} do not, ${count('not measured')} were not measured. A bound holds when its median does in every condition.`,
    '',
    '| | row | beside | ratio | at most |',
    '|---|---|---|--:|--:|',
    ...judgements.map(boundRow),
    '',
    ...limitsOf(judgements),
    ...areas.flatMap((area) => [
      `## ${area}`,
      '',
      ...areaTable(area, results),
      '',
      ...plots.flatMap((file) => (file.startsWith(`${area}-`) ? [`![${area}](${plotFolder}/${file})`, ''] : [])),
    ]),
  ].join('\n');
}

const signs: Readonly<Record<Judgement['verdict'], string>> = { holds: '✅', 'does not hold': '❌', 'not measured': '—' };

function boundRow({ bound, readings, verdict }: Judgement): string {
  const found = readings.map((reading) => `${interval(reading)} ${reading.condition}`).join('<br>');
  return `| ${signs[verdict]} ${bound.what} | ${bound.row} | ${bound.against ?? ''} | ${found} | ${short(bound.most)} |`;
}

/** What was tried, beside each that does not hold. */
function limitsOf(judgements: readonly Judgement[]): string[] {
  const open = judgements.filter(({ verdict }) => verdict === 'does not hold');
  const rows = [...new Set(open.map(({ bound }) => bound.row))];
  if (rows.length === 0) return [];
  const told = rows.map((row) => {
    const limits = [...new Set(open.flatMap(({ bound }) => (bound.row === row && bound.limit !== undefined ? [bound.limit] : [])))];
    return `- **${row}**: ${limits.length === 0 ? 'nothing has been tried yet.' : limits.join(' ')}`;
  });
  return ['### What does not hold, and what was tried', '', ...told, ''];
}

function areaTable(area: string, { samples }: Results): string[] {
  const figures = figuresOf(samples).filter(({ name }) => name.startsWith(`${area}/`));
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
