/** The one table of options: what each may be, and its default. */
import { TIMER_MS_MAX } from '../workers/environment.js';
import { given } from '../workers/given.js';
import { anyFunction, MIB, ms, oneOf, whole, within, type Rule } from './option-rules.js';
import type { FilledOptions } from './options.js';

/** What AI providers' own clients allow: ten minutes for an answer that streams; half a minute for one that does not (RELIABILITY (c), attempt time-outs). */
const STREAM_FLIGHT_MS = 600_000;
const FLIGHT_MS = 30_000;
/** The limits of a breaker's times: its instants are ambiguous beyond half a day. */
const BREAKER_MS = [1, 3_600_000] as const;

/** Every option: its path, what it may be, and its default. */
const RULES: Readonly<Record<string, Rule>> = {
  name: {
    expected: 'a name of 1 to 100 characters',
    kind: 'string',
    check: (value: string) => value.length > 0 && value.length <= 100,
    fallback: 'coalescer',
  },
  scope: {
    expected: "'public', 'per-request' or a function of the payload",
    kind: 'mixed',
    check: (value: unknown) => value === 'public' || value === 'per-request' || typeof value === 'function',
  },
  key: anyFunction,
  share: oneOf(['readonly', 'frozen', 'copy', 'same'], 'readonly'),
  flightTimeoutMs: ms(null),
  attemptTimeoutMs: ms(null),
  maxAttempts: whole(1, 5, null),
  'backoff.baseMs': ms(100),
  'backoff.maxMs': ms(8_000),
  abandonAfterMs: {
    expected: `milliseconds, 0 to ${TIMER_MS_MAX}, or 'finish'`,
    kind: 'mixed',
    check: (value: unknown) => value === 'finish' || (typeof value === 'number' && value >= 0 && value <= TIMER_MS_MAX),
    fallback: 0,
  },
  joinWithinMs: ms(null, 0),
  carry: anyFunction,
  relaunchesMax: whole(0, 10, 3),
  detectReentrance: { expected: 'true or false', kind: 'boolean', check: () => true, fallback: null },
  'streams.midStream': oneOf(['fail', 'verify', 'resume'], 'fail'),
  'streams.firstChunkTimeoutMs': ms(null),
  'streams.idleTimeoutMs': ms(30_000),
  'streams.replayBytes': whole(0, 1_024 * MIB, MIB),
  'streams.lagBytes': whole(1, 1_024 * MIB, MIB),
  collect: anyFunction,
  'keep.ttlMs': {
    expected: 'milliseconds, 0 or more, or a function of the value',
    kind: 'mixed',
    check: (value: unknown) => typeof value === 'function' || (typeof value === 'number' && value >= 0),
    fallback: 0,
  },
  'keep.staleWhileRevalidateMs': within('milliseconds', [0, Infinity], 0),
  'keep.staleIfErrorMs': within('milliseconds', [0, Infinity], 0),
  'keep.errorMs': within('milliseconds', [0, 1_000], 0),
  'keep.entries': whole(1, 10_000_000, 10_000),
  'keep.bytes': whole(1, 64 * 1_024 * MIB, 64 * MIB),
  'breaker.failureShare': within('a share', [0, 1], 0.5),
  'breaker.attemptsMin': whole(1, 1_000, 20),
  'breaker.consecutive': whole(1, 1_000_000, 5),
  'breaker.openMs': within('milliseconds', BREAKER_MS, 5_000),
  'breaker.openMsMax': within('milliseconds', BREAKER_MS, 60_000),
  'breaker.whenAllOpen': oneOf(['try', 'wait'], 'try'),
  steering: oneOf(['priority', 'latency'], 'priority'),
  probeShare: within('a share', [0, 0.5], 0),
  'budget.share': within('a share', [0, 1], 0.1),
  'budget.perSecondMin': within('a number', [0, 1_000], 1),
  'hedge.afterMs': ms(null),
  'hedge.percentile': within('a percentile', [50, 99.9], 95),
  'hedge.maxExtraShare': within('a share', [0, 1], 0.02),
  'limits.flights': whole(1, 1_000_000, 10_000),
  'limits.waitersPerFlight': whole(1, 10_000_000, 10_000),
  'limits.payloadBytes': whole(1, 1_024 * MIB, 4 * MIB),
  'limits.resultBytes': whole(1, 1_024 * MIB, 16 * MIB),
  'limits.airborneBytes': whole(1, 64 * 1_024 * MIB, 64 * MIB),
  environment: {
    expected: 'an environment: { now, setTimer, clearTimer, random }',
    kind: 'object',
    check: (value: Record<string, unknown>) =>
      ['now', 'setTimer', 'clearTimer', 'random'].every((name) => typeof value[name] === 'function'),
  },
};

