// The tabulator's one error: which machine, where in it, what was found there, and why a table cannot hold it.

/** What a refusal says, piece by piece. */
export interface Refusal {
  /** Where, as the state's path from the machine's id: `flight.inflight`. */
  readonly path: string;
  /** What was found there. */
  readonly what: string;
  /** Why it cannot be tabulated. */
  readonly why: string;
  readonly cause?: unknown;
}

/**
 * Thrown by `tabulate` for a machine whose table would not be equivalent to it. It is a mistake in the machine, never in what a user of the
 * library did. `path` says where; `cause` has the stack of the function that went too far, if one did.
 */
export class MachineNotTabulable extends Error {
  override readonly name = 'MachineNotTabulable';
  readonly code = 'MACHINE_NOT_TABULABLE';
  readonly machine: string;
  readonly path: string;

  constructor(machine: string, { path, what, why, cause }: Refusal) {
    super(`Machine '${machine}' cannot be tabulated: at '${path}', ${what}: ${why}`, cause === undefined ? undefined : { cause });
    this.machine = machine;
    this.path = path;
  }
}
