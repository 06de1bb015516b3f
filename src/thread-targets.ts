/** The options for targets on worker threads: which module, how many threads. Naming the module does not load it. */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Targets, TargetsModule } from '../workers/targets.js';
import { given } from '../workers/given.js';

/** How many threads, and how they are supervised. */
export interface ThreadOptions {
  /** 0: run the module on this thread, with values still passing through the codec. @default 1 */
  readonly threads?: number;
  /** Standby threads, already loaded, so that a death costs no start-up: one to replace the dead thread, one for the requests that may have killed it. @default true where threads >= 1 */
  readonly spare?: boolean;
  /** Heap limit per thread, in MiB. @default Node's */
  readonly heapMbMax?: number;
  /** Milliseconds that loading the module may take, and again its set-up. @default 10_000 */
  readonly readyWithinMs?: number;
  /** A thread whose heartbeat stands still for this long is replaced. @default 5_000 */
  readonly heartbeatMs?: number;
  /**
   * How far threads yield to the caller's event loop where processors are short: Linux's niceness, 0 (not at all) to 19. At equal niceness Linux lets a
   * thread that computes go on for some 3 ms before the woken loop runs (`npm run bench -- --scope loop`: an event waits 0.3 to 1.3 ms, p99, at 0 to
   * 8, and 0.1 to 0.2 at 10). Flights take as long at 10 as at 0, even with one processor.
   * On other systems, and where `@napi-rs/nice` (an optional dependency of piscina) is not installed, this has no effect. @default 10
   */
  readonly niceness?: number;
  /** Modules that each thread imports first: `['./otel.js', 'tsx']`, resolved like `--import`, files from the working directory. What the process itself was started with is imported before them, as on every thread of Node. @default none */
  readonly imports?: readonly string[];
}

/** Filled thread options. */
export interface FilledThreads {
  readonly module: string;
  readonly config: unknown;
  readonly threads: number;
  readonly spare: boolean;
  readonly heapMbMax: number | null;
  readonly readyWithinMs: number;
  readonly heartbeatMs: number;
  readonly niceness: number;
  readonly imports: readonly string[];
}

declare const threadTargetsBrand: unique symbol;
/** What `threadTargets` makes. */
export interface ThreadTargets<T extends Targets> {
  readonly [threadTargetsBrand]: T;
}

// `any`: a module's targets and set-up may take anything.
type TargetsOf<M> = M extends TargetsModule<infer T, any> ? T : never;
type ConfigOf<M> = M extends TargetsModule<any, infer C> ? C : never;

/** By name, so that two copies of the package, one imported and one required, understand each other. */
const filledThreads: unique symbol = Symbol.for('coalescer.filledThreads') as never;
interface ThreadTargetsValue {
  readonly [filledThreads]: FilledThreads;
}

/**
 * Targets on worker threads. The type comes from the module; the module is not loaded on this thread.
 * @param module URL of a module whose default export is `defineTargets(…)`, or its absolute path (`require.resolve('./targets')`). If the `.js` is
 * missing, the `.ts` beside it is loaded, and the other way round; `.ts` needs type stripping (Node 22.18 or later) or the application's tsx
 * @throws TypeError or RangeError that names the option, what was expected and what came
 * @example import type targets from './targets.js'; threadTargets<typeof targets>(new URL('./targets.js', import.meta.url), { config })
 */
export function threadTargets<M extends TargetsModule<any, any>>(
  module: URL | string,
  ...options: ConfigOf<M> extends void ? [options?: ThreadOptions] : [options: ThreadOptions & { readonly config: ConfigOf<M> }]
): ThreadTargets<TargetsOf<M>> {
  const value: ThreadTargetsValue = { [filledThreads]: fillThreads(module, options[0]) };
  return value as unknown as ThreadTargets<TargetsOf<M>>;
}

/** The thread options in what `threadTargets` made; `null` for a record of targets. */
export function threadsOf(targets: unknown): FilledThreads | null {
  return (targets as Partial<ThreadTargetsValue> | null | undefined)?.[filledThreads] ?? null;
}

const RULES = {
  threads: {
    expected: 'a whole number, 0 to 24',
    check: (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 24,
  },
  spare: { expected: 'true or false', check: (value: unknown) => typeof value === 'boolean' },
  heapMbMax: { expected: 'MiB, 8 or more', check: (value: unknown) => typeof value === 'number' && value >= 8 },
  readyWithinMs: {
    expected: 'milliseconds, 1 to 600000',
    check: (value: unknown) => typeof value === 'number' && value >= 1 && value <= 600_000,
  },
  heartbeatMs: {
    expected: 'milliseconds, 100 to 600000',
    check: (value: unknown) => typeof value === 'number' && value >= 100 && value <= 600_000,
  },
  niceness: {
    expected: 'a whole number, 0 to 19',
    check: (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 19,
  },
  imports: {
    expected: 'a list of module names',
    check: (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  },
} as const;

function fillThreads(module: URL | string, options: (ThreadOptions & { readonly config?: unknown }) | undefined): FilledThreads {
  if (options !== undefined && (typeof options !== 'object' || options === null))
    throw new TypeError(`threadTargets options: expected an object, got ${given(options)}`);
  const { config, ...rest } = options ?? {};
  for (const [name, value] of Object.entries(rest)) {
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof typeof RULES] : undefined;
    if (rule === undefined)
      throw new TypeError(`threadTargets options.${name}: there is no such option; known are config, ${Object.keys(RULES).join(', ')}`);
    if (value !== undefined && !rule.check(value))
      throw new RangeError(`threadTargets options.${name}: expected ${rule.expected}, got ${given(value)}`);
  }
  const {
    threads = 1,
    spare = threads > 0,
    heapMbMax = null,
    readyWithinMs = 10_000,
    heartbeatMs = 5_000,
    niceness = 10,
    imports = [],
  } = rest;
  return { module: urlOf(module), config, threads, spare: spare && threads > 0, heapMbMax, readyWithinMs, heartbeatMs, niceness, imports };
}

/** The URL as text, which can cross to the thread. */
function urlOf(module: unknown): string {
  if (module instanceof URL) return urlOf(module.href);
  if (typeof module !== 'string') throw new TypeError(`threadTargets module: expected a URL or an absolute path, got ${given(module)}`);
  if (/^(file|data|node):/.test(module)) return module;
  if (!isAbsolute(module))
    throw new RangeError(
      `threadTargets module: expected an absolute path or new URL('./targets.js', import.meta.url), got ${given(module)}`,
    );
  return pathToFileURL(module).href;
}
