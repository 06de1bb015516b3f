/** What `forget`, `cancel`, `waiters` and `explain` mean by `which`: a payload, an identity, or all of a scope. */
import type { Identity, Which } from './contract.js';
import { CoalescerError } from './errors.js';
import { Flight } from './flight.js';
import { type Indexed, indexOf, type Tabled } from './flight-table.js';
import { given } from '../workers/given.js';
import { nameFor } from '../workers/text.js';
import { givenOf } from './requests.js';

export const isFlying = ({ status }: Flight): boolean => status === 'flying';

const WHICH: readonly string[] = ['payload', 'scope', 'key'];
const BY_PAYLOAD: readonly string[] = ['payload', 'scope'];
const BY_IDENTITY: readonly string[] = ['scope', 'key'];

/** A key that is missing by mistake must not mean all keys of its tenant. @throws TypeError */
function check(which: Which<unknown>): void {
  if (typeof which !== 'object' || which === null || !('payload' in which || 'scope' in which)) {
    throw new TypeError(`which: expected { payload } or { scope, key? }, got ${given(which)}; the scope of a 'public' coalescer is null`);
  }
  const known = 'payload' in which ? BY_PAYLOAD : BY_IDENTITY;
  for (const name of Object.keys(which))
    if (!known.includes(name)) throw new TypeError(`which.${nameFor(name)}: there is no such property; known are ${known.join(', ')}`);
  if (!('key' in which) || which.key === null || typeof which.key === 'string') return;
  throw new TypeError(
    `which.key: expected a key, or null for what is not shared, got ${given(which.key)}; leave it out for all of a scope`,
  );
}

/** Which flights and kept values are meant. */
export interface Selection {
  readonly fits: (held: Tabled) => boolean;
  /** The one identity that is meant, to be looked up; `null`: all of a scope, or nothing. */
  readonly one: Indexed | null;
}

export const ALL: Selection = { fits: () => true, one: null };

/** @throws TypeError or CoalescerError for an invalid `which` */
export function selectionOf(
  what: Which<unknown>,
  identify: (payload: unknown, scope: string | undefined) => Identity,
  coalescer: string,
): Selection {
  const which = typeof what === 'object' && what !== null ? givenOf(what, WHICH) : what;
  check(which);
  const { scope, key }: { scope: string | null; key?: string | null } = 'payload' in which ? identify(which.payload, which.scope) : which;
  if (scope !== null && (typeof scope !== 'string' || scope === '')) {
    const message = `which.scope: expected a scope, or null for all callers, got ${given(scope)}`;
    throw new CoalescerError('COALESCER_SCOPE_MISSING', coalescer, message);
  }
  if (key === undefined) return { fits: (held) => held.scope === scope, one: null };
  if (key === null) return { fits: () => false, one: null };
  const index = indexOf(key);
  const isLong = index !== key;
  // A settled flight has dropped a long key, so its digest must do.
  const isSettled = (held: Tabled): boolean => held instanceof Flight && !isFlying(held);
  const isSame = (held: Tabled): boolean =>
    held.hasLongKey === isLong && held.index === index && (!isLong || held.key === key || isSettled(held));
  return { fits: (held) => held.scope === scope && held.key !== null && isSame(held), one: { scope, index, key } };
}
