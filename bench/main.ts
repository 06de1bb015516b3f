/**
 * `npm run bench [-- --scope join,key --json FILE --quick]`: each area in fresh processes, rows shuffled, several rounds; medians with their
 * bootstrap intervals, beside peers that do the same work in the same process, and which bounds hold.
 */
import { writeFileSync } from 'node:fs';
import { areaNames } from './areas.js';
import { checkWritable, choices, command, type Given, wholeNumber } from './arguments.js';
import { bounds } from './bounds.js';
import { ownRoot } from './build.js';
import { judge } from './judge.js';
import { pageFaultUs, placeOf } from './measure/place.js';
import type { Samples } from './measure/rows.js';
import { Progress } from './progress.js';
import { boundLines, heading, rowLines } from './report.js';
import { commitOf, joined, measured, type Results, textOf, versionsOf } from './results.js';
import { runChild } from './run-child.js';

const usage = `Usage: npm run bench -- [options]

  --scope AREAS    one or more of ${areaNames.join(', ')} (default: all)
  --json FILE      every sample, for npm run bench:page
  --processes N    fresh processes for each area (default 2)
  --rounds N       rounds in each (default 4)
  --ms N           milliseconds for one round of one row (default 60)
  --flights N      what a worn row has flown before it is measured (default 10000000)
  --quick          one process, two rounds, 20 ms, 100000 flights: to see that it runs
  --help           this text
`;

const MILLION = 1_000_000;

const texts = ['scope', 'json', 'processes', 'rounds', 'ms', 'flights'] as const;

async function main(given: Given<(typeof texts)[number]>): Promise<number> {
  const isQuick = given.flags.has('quick');
  const settings = {
    processes: wholeNumber('processes', given.processes, { least: 1, most: 20, fallback: isQuick ? 1 : 2 }),
    rounds: wholeNumber('rounds', given.rounds, { least: 1, most: 100, fallback: isQuick ? 2 : 4 }),
    ms: wholeNumber('ms', given.ms, { least: 1, most: 60_000, fallback: isQuick ? 20 : 60 }),
    wornFlights: wholeNumber('flights', given.flights, {
      least: 1,
      most: 1_000 * MILLION,
      fallback: isQuick ? MILLION / 10 : 10 * MILLION,
    }),
  };
  const scope = choices('scope', given.scope, areaNames);
  if (given.json !== undefined) checkWritable('json', given.json, 'file');
  const whence = { commit: commitOf(), place: placeOf(), pageFaultUs: pageFaultUs(), versions: versionsOf(measured) };
  const started = { format: 1, at: new Date().toISOString(), ...whence, settings } as const;
  say(heading({ ...started, samples: [] }));
  const results: Results = { ...started, samples: await run(scope, settings) };
  say(['', ...rowLines(results), '', ...boundLines(judge(bounds, results.samples))]);
  if (given.json !== undefined) writeFileSync(given.json, textOf(results));
  return 0;
}

async function run(
  scope: readonly string[],
  settings: Omit<Parameters<typeof runChild>[0], 'area' | 'root' | 'seed' | 'isGate'> & { processes: number },
) {
  const progress = new Progress();
  const samples: Samples[] = [];
  for (const area of scope) {
    const runs: (readonly Samples[])[] = [];
    for (let seed = 1; seed <= settings.processes; seed++) {
      const tell = (what: string): void => progress.tell(`${what} (process ${seed} of ${settings.processes})`);
      runs.push(await runChild({ ...settings, area, root: ownRoot, seed, isGate: false }, tell));
    }
    samples.push(...joined(runs));
  }
  progress.end();
  return samples;
}

function say(lines: readonly string[]): number {
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

await command({ usage, texts, flags: ['quick'] }, main);
