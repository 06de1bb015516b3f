// The command lines of the scripts, as bench/arguments.ts has those of the benches: what may be said, and one line for everything else. Knows no
// build: what is wrong is told before there is one.
import { parseArgs } from 'node:util';

/** What was given, as `parseArgs` has it. Ends the process for `--help`, which tells the usage, and for anything unknown. */
export function argumentsOf(usage, options = {}, { allowPositionals = false } = {}) {
  const given = parsed({ options: { ...options, help: { type: 'boolean' } }, allowPositionals });
  if (given.values.help !== true) return given;
  process.stdout.write(usage);
  return process.exit(0);
}

function parsed(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    // What follows is advice for who wants to give a word that looks like an option.
    return refuse(`${error.message.split(/\. |\n/)[0]}; --help tells what there is`);
  }
}

/** 1 would say that something is not as it should be. */
export function refuse(complaint) {
  process.stderr.write(`${complaint}\n`);
  return process.exit(2);
}
