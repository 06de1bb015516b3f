// Flights as their front makes them, for tests of what holds or judges flights: all that a test does not say is ordinary.
import { FORM } from '../../workers/canonical.js';
import type { Boarding } from '../../src/boarding.js';
import { Flight } from '../../src/flight.js';
import type { FlightOwner } from '../../src/story.js';
import { indexOf } from '../../src/flight-table.js';

const nobody: FlightOwner = {
  name: 'test',
  flightTimeoutMs: 30_000,
  waitersMax: 1_000_000,
  links: { mayBeForOne: false, targetNames: null },
  airborne: { oldest: 0 },
};
let number = 0;

/** `index` follows from `key` unless it is given. */
export function flightOf({ launchedAt = 0, ...given }: Partial<Boarding> & { readonly launchedAt?: number } = {}): Flight {
  const { key = 'key' } = given;
  const boarding: Boarding = {
    scope: null,
    key,
    index: given.index ?? (key === null ? '' : indexOf(key)),
    hasLongKey: key !== null && (given.index ?? indexOf(key)) !== key,
    form: FORM,
    route: null,
    routeId: null,
    payload: key,
    carried: undefined,
    ...given,
  };
  return new Flight(boarding, ++number, nobody, launchedAt);
}
