// The only file that knows the library which is loaded late and at once, for the first payload that needs it: it costs others' start-up 10 ms. CommonJS,
// since no other module can be loaded so. Bundlers find the `require`.
import type * as json from 'safe-stable-stringify';

/** JSON with the properties in one order, whatever order they were given in. */
function stableStringify(): (value: unknown) => string {
  const library = require('safe-stable-stringify') as typeof json;
  return library.configure({ strict: true }) as (value: unknown) => string;
}

// @ts-expect-error TS1294: CommonJS has no erasable spelling that carries types.
export = { stableStringify };
