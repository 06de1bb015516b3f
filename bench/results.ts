/** What a run leaves behind, as JSON: where it ran, what of, and every sample. Tables, plots and README's numbers are all drawn from it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownRoot } from './build.js';
import type { Place } from './measure/place.js';
import type { Samples } from './measure/rows.js';

export interface Results {
  readonly format: 1;
  readonly at: string;
  readonly commit: string;
  readonly place: Place;
  /** See `pageFaultUs`; not in results that were made before it was measured. */
  readonly pageFaultUs?: number | null;
  /** Of this package and everything it is measured beside. */
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, number>>;
  readonly samples: readonly Samples[];
}

export const measured: readonly string[] = [
  'async-cache-dedupe', 'canonicalize', 'comlink', 'lru-cache', 'msgpackr', 'opossum', 'p-memoize', 'piscina', 'promise-coalesce',
  'tinybench', 'undici', 'xstate',
]; // biome-ignore format: a list

export function versionsOf(names: readonly string[]): Record<string, string> {
  const version = (path: string): string => (JSON.parse(readFileSync(join(ownRoot, path), 'utf8')) as { version: string }).version;
  return Object.fromEntries([
    ['coalescer', version('package.json')],
    ...names.map((name) => [name, version(`node_modules/${name}/package.json`)]),
  ]);
}

/** The commit that is measured, with a `+` where the checkout differs from it. */
export function commitOf(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: ownRoot, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const isChanged = git('status', '--porcelain', '--', 'src', 'workers', 'machines').trim() !== '';
    return git('rev-parse', '--short', 'HEAD').trim() + (isChanged ? '+' : '');
  } catch {
    return 'no git';
  }
}

/** Samples of the same row in several processes, one after the other. */
export function joined(runs: readonly (readonly Samples[])[]): Samples[] {
  const [first = [], ...others] = runs;
  return first.map((samples) => ({
    ...samples,
    rounds: [
      samples,
      ...others.map((run) => run.find(({ name, condition }) => name === samples.name && condition === samples.condition)),
    ].flatMap((found) => found?.rounds ?? []),
  }));
}

/** As JSON: a line for each row, so that a difference between two runs can be read; six digits are more than any clock has. */
export function textOf({ samples, ...rest }: Results): string {
  const digits = (_: string, value: unknown): unknown => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
  const head = JSON.stringify(rest, digits, 1).slice(0, -2);
  return `${head},\n "samples": [\n${samples.map((row) => `  ${JSON.stringify(row, digits)}`).join(',\n')}\n ]\n}\n`;
}
