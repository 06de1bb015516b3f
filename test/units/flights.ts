// Flights as their front makes them, for tests of what holds or judges flights: all that a test does not say is ordinary.
import { Flight, type Boarding, type FlightDueReceiver, type Launch } from '../../src/flight.js';
import { indexOf } from '../../src/flight-table.js';

const nobody: FlightDueReceiver = { flightDue: () => undefined };
let number = 0;

/** `index` follows from `key` unless it is given. */
export function flightOf(given: Partial<Boarding> & Partial<Launch> = {}): Flight {
  const { key = 'key' } = given;
  const boarding: Boarding = {
    scope: null,
    key,
    index: given.index ?? (key === null ? '' : indexOf(key)),
    keyIsPayload: true,
    route: null,
    routeId: null,
    payload: key,
    ...given,
  };
  const launch: Launch = {
    number: ++number,
    name: 'test',
    carried: undefined,
    body: null,
    carriedBody: null,
    bytes: 0,
    launchedAt: 0,
    deadline: 30_000,
    ...given,
  };
  return new Flight(boarding, launch, nobody);
}
