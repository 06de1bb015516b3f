// From a table's number back to XState's snapshot, for people who inspect a flight: tools, tests, explanations. Nothing that flies needs it.
import type { AnyStateMachine, SnapshotFrom } from 'xstate';
import type { Table } from './table.js';
import { type TabulateOptions, tabulate } from './tabulate.js';

/** Thrown when the table is not what XState makes of the machine now: its numbers would be translated wrongly. */
export class TableOutdated extends Error {
  override readonly name = 'TableOutdated';
  readonly code = 'TABLE_OUTDATED';

  constructor(table: Table, hashNow: string) {
    super(
      `The table of machine '${table.machine}' has the hash ${table.hash}, and XState now makes ${hashNow} of the machine: ` +
        'the machine or XState changed after the table was written (npm run table)',
    );
  }
}

/**
 * A function from a state's number to its snapshot. XState is asked once, at the first call, and must agree with the table.
 * @throws {TableOutdated} `TABLE_OUTDATED`, from the function made, when it does not.
 * @throws {RangeError} From the function made, for a number that is no state.
 */
export const snapshotsOf = <Machine extends AnyStateMachine>(
  machine: Machine,
  table: Table,
  options: TabulateOptions,
): ((state: number) => SnapshotFrom<Machine>) => {
  let snapshots: readonly SnapshotFrom<Machine>[] | undefined;
  return (state) => {
    if (!Number.isInteger(state) || state < 0 || state >= table.states.length) {
      throw new RangeError(`state: expected an integer from 0 to ${table.states.length - 1}, got ${state}`);
    }
    if (!snapshots) {
      const now = tabulate(machine, options);
      if (now.table.hash !== table.hash) throw new TableOutdated(table, now.table.hash);
      ({ snapshots } = now);
    }
    return snapshots[state]!;
  };
};
