/** `npm run bench:page`: writes bench/RESULTS.md, its plots and README's numbers from bench/results.json. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../arguments.js';
import { ownRoot } from '../build.js';
import type { Results } from '../results.js';
import { numbersOf, withNumbers } from './readme-numbers.js';
import { drawingOf } from './render.js';

const usage = `Usage: npm run bench:page

Writes bench/RESULTS.md, its plots and README's numbers from bench/results.json, which npm run bench -- --json writes.
`;

const folder = join(ownRoot, 'bench');
const PLOTS = 'plots';

async function main(): Promise<number> {
  const results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Results;
  rmSync(join(folder, PLOTS), { recursive: true, force: true });
  mkdirSync(join(folder, PLOTS));
  const { page, plots } = drawingOf(results, PLOTS);
  for (const [file, svg] of plots) writeFileSync(join(folder, PLOTS, file), svg);
  writeFileSync(join(folder, 'RESULTS.md'), page);
  const readmeFile = join(ownRoot, 'README.md');
  const readme = withNumbers(readFileSync(readmeFile, 'utf8'), numbersOf(results));
  if (readme === null) process.stdout.write(`README.md has no place for its numbers; they are:\n\n${numbersOf(results)}\n`);
  else writeFileSync(readmeFile, readme);
  return 0;
}

await command({ usage }, main);
