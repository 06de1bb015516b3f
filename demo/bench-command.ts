// `coalescer bench`: an embedder's own targets, keys and payloads, measured and held against an earlier run. 1: something is worse. 2: wrong input.

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Targets } from 'coalescer';
import { compare, measure, ownReport, type OwnBench, type OwnResults } from 'coalescer/bench';
import { InputError, quoted } from './input-error.js';
import { complaint, whole } from './options.js';

export const benchUsage = `Usage: coalescer bench --targets FILE --keys FILE [options]

Measures deriving your keys, joins and flights with your payloads, each beside a plain Map of promises, and your first
target called directly and through a coalescer. With --against it exits with 1 if something is worse for certain.

  --targets FILE   a module: its default export is a record of targets or made by defineTargets. It may also export
                   key (as in createCoalescer), payload (makes a payload of a line of --keys) and config (for set-up)
  --keys FILE      one payload a line: text, or JSON where a line begins with { or [
  --calls N        calls of the first target, at most (default 100)
  --rounds N       (default 5)
  --ms N           milliseconds for one round of one row (default 100)
  --json FILE      keeps the results, for a later --against
  --against FILE   results of an earlier run: how many times its floor a row takes is compared, so another machine will do
  --threshold X    how many times the earlier ratio is worse (default 1.2)
  --max ROW=N      a row may take N nanoseconds (milliseconds for the target) at most; may be given again
  --help           this text
`;

interface OwnModule {
  readonly default?: Targets | { open(config: unknown): Promise<Targets> };
  readonly key?: OwnBench['key'];
  readonly payload?: (line: string) => unknown;
  readonly config?: unknown;
}

const options = {
  targets: { type: 'string' },
  keys: { type: 'string' },
  calls: { type: 'string' },
  rounds: { type: 'string' },
  ms: { type: 'string' },
  json: { type: 'string' },
  against: { type: 'string' },
  threshold: { type: 'string' },
  max: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const;

export async function runBench(args: readonly string[]): Promise<number> {
  const values = parse(args);
  if (values.help === true) {
    process.stdout.write(benchUsage);
    return 0;
  }
  if (values.targets === undefined) throw new InputError('--targets FILE is required; try "coalescer bench --help"');
  if (values.keys === undefined) throw new InputError('--keys FILE is required; try "coalescer bench --help"');
  const callsMax = whole('--calls', values.calls ?? '100', { min: 1, max: 1_000_000 });
  const rounds = whole('--rounds', values.rounds ?? '5', { min: 1, max: 1_000 });
  const ms = whole('--ms', values.ms ?? '100', { min: 1, max: 60_000 });
  const threshold = thresholdOf(values.threshold ?? '1.2');
  const most = Object.fromEntries((values.max ?? []).map(limitOf));
  const earlier = values.against === undefined ? null : earlierOf(values.against);
  const { targets, key, payload } = await moduleOf(values.targets);
  const payloads = payloadsOf(values.keys, payload);
  const progress = (what: string): void => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[K${what}`));
  const results = await measure({ targets, payloads, key: key ?? null, callsMax, rounds, ms, progress }).catch(explained);
  progress('');
  const comparisons = compared(results, earlier, { threshold, most });
  process.stdout.write(`${ownReport(results, comparisons).join('\n')}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);
  return comparisons.some(({ isWorse }) => isWorse) ? 1 : 0;
}

/** What is not installed is told in a line. */
function explained(error: unknown): never {
  const { cause, message } = error as { readonly cause?: { readonly code?: string }; readonly message: string };
  throw cause?.code === 'ERR_MODULE_NOT_FOUND' ? new InputError(message, { cause: error }) : error;
}

/** A limit on a row that is not there is a mistake on the command line; which rows there are is known only now. */
function compared(...args: Parameters<typeof compare>): ReturnType<typeof compare> {
  try {
    return compare(...args);
  } catch (error) {
    throw error instanceof RangeError ? new InputError(`--max: ${error.message}`, { cause: error }) : error;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new InputError(complaint(error as NodeJS.ErrnoException).replace('coalescer --help', 'coalescer bench --help'));
  }
}

function thresholdOf(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= 100)) throw new InputError(`--threshold: expected a number from 1 to 100, found ${quoted(text)}`);
  return value;
}

function limitOf(text: string): [row: string, most: number] {
  const [, row, most] = /^(.+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (row === undefined) throw new InputError(`--max: expected ROW=N, such as own/flights=2000, found ${quoted(text)}`);
  return [row, Number(most)];
}

async function moduleOf(
  file: string,
): Promise<{ readonly targets: Targets; readonly key: OwnBench['key']; readonly payload: OwnModule['payload'] }> {
  const module = (await import(pathToFileURL(resolve(file)).href).catch((error: unknown) => {
    throw new InputError(`--targets: ${file} does not load: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  })) as OwnModule;
  const given = module.default;
  if (typeof given !== 'object' || given === null)
    throw new InputError(`--targets: ${file} has no default export that is a record of targets, or made by defineTargets`);
  const targets =
    typeof given['open'] === 'function'
      ? await (given as { open(config: unknown): Promise<Targets> }).open(module.config)
      : (given as Targets);
  return { targets, key: module.key, payload: module.payload };
}

function payloadsOf(file: string, payload: OwnModule['payload']): unknown[] {
  const lines = textOf('--keys', file).split(/\r?\n/).filter((line) => line !== ''); // biome-ignore format: one thought
  if (lines.length === 0) throw new InputError(`--keys: ${file} has no line`);
  return lines.map((line, at) => {
    if (payload !== undefined) return payload(line);
    if (!/^[[{]/.test(line)) return line;
    try {
      return JSON.parse(line) as unknown;
    } catch (error) {
      throw new InputError(`--keys: ${file} line ${at + 1} is not JSON`, { cause: error });
    }
  });
}

function earlierOf(file: string): OwnResults {
  try {
    const results = JSON.parse(textOf('--against', file)) as OwnResults;
    if (results.format === 1 && Array.isArray(results.samples)) return results;
  } catch (error) {
    if (error instanceof InputError) throw error;
  }
  throw new InputError(`--against: ${file} does not hold results of coalescer bench --json`);
}

function textOf(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(`${option}: cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}
