/** The command lines of the benches: what may be said, and one line for everything else. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { parseArgs } from 'node:util';

export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** What a command takes. */
export interface CommandLine<Name extends string> {
  /** What `--help` tells. */
  readonly usage: string;
  /** Options that take text. */
  readonly texts?: readonly Name[];
  readonly flags?: readonly string[];
}

/** What it was given: texts by name, and the flags that were there. */
export type Given<Name extends string> = Partial<Record<Name, string>> & { readonly flags: ReadonlySet<string> };

/** @throws ArgumentError for anything unknown or without its value */
function givenIn<Name extends string>(args: readonly string[], { texts = [], flags = [] }: CommandLine<Name>): Given<Name> {
  const options = Object.fromEntries([
    ...texts.map((name) => [name, { type: 'string' as const }]),
    ...[...flags, 'help'].map((name) => [name, { type: 'boolean' as const }]),
  ]);
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    const given = Object.entries(values);
    const told = Object.fromEntries(given.filter(([, value]) => typeof value === 'string')) as Partial<Record<Name, string>>;
    return { ...told, flags: new Set(given.filter(([, value]) => value === true).map(([name]) => name)) };
  } catch (error) {
    // What follows is advice for commands that take words.
    throw new ArgumentError(`${(error as Error).message.split(/\. |\n/)[0]}; --help tells what there is`);
  }
}

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly fallback: number;
}

/** @throws ArgumentError for anything but a whole number within the range */
export function wholeNumber(option: string, text: string | undefined, { least, most, fallback }: NumberRange): number {
  if (text === undefined) return fallback;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new ArgumentError(`--${option}: expected a whole number from ${least} to ${most}, found ${JSON.stringify(text)}`);
  return value;
}

/**
 * Where results are to go is tried before anything is measured. What is there stays as it is; a folder is made.
 * @throws ArgumentError where nothing can be written
 */
export function checkWritable(option: string, path: string, kind: 'file' | 'folder'): void {
  try {
    if (kind === 'folder') mkdirSync(path, { recursive: true });
    else closeSync(openSync(path, 'a'));
  } catch (error) {
    throw new ArgumentError(`--${option}: cannot write ${path}: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}

/** Words with commas between them, each of which must be known, and counts once. @throws ArgumentError for an unknown or missing one */
export function choices(option: string, text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known;
  const chosen = text.split(',').map((word) => word.trim());
  const stranger = chosen.find((word) => !known.includes(word));
  if (stranger !== undefined)
    throw new ArgumentError(`--${option}: expected one or more of ${known.join(', ')}, found ${JSON.stringify(stranger)}`);
  return [...new Set(chosen)];
}

/**
 * Runs a command: its usage for `--help`; 2 for a wrong argument, told in one line, and for anything else that goes wrong. 1 is a command's own to say:
 * what was measured is worse than it may be.
 */
export async function command<Name extends string = never>(
  line: CommandLine<Name>,
  run: (given: Given<Name>) => Promise<number>,
): Promise<void> {
  // What must not be left behind hangs on the process's exit.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGHUP', () => process.exit(129)); // its terminal was closed
  try {
    const given = givenIn(process.argv.slice(2), line);
    if (given.flags.has('help')) process.stdout.write(line.usage);
    else process.exitCode = await run(given);
  } catch (error) {
    const text = error instanceof ArgumentError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = 2;
  }
}