/** Every rule with its place: in a group, or (`null`) at the top level. */
const PLACES = Object.entries(RULES).map(([path, rule]) => {
  const dot = path.indexOf('.');
  return { path, rule, group: dot === -1 ? null : path.slice(0, dot), name: path.slice(dot + 1) };
});
/** Pairs that must be in order: if only one was given, the other one's default is adjusted. */
const PAIRS = [
  ['breaker', 'openMs', 'openMsMax'],
  ['backoff', 'baseMs', 'maxMs'],
] as const;

function order(filled: Record<string, unknown>, paths: ReadonlyMap<string, unknown>, [group, less, more]: (typeof PAIRS)[number]): void {
  const settings = filled[group] as Record<string, number>;
  const least = settings[less] as number;
  if (least <= (settings[more] as number)) return;
  const isGiven = (name: string): boolean => paths.get(`${group}.${name}`) !== undefined;
  if (!isGiven(more)) settings[more] = least;
  else if (!isGiven(less)) settings[less] = settings[more] as number;
  else throw new RangeError(`options.${group}.${more}: expected at least ${less} = ${least}, got ${settings[more]}`);
}

/** The known names at the level of this path: in its group, or at the top level. */
function knownBeside(path: string): string {
  const group = path.includes('.') ? path.slice(0, path.indexOf('.')) : null;
  const names = group === null ? ['targets', ...PLACES.map((place) => place.group ?? place.name)] : namesIn(group);
  return [...new Set(names)].join(', ');
}
const namesIn = (group: string): string[] => PLACES.flatMap((place) => (place.group === group ? [place.name] : []));

/** Options that are groups of options. */
const GROUPS: ReadonlySet<string> = new Set(PLACES.flatMap(({ group }) => group ?? []));
/** Groups that `false` switches off. */
const SWITCHABLE: ReadonlySet<string> = new Set(['breaker', 'budget', 'hedge']);
/** Groups that are off by default. */
const OPTIONAL = ['keep', 'hedge'];

/**
 * Checks options and fills in what is not given. `undefined` counts as not given.
 * @throws TypeError (wrong kind, unknown option) or RangeError (wrong value) with the option's path, what was expected and what came.
 */
export function fillOptions(options: unknown): FilledOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError(`options: expected an object, got ${given(options)}`);
  const paths = flatten(options as Record<string, unknown>);
  if (paths.get('hedge.afterMs') !== undefined && paths.get('hedge.percentile') !== undefined)
    throw new TypeError('options.hedge: expected afterMs or percentile, got both');
  const filled: Record<string, unknown> = Object.fromEntries([...GROUPS].map((group) => [group, {}]));
  for (const { path, rule, group, name } of PLACES) {
    const value = paths.get(path);
    if (value === undefined && !('fallback' in rule) && path !== 'environment')
      throw new TypeError(`options.${path}: required; expected ${rule.expected}`);
    const place = group === null ? filled : (filled[group] as Record<string, unknown>);
    place[name] = value === undefined ? rule.fallback : checked(path, rule, value);
  }
  for (const path of paths.keys()) {
    if (!Object.hasOwn(RULES, path)) throw new TypeError(`options.${path}: there is no such option; known are ${knownBeside(path)}`);
  }
  for (const pair of PAIRS) order(filled, paths, pair);
  filled['flightTimeoutMs'] ??= 'streams' in options && options.streams !== undefined ? STREAM_FLIGHT_MS : FLIGHT_MS;
  for (const group of OPTIONAL) if ((options as Record<string, unknown>)[group] === undefined) filled[group] = null;
  for (const group of SWITCHABLE) if ((options as Record<string, unknown>)[group] === false) filled[group] = null;
  filled['joinWithinMs'] ??= (filled['flightTimeoutMs'] as number) / 2;
  // A copy: V8 keeps an object that was filled property by property as a hash table, and every flight reads options.
  return { ...(filled as unknown as FilledOptions) };
}

function checked(path: string, rule: Rule, value: unknown): unknown {
  if ((rule.kind !== 'mixed' && typeof value !== rule.kind) || value === null) {
    throw new TypeError(`options.${path}: expected ${rule.expected}, got ${given(value)}`);
  }
  if (!rule.check(value as never)) throw new RangeError(`options.${path}: expected ${rule.expected}, got ${given(value)}`);
  return value;
}

/** The given options by path; groups are one level deep. */
function flatten(options: Record<string, unknown>): Map<string, unknown> {
  const paths = new Map<string, unknown>();
  for (const [name, value] of Object.entries(options)) {
    if (name === 'targets') continue;
    // Dotted paths are for messages only; no option has a dot in its name.
    if (name.includes('.')) throw new TypeError(`options['${name}']: there is no such option; options in groups are nested`);
    if (!GROUPS.has(name)) paths.set(name, value);
    else if (value === false && SWITCHABLE.has(name)) continue;
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [inner, part] of Object.entries(value)) paths.set(`${name}.${inner}`, part);
    else if (value !== undefined)
      throw new TypeError(`options.${name}: expected an object${SWITCHABLE.has(name) ? ' or false' : ''}, got ${given(value)}`);
  }
  return paths;
}
