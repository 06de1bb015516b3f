/** `npm run bench:page`: writes bench/RESULTS.md, its plots and README's numbers from bench/results.json and its neighbours of newer Nodes. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../arguments.js';
import { ownRoot } from '../build.js';
import type { Results } from '../results.js';
import { numbersOf, withNumbers } from './readme-numbers.js';
import { drawingOf } from './render.js';

const usage = `Usage: npm run bench:page

Writes bench/RESULTS.md, its plots and README's numbers from bench/results.json and, for newer Nodes, results.node24.json
beside it; npm run bench -- --json writes them.
`;

const folder = join(ownRoot, 'bench');
const PLOTS = 'plots';
const NEWER = ['results.node24.json'];

const readResults = (file: string): Results => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Results;

async function main(): Promise<number> {
  const results = readResults('results.json');
  rmSync(join(folder, PLOTS), { recursive: true, force: true });
  mkdirSync(join(folder, PLOTS));
  const { page, plots } = drawingOf(results, PLOTS, NEWER.map(readResults));
  for (const [file, svg] of plots) writeFileSync(join(folder, PLOTS, file), svg);
  writeFileSync(join(folder, 'RESULTS.md'), page);
  const readmeFile = join(ownRoot, 'README.md');
  const readme = withNumbers(readFileSync(readmeFile, 'utf8'), numbersOf(results));
  if (readme === null) process.stdout.write(`README.md has no place for its numbers; they are:\n\n${numbersOf(results)}\n`);
  else writeFileSync(readmeFile, readme);
  return 0;
}

await command({ usage }, main);
