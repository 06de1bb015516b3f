/** The command lines of the benches: what may be said, and one line for everything else. */
import { parseArgs } from 'node:util';

export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** Options that take text; a default of `null`: none given. @throws ArgumentError for anything unknown or without its value */
export function textOptions<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
  flags: readonly string[] = [],
): Partial<Record<Name, string>> & { readonly flags: ReadonlySet<string> } {
  const options = Object.fromEntries([
    ...names.map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ]);
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    const given = Object.entries(values);
    const texts = Object.fromEntries(given.filter(([, value]) => typeof value === 'string')) as Partial<Record<Name, string>>;
    return { ...texts, flags: new Set(given.filter(([, value]) => value === true).map(([name]) => name)) };
  } catch (error) {
    throw new ArgumentError((error as Error).message.split('\n')[0] ?? 'wrong arguments');
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

/** Words with commas between them, each of which must be known. @throws ArgumentError for an unknown or missing one */
export function choices(option: string, text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known;
  const chosen = text.split(',').map((word) => word.trim());
  const stranger = chosen.find((word) => !known.includes(word));
  if (stranger !== undefined)
    throw new ArgumentError(`--${option}: expected one or more of ${known.join(', ')}, found ${JSON.stringify(stranger)}`);
  return chosen;
}

/** Runs a command: 2 for a wrong argument, told in one line; 1 for anything else that goes wrong. */
export async function command(run: (args: readonly string[]) => Promise<number>): Promise<void> {
  // What must not be left behind hangs on the process's exit.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    const text = error instanceof ArgumentError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = error instanceof ArgumentError ? 2 : 1;
  }
}
