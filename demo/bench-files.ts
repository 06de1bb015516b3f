// The files of `coalescer bench`: the module of targets, the payloads, results of an earlier run and of this one. What is wrong with one is told in a line.

import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Targets } from 'coalescer';
import { compare, type OwnBench, type OwnResults } from 'coalescer/bench';
import { InputError, told } from './input-error.js';

/** What `defineTargets` makes, as it is seen from here. */
interface Openable {
  open(config: unknown): Promise<Targets & { [Symbol.asyncDispose]?: () => Promise<void> }>;
}

interface OwnModule {
  readonly default?: Targets | Openable;
  readonly key?: OwnBench['key'];
  readonly payload?: (line: string) => unknown;
  readonly config?: unknown;
}

export async function moduleOf(file: string): Promise<OwnModule> {
  try {
    const module = (await import(pathToFileURL(resolve(file)).href)) as OwnModule;
    const { default: inner } = module as { readonly default?: OwnModule & { readonly __esModule?: unknown } };
    // What a compiler made of an ES module for `require` arrives one level deeper, as on threads.
    return inner?.__esModule === true ? inner : module;
  } catch (error) {
    throw new InputError(`--targets: ${file} does not load: ${told(error)}`, { cause: error });
  }
}

/** The module's targets, set up, and what takes them down again: until then they may hold the process. */
export async function opened(
  file: string,
  { default: given, config }: OwnModule,
): Promise<{ readonly targets: Targets; readonly close: () => Promise<void> }> {
  if (typeof given !== 'object' || given === null)
    throw new InputError(`--targets: ${file} has no default export that is a record of targets, or made by defineTargets`);
  if (!isOpenable(given)) return { targets: given, close: async () => undefined };
  try {
    const { [Symbol.asyncDispose]: dispose, ...targets } = await given.open(config);
    return { targets, close: async () => dispose?.() };
  } catch (error) {
    throw new InputError(`--targets: ${file} cannot be set up: ${told(error)}`, { cause: error });
  }
}

const isOpenable = (given: Targets | Openable): given is Openable => typeof given['open'] === 'function';

export function payloadsOf(file: string, payload: OwnModule['payload']): unknown[] {
  const lines = textOf('--keys', file).split(/\r?\n/).filter((line) => line !== ''); // biome-ignore format: one thought
  if (lines.length === 0) throw new InputError(`--keys: ${file} has no line`);
  return lines.map((line, at) => {
    try {
      if (payload !== undefined) return payload(line);
      return /^[[{]/.test(line) ? (JSON.parse(line) as unknown) : line;
    } catch (error) {
      const what = payload === undefined ? 'is not JSON' : `is no payload: ${told(error)}`;
      throw new InputError(`--keys: ${file} line ${at + 1} ${what}`, { cause: error });
    }
  });
}

export function earlierOf(file: string): OwnResults {
  const text = textOf('--against', file);
  try {
    const results = (JSON.parse(text) ?? {}) as OwnResults;
    // What cannot be held against itself cannot be held against anything: known before anything is measured.
    compare(results, results);
    return results;
  } catch (error) {
    throw new InputError(`--against: cannot compare with ${file}: ${told(error)}; write one with coalescer bench --json FILE`, {
      cause: error,
    });
  }
}

/** Known before anything is measured. What is there stays until there are results, and where nothing is nothing is left. */
export function checkWritable(option: string, file: string): void {
  const isThere = existsSync(file);
  reaching(option, 'write', file, () => closeSync(openSync(file, 'a')));
  if (!isThere) rmSync(file);
}

function textOf(option: string, file: string): string {
  // Windows' own tools begin a text with a byte order mark.
  return reaching(option, 'read', file, () => readFileSync(file, 'utf8')).replace(/^\uFEFF/, '');
}

export function reaching<T>(option: string, what: 'read' | 'write', file: string, reach: () => T): T {
  try {
    return reach();
  } catch (error) {
    throw new InputError(`${option}: cannot ${what} ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
  }
}
