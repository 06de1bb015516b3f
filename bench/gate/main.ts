/** `npm run bench:gate -- --base GITREF`: is this checkout slower than that commit? Exit code 1 says yes, for certain. */
import { join } from 'node:path';
import { checkWritable, choices, command, type Given, wholeNumber, ArgumentError } from '../arguments.js';
import { gatedAreas } from '../areas.js';
import { ownRoot } from '../build.js';
import { Progress } from '../progress.js';
import { placeOf } from '../measure/place.js';
import { commitOf } from '../results.js';
import { buildOf } from './builds.js';
import { writeReports } from './reports.js';
import { runGate } from './run-gate.js';

export const usage = `Usage: npm run bench:gate -- --base GITREF [options]

Builds that commit in a folder of its own, runs it and this checkout alternately in child processes, and exits with
1 if a gated row is slower by more than its threshold with 95 % confidence, twice, or a count (upstream calls, messages,
attempts, bytes allocated) is larger; with 2 if it cannot tell. Writes gate.md, gate.json, gate.svg and github-benchmark.json.

  --base GITREF    what to compare with
  --pairs N        pairs of processes for each area (10, or more: of fewer no interval holds what it says)
  --rounds N       rounds in each process (default 3)
  --ms N           milliseconds for one round of one row (default 40)
  --scope AREAS    one or more of ${gatedAreas.join(', ')} (default: all)
  --accept NAMES   rows or counts that may get worse this time, with ; between them: say why in the commit
  --out FOLDER     where the reports go (default dist-gate)
  --help           this text
`;

const texts = ['base', 'pairs', 'rounds', 'ms', 'scope', 'accept', 'out'] as const;

async function main(given: Given<(typeof texts)[number]>): Promise<number> {
  if (given.base === undefined) throw new ArgumentError('--base GITREF is required: what to compare with');
  const settings = {
    pairs: wholeNumber('pairs', given.pairs, { least: 10, most: 1_000, fallback: 10 }),
    rounds: wholeNumber('rounds', given.rounds, { least: 1, most: 100, fallback: 3 }),
    ms: wholeNumber('ms', given.ms, { least: 1, most: 60_000, fallback: 40 }),
    scope: choices('scope', given.scope, gatedAreas),
    accepted: new Set(given.accept?.split(';').map((name) => name.trim())),
  };
  const out = given.out ?? join(ownRoot, 'dist-gate');
  checkWritable('out', out, 'folder');
  const progress = new Progress();
  const base = buildOf(given.base, progress.tell);
  try {
    const result = await runGate({ ...settings, base: base.root, head: ownRoot, progress: progress.tell });
    progress.end();
    const { node, cpu, processors } = placeOf();
    const heading = {
      base: base.commit.slice(0, 7),
      head: commitOf(),
      pairs: settings.pairs,
      place: `Node ${node}, ${cpu}, ${processors} processors`,
    };
    process.stdout.write(writeReports(result, heading, out));
    return result.isRefused ? 1 : 0;
  } finally {
    base.remove();
  }
}

await command({ usage, texts }, main);
