// Canonical plain data: what a context, params or output may consist of, so that equal values have equal text.

const LEVELS_MAX = 16;

/**
 * A frozen copy with sorted keys: copies of equal data have equal JSON, and a write to one throws.
 * @throws {TypeError} Naming the path of what JSON would lose, change or call equal to something else.
 */
export const canonicalCopy = (value: unknown, path: string): unknown => copy(value, [path]);

const copy = (value: unknown, path: readonly string[]): unknown => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : refuse(path, Object.is(value, -0) ? '-0' : `${value}`);
  if (typeof value !== 'object') return refuse(path, typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`);
  if (path.length > LEVELS_MAX) return refuse(path, `nested deeper than ${LEVELS_MAX} levels, or in a circle`);
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (item, index) => copy(item, [...path, `${index}`])));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return refuse(path, `an instance of ${value.constructor?.name ?? 'a class'}`);
  if (Object.getOwnPropertySymbols(value).length > 0) return refuse(path, 'keyed by a symbol');
  const entries = Object.entries(value).map(([key, item]) => [key, copy(item, [...path, key])] as const);
  return Object.freeze(Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))));
};

const refuse = (path: readonly string[], what: string): never => {
  throw new TypeError(
    `${path.join('.')} is ${what}; only finite numbers, strings, booleans, null, arrays and plain objects have a number of their own`,
  );
};
