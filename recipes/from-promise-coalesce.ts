// From promise-coalesce. What changes:
// - one coalescer for each thing that is asked for, instead of one table of keys for the whole process: keys need no prefix;
// - the function stands in one place, and the key is the payload's own form: no string to build, and none to build wrongly;
// - a call that never settles ends with COALESCER_TIMEOUT (30 s; joined for half of that), instead of holding its key for ever;
// - each caller may leave by its signal or time; the last one to leave aborts the call;
// - `scope` must be said: nothing is shared between tenants by default.
import { coalesce } from 'coalescer';
import { coalesceAsync } from 'promise-coalesce';

export type ReadUser = (id: number) => Promise<string>;

export const before =
  (readUser: ReadUser): ReadUser =>
  (id) =>
    coalesceAsync(`user:${id}`, () => readUser(id));

export const after = (readUser: ReadUser): ReadUser => coalesce((id: number) => readUser(id), { scope: 'public' });
