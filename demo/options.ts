// The command line of `coalescer demo`: what may be said, and what it means. Starts nothing.

import { parseArgs } from 'node:util';
import { InputError, quoted } from './input-error.js';

export interface Settings {
  /** Real traffic, or the demo's own. */
  readonly files: { readonly arrivals: string; readonly keys: string } | null;
  readonly speed: number;
  readonly limit: number | undefined;
  readonly seed: number;
  readonly threads: number;
  /** The plain client runs beside the coalescer. */
  readonly plain: boolean;
  /** Nothing is killed and no provider errs. */
  readonly calm: boolean;
  /** A second provider is asked beside one that takes long. */
  readonly hedge: boolean;
}

/** What `threadTargets` takes at most. */
export const threadsMax = 24;

export const usage = `Usage: coalescer demo [options]

Sends the same traffic twice, side by side: through a plain client with retries and a fallback, and through a
coalescer on worker threads. A third of the way in the primary provider is killed, and later restarted; two thirds
in, a worker thread is killed. Exits with 1 if the coalescer lost a waiter, gave a wrong answer or failed a request.

With no options it makes its own traffic and takes less than 30 seconds.

  --arrivals FILE  CSV with the header TIMESTAMP,ContextTokens,GeneratedTokens: when requests arrive
  --keys FILE      one key a line; the key of the i-th request is on the i-th line
  --speed N        arrivals N times as fast; an answer takes as long as before (default 1)
  --limit N        only the first N requests
  --seed N         seed of the demo's own traffic and of the providers' errors (default 1)
  --threads N      worker threads of the coalescer (default 2, at most ${threadsMax})
  --no-plain       the coalescer alone
  --calm           no kills, no errors: to compare the joins with the ideal
  --hedge          ask the other provider too where one takes longer than usual, and take the first answer. An
                   answer that is long is long at both: here it costs 1 or 2 % more calls, and wins little
  --help           this text

Another command measures your own targets, keys and payloads: coalescer bench --help
`;

/** `'help'`, or what to run. @throws InputError for anything else. */
export function parseCommandLine(args: readonly string[]): Settings | 'help' {
  const { values, positionals } = parse(args);
  if (values.help === true) return 'help';
  const [command, ...rest] = positionals;
  if (command === undefined) throw new InputError('no command; try "coalescer demo" or "coalescer --help"');
  if (command !== 'demo') throw new InputError(`unknown command ${quoted(command)}; try "coalescer demo" or "coalescer --help"`);
  if (rest[0] !== undefined) throw new InputError(`unexpected argument ${quoted(rest[0])}; try "coalescer --help"`);
  return {
    files: filesOf(values.arrivals, values.keys),
    speed: positive('--speed', values.speed ?? '1'),
    limit: values.limit === undefined ? undefined : whole('--limit', values.limit, { min: 1, max: 10_000_000 }),
    seed: whole('--seed', values.seed ?? '1', { min: 0, max: 4_294_967_295 }),
    threads: whole('--threads', values.threads ?? '2', { min: 1, max: threadsMax }),
    plain: values['no-plain'] !== true,
    calm: values.calm === true,
    hedge: values.hedge === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        arrivals: { type: 'string' },
        keys: { type: 'string' },
        speed: { type: 'string' },
        limit: { type: 'string' },
        seed: { type: 'string' },
        threads: { type: 'string' },
        'no-plain': { type: 'boolean' },
        calm: { type: 'boolean' },
        hedge: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new InputError(complaint(error as NodeJS.ErrnoException));
  }
}

/** Node explains itself over several lines; one is enough. */
export function complaint(error: NodeJS.ErrnoException): string {
  const option = /--?[\w-]+/.exec(error.message)?.[0] ?? '';
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `unknown option ${option}; try "coalescer --help"`;
  if (error.message.includes('does not take an argument')) return `option ${option} takes no value`;
  if (error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return `option ${option} needs a value`;
  return error.message.split('\n')[0] ?? error.message;
}

function filesOf(arrivals: string | undefined, keys: string | undefined): Settings['files'] {
  if (arrivals === undefined && keys === undefined) return null;
  if (arrivals === undefined) throw new InputError('--keys needs --arrivals FILE too');
  if (keys === undefined) throw new InputError('--arrivals needs --keys FILE too');
  return { arrivals, keys };
}

function positive(option: string, text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0.001 && value <= 1_000_000))
    throw new InputError(`${option}: expected a number from 0.001 to 1000000, found ${quoted(text)}`);
  return value;
}

export function whole(option: string, text: string, { min, max }: { readonly min: number; readonly max: number }): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new InputError(`${option}: expected a whole number from ${min} to ${max}, found ${quoted(text)}`);
  return value;
}
