#!/usr/bin/env node
// The command `coalescer`: from its arguments to its exit code. 0: every waiter got its answer. 1: one did not. 2: the input was wrong.

import { displayOn } from './display.js';
import { InputError } from './input-error.js';
import { parseCommandLine, type Settings, usage } from './options.js';
import { painter } from './paint.js';
import { isClean, reportLines } from './report.js';
import { run } from './run.js';
import { readTrace } from './trace-files.js';
import { type Arrival, makeTraffic, ownTraffic, spedUp } from './traffic.js';
import { count } from './words.js';

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  // Loaded only then: a bench needs what a demo does not.
  if (args[0] === 'bench') return (await import('./bench-command.js')).runBench(args.slice(1));
  const settings = parseCommandLine(args);
  if (settings === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const arrivals = spedUp(arrivalsOf(settings), settings.speed);
  const display = displayOn(process.stdout);
  try {
    const result = await run({ ...settings, title: titleOf(settings, arrivals.length), arrivals, display });
    display.close();
    process.stdout.write(`${reportLines(result, painter(process.stdout)).join('\n')}\n`);
    return isClean(result) ? 0 : 1;
  } finally {
    display.close();
  }
}

function arrivalsOf({ files, limit, seed }: Settings): Arrival[] {
  return files === null ? makeTraffic({ ...ownTraffic, seed }).slice(0, limit) : readTrace({ ...files, limit });
}

function titleOf({ files, speed, seed }: Settings, requests: number): string {
  const at = speed === 1 ? '' : `, at ${speed}x`;
  return files === null
    ? `${count(requests)} requests of our own making: keys by Zipf ${ownTraffic.zipfExponent}, in bursts, seed ${seed}${at}`
    : `${count(requests)} requests${at}: arrivals of one real trace, keys of another, paired line by line`;
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  // What must not be left behind hangs on the process's exit: the provider processes, and a hidden cursor.
  process.once(signal, () => process.exit(code));
}
// The reader has gone (`| head`): there is nobody left to show anything to.
process.stdout.on('error', () => process.exit(1));

function explain(error: unknown): number {
  const isInput = error instanceof InputError;
  const text = isInput ? error.message.replace(/\s+/g, ' ') : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`coalescer: ${text}\n`);
  return isInput ? 2 : 1;
}

void main()
  .catch(explain)
  .then((code) => {
    process.exitCode = code;
  });
