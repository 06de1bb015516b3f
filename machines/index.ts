// `coalescer/machines`: the machines for people and tools, and the tabulator. Loads XState; the library itself does not.
import type { SnapshotFrom } from 'xstate';
import { breakerEvents, breakerInputs, breakerMachine } from './breaker.machine.js';
import { breakerTable } from './breaker.table.js';
import { flightEvents, flightInputs, flightMachine } from './flight.machine.js';
import { flightTable } from './flight.table.js';
import { snapshotsOf } from './snapshots.js';

export {
  type BreakerContext,
  type BreakerEvent,
  type BreakerEventType,
  breakerEvents,
  breakerInputs,
  breakerMachine,
} from './breaker.machine.js';
export { breakerTable } from './breaker.table.js';
export {
  type FlightContext,
  type FlightEvent,
  type FlightEventType,
  type FlightInput,
  flightEvents,
  flightInputs,
  flightMachine,
} from './flight.machine.js';
export { flightTable } from './flight.table.js';
export { MachineNotTabulable, type Refusal } from './machine-not-tabulable.js';
export { TableOutdated } from './snapshots.js';
export { type ActionEntry, IMPOSSIBLE, type StateEntry, type Table } from './table.js';
export { tabulate, type Tabulated, type TabulateOptions } from './tabulate.js';

/**
 * What a flight's number means: XState's snapshot, from which an actor can be started.
 * @throws {TableOutdated} `TABLE_OUTDATED` when the installed XState would fill in another table than the one the library flies by.
 */
export const flightSnapshot: (state: number) => SnapshotFrom<typeof flightMachine> = snapshotsOf(flightMachine, flightTable, {
  events: flightEvents,
  inputs: flightInputs,
});

/**
 * What the state's number in a breaker's word means: XState's snapshot, from which an actor can be started.
 * @throws {TableOutdated} `TABLE_OUTDATED` when the installed XState would fill in another table than the one the library goes by.
 */
export const breakerSnapshot: (state: number) => SnapshotFrom<typeof breakerMachine> = snapshotsOf(breakerMachine, breakerTable, {
  events: breakerEvents,
  inputs: breakerInputs,
});
