/** What the gate hands out: a table for people, JSON for github-action-benchmark, a plot. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { intervalPlot } from '../page/plots.js';
import { interval, short } from '../measure/words.js';
import type { CountDecision, RowDecision } from './decision.js';
import type { GateResult } from './run-gate.js';

export interface GateHeading {
  readonly base: string;
  readonly head: string;
  readonly place: string;
  readonly pairs: number;
}

const signs: Readonly<Record<RowDecision['verdict'] | CountDecision['verdict'], string>> = {
  slower: '❌ slower', faster: '✅ faster', same: 'same', more: '❌ more', fewer: '✅ fewer', new: 'new',
}; // biome-ignore format: a table

export function markdownOf({ rows, counts, skipped, isRefused }: GateResult, { base, head, place, pairs }: GateHeading): string {
  return [
    `### Bench gate: ${isRefused ? '❌ slower or more than its base' : '✅ passed'}`,
    '',
    `Base \`${base}\`, head \`${head}\`; ${pairs} pairs of processes, alternately; ${place}. Medians of the processes' best rounds, with 95 % intervals. A row fails when the whole interval of its ratio lies above its threshold, twice; a count when there is one more.`,
    '',
    '| row | base, ns | head, ns | head / base | fails above | |',
    '|---|--:|--:|--:|--:|---|',
    ...rows.map(
      (row) =>
        `| ${row.name} | ${interval(row.base)} | ${interval(row.head)} | ${interval(row.ratio)} | ${row.threshold} | ${signs[row.verdict]} |`,
    ),
    '',
    '| count | base | head | |',
    '|---|--:|--:|---|',
    ...counts.map(
      (count) => `| ${count.name} | ${count.base === null ? '' : short(count.base)} | ${short(count.head)} | ${signs[count.verdict]} |`,
    ),
    ...(skipped.length === 0 ? [] : ['', `Not compared, since base cannot fly them: ${skipped.join(', ')}.`]),
    '',
  ].join('\n');
}

/** The form that github-action-benchmark calls customSmallerIsBetter. */
export function githubBenchmarkOf({ rows, counts }: GateResult): readonly Readonly<Record<string, string | number>>[] {
  return [
    ...rows.map(({ name, head, ratio }) => ({
      name,
      unit: 'ns',
      value: head.p50,
      range: `${short(head.low)}–${short(head.high)}`,
      extra: `head / base ${interval(ratio)}`,
    })),
    ...counts.map(({ name, head }) => ({ name, unit: 'count', value: head })),
  ];
}

/** Writes all three into a folder, and the table into the workflow's summary where there is one. */
export function writeReports(result: GateResult, heading: GateHeading, folder: string): string {
  const markdown = markdownOf(result, heading);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'gate.md'), markdown);
  writeFileSync(join(folder, 'gate.json'), `${JSON.stringify({ ...heading, ...result }, null, 1)}\n`);
  writeFileSync(join(folder, 'github-benchmark.json'), `${JSON.stringify(githubBenchmarkOf(result), null, 1)}\n`);
  writeFileSync(join(folder, 'gate.svg'), plotOf(result, heading));
  const summary = process.env['GITHUB_STEP_SUMMARY'];
  if (summary !== undefined && summary !== '') appendFileSync(summary, markdown);
  return markdown;
}

const plotOf = ({ rows }: GateResult, { base, head }: GateHeading): string =>
  intervalPlot({
    title: `head ${head} over base ${base}: time, 95 % interval`,
    bars: rows.map(({ name, ratio, verdict }) => ({ name, ...ratio, kind: verdict === 'slower' ? 'bad' : 'ours' })),
    unit: 'x',
    isLogarithmic: false,
  });
