/** Kinds of rules for option values, for the one table of options. */
import { TIMER_MS_MAX } from '../workers/environment.js';

/** The rule of one option: what is expected (in words), a check, and the default. */
export interface Rule {
  readonly expected: string;
  readonly kind: 'number' | 'string' | 'function' | 'boolean' | 'object' | 'mixed';
  readonly check: (value: never) => boolean;
  readonly fallback?: unknown;
}

export const ms = (fallback: unknown, least = 1): Rule => within('milliseconds', [least, TIMER_MS_MAX], fallback);
export const whole = (least: number, most: number, fallback: unknown): Rule => ({
  expected: `a whole number, ${least} to ${most}`,
  kind: 'number',
  check: (value: number) => Number.isInteger(value) && value >= least && value <= most,
  fallback,
});
/** A number from `least` to `most`; `what` names it in messages. */
export const within = (what: string, [least, most]: readonly [number, number], fallback: unknown): Rule => ({
  expected: `${what}, ${least} to ${most}`,
  kind: 'number',
  check: (value: number) => value >= least && value <= most,
  fallback,
});
export const oneOf = (values: readonly string[], fallback: string): Rule => ({
  expected: `${values
    .slice(0, -1)
    .map((value) => `'${value}'`)
    .join(', ')} or '${values.at(-1)}'`,
  kind: 'string',
  check: (value: string) => values.includes(value),
  fallback,
});
export const anyFunction: Rule = { expected: 'a function', kind: 'function', check: () => true, fallback: null };
export const MIB = 1_048_576;
