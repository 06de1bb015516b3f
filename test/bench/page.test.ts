// The results page, its plots and README's numbers are what the committed JSON says, to the letter.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bounds } from '../../bench/bounds.js';
import { judge, type Judgement } from '../../bench/judge.js';
import { limits, type Limit } from '../../bench/limits.js';
import { BEGIN, END, numbersOf, withNumbers } from '../../bench/page/readme-numbers.js';
import { newerNodes } from '../../bench/page/newer-nodes.js';
import { drawingOf, limitText } from '../../bench/page/render.js';
import { pageFaultUs } from '../../bench/measure/place.js';
import { heading } from '../../bench/report.js';
import type { Results } from '../../bench/results.js';
import { readText, root } from '../house/tree.js';

const results = JSON.parse(readText('bench/results.json')) as Results;
const newer = [JSON.parse(readText('bench/results.node24.json')) as Results];
const { page, plots } = drawingOf(results, 'plots', newer);

test('the page is drawn from the last results', () => {
  assert.equal(readText('bench/RESULTS.md'), page);
});

test('the plots are drawn from the last results, and there are no others', () => {
  assert.ok(existsSync(join(root, 'bench', 'plots')));
  assert.deepEqual(readdirSync(join(root, 'bench', 'plots')).toSorted(), [...plots.keys()].toSorted());
  for (const [file, svg] of plots) assert.ok(readText(`bench/plots/${file}`) === svg, file);
});

test('what it takes there to touch memory for the first time is told, where the system counts it', () => {
  const told = (us: number | null): string => heading({ ...results, pageFaultUs: us }).join('\n');
  assert.match(told(10.52), /touched for the first time takes 10\.5 µs, which is dear/);
  assert.match(told(0.2), /touched for the first time takes 0\.20 µs$/m);
  assert.doesNotMatch(told(null), /touched/);
  const measured = pageFaultUs();
  assert.ok(measured === null || (measured > 0 && measured < 10_000), String(measured));
});

test('every bound was measured', () => {
  const open = judge(bounds, results.samples).filter(({ verdict }) => verdict === 'not measured');
  assert.deepEqual(
    open.map(({ bound }) => bound.row),
    [],
  );
});

test('newer Nodes are held against the same bounds, by the largest median of their conditions', () => {
  const [bound] = bounds;
  assert.ok(bound?.against);
  const run = (node: string, rounds: readonly number[], worn: readonly number[]): Results => ({
    ...results,
    place: { ...results.place, node },
    samples: ([['fresh', rounds], ['worn', worn]] as const).flatMap(([condition, own]) => [
      { name: bound.row, unit: 'ns', condition, rounds: own },
      { name: bound.against as string, unit: 'ns', condition, rounds: own.map(() => 1) },
    ]),
  }); // biome-ignore format: a table
  const lines = newerNodes(run('v1', [0.5, 0.5], [0.25, 0.25]), [run('v2', [1, 1], [4, 4])]);
  assert.ok(lines.includes(`| ${bound.row} | ${bound.against} | 1.50 | ✅ 0.50 | ❌ 4.00 |`), lines[6]);
  assert.equal(lines.filter((line) => line.includes('| 1.50 |')).length, 1, 'what was not measured is left out');
  assert.deepEqual(newerNodes(results, []), []);
});

test('the least there is of each bound was measured', () => {
  const measured = new Set(results.samples.map(({ name }) => name));
  for (const { least } of bounds) if (least !== undefined) assert.ok(measured.has(least), least);
});

test('each row that does not hold its bound is told with what is in its way, and nothing is told of rows that have no bound', () => {
  const open = judge(bounds, results.samples).filter(({ verdict }) => verdict === 'does not hold');
  for (const { bound } of open) {
    const limit = limits.find(({ rows }) => rows.includes(bound.row));
    assert.ok(page.includes(limitText(limitRows(open, limit), limit).join('\n')), bound.row);
  }
  for (const row of limits.flatMap(({ rows }) => rows))
    assert.ok(
      bounds.some((bound) => bound.row === row),
      row,
    );
  assert.match(limitText(['a/row'], undefined).join('\n'), /\*\*a\/row\*\*\n\nNothing has been tried yet/);
});

/** The rows of this run that share what is in their way. */
const limitRows = (open: readonly Judgement[], limit: Limit | undefined): string[] => [
  ...new Set(open.map(({ bound }) => bound.row).filter((row) => limits.find(({ rows }) => rows.includes(row)) === limit)),
];

test('a bound on a figure of its own is told with its unit, and a ratio has none', () => {
  const row = (what: string): string => page.split('\n').find((line) => line.includes(` ${what} |`)) ?? '';
  assert.match(row('small chunks from one thread'), /\) ns after gc \| 3,333 ns \|/);
  assert.match(row('import, over an empty module'), /\) ms fresh \| 15\.0 ms \|/);
  assert.match(row('join, string key'), /^[^|]*\| ✅ join[^|]*\|[^|]*\|[^|]*\| [\d.]+ \([^)]*\) fresh<br>/);
});

test('what rows share is told once, a step a line', () => {
  const lines = page.split('\n');
  for (const { limit, tried } of limits) {
    for (const step of [...limit, ...Object.values(tried).flat()]) {
      assert.ok(lines.filter((line) => line.includes(step)).length <= 1, step);
      assert.ok(step.length <= 450, `${step.length} characters are no step: ${step}`);
    }
  }
});

test("README's numbers are those of the last results", () => {
  const readme = readText('README.md');
  assert.equal(withNumbers(readme, numbersOf(results)), readme); // null where their place is gone
});

test('numbers go between the marks, and nothing else changes', () => {
  const readme = `# Title\n\n${BEGIN}\nold\n${END}\n\nThe rest.\n`;
  assert.equal(withNumbers(readme, 'new'), `# Title\n\n${BEGIN}\nnew\n${END}\n\nThe rest.\n`);
  assert.equal(withNumbers('# Title\n', 'new'), null);
});

test('a page with one figure changed, and results without a row that README speaks of, are found', () => {
  const [first] = results.samples;
  assert.ok(first !== undefined);
  const pageWith = (factor: number): string =>
    drawingOf({ ...results, samples: [{ ...first, rounds: first.rounds.map((value) => value * factor) }] }, 'plots').page;
  assert.notEqual(pageWith(1.01), pageWith(1));
  const fewer = results.samples.filter(({ name }) => name !== 'join/coalescer');
  assert.throws(() => numbersOf({ ...results, samples: fewer }), /README needs join\/coalescer/);
});
