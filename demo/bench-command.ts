// `coalescer bench`: an embedder's own targets, keys and payloads, measured and held against an earlier run. 1: something is worse. 2: wrong input,
// which includes targets that fail.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compare, measure, ownReport, type OwnBench, type OwnResults } from 'coalescer/bench';
import { checkWritable, earlierOf, moduleOf, opened, payloadsOf, reaching } from './bench-files.js';
import { InputError, quoted, told } from './input-error.js';
import { complaint, whole } from './options.js';

export const benchUsage = `Usage: coalescer bench --targets FILE --keys FILE [options]

Measures deriving your keys, joins and flights with your payloads, each beside a plain Map of promises, and your first
target called directly and through a coalescer. With --against it exits with 1 if one of these is worse for certain.

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
  if (values.json !== undefined) checkWritable('--json', values.json);
  const results = await measured(values.targets, values.keys, { callsMax, rounds, ms });
  const comparisons = [...held('--against', results, earlier, { threshold }), ...held('--max', results, null, { most })];
  process.stdout.write(`${ownReport(results, comparisons).join('\n')}\n`);
  const { json } = values;
  if (json !== undefined) reaching('--json', 'write', json, () => writeFileSync(json, `${JSON.stringify(results, null, 1)}\n`));
  return comparisons.some(({ isWorse }) => isWorse) ? 1 : 0;
}

async function measured(
  targetsFile: string,
  keysFile: string,
  settings: Pick<OwnBench, 'callsMax' | 'rounds' | 'ms'>,
): Promise<OwnResults> {
  const module = await moduleOf(targetsFile);
  const payloads = payloadsOf(keysFile, module.payload);
  const { targets, close } = await opened(targetsFile, module);
  const progress = (what: string): void => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[K${what}`));
  try {
    return await measure({ ...settings, targets, payloads, key: module.key ?? null, progress });
  } catch (error) {
    // Told in a line: what is not installed, and whatever else is wrong with what was given. 1 would say that something is worse.
    const { cause, message } = (error ?? {}) as { readonly cause?: { readonly code?: string }; readonly message?: string };
    const isMissing = cause?.code === 'ERR_MODULE_NOT_FOUND';
    throw new InputError((isMissing && message) || `cannot measure ${targetsFile} with ${keysFile}: ${told(error)}`, { cause: error });
  } finally {
    progress('');
    // What was measured is good all the same.
    await close().catch((error: unknown) => process.stderr.write(`coalescer: ${targetsFile} did not close: ${told(error)}\n`));
  }
}

/** A limit on a row that is not there is a mistake on the command line; which rows there are is known only now. */
function held(option: string, ...args: Parameters<typeof compare>): ReturnType<typeof compare> {
  try {
    return compare(...args);
  } catch (error) {
    throw error instanceof RangeError ? new InputError(`${option}: ${error.message}`, { cause: error }) : error;
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
