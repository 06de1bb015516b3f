// Turns a machine into a table: XState is asked for every state that can be reached and every event, and its answers are numbered. Nothing
// here knows what a transition means; a machine whose table would not be the machine is refused.
import { createHash } from 'node:crypto';
import type { AnyActorScope, AnyStateMachine, SnapshotFrom } from 'xstate';
import { canonicalCopy } from './canonical-copy.js';
import { inspect } from './inspect.js';
import { MachineNotTabulable } from './machine-not-tabulable.js';
import { Oracle, type Reply } from './oracle.js';
import { type ActionEntry, IMPOSSIBLE, type StateEntry, type Table } from './table.js';

export interface TabulateOptions {
  /** The event alphabet, written out. An event's place is its number. */
  readonly events: readonly string[];
  /** Every input the machine is ever given; `[undefined]` for a machine without. */
  readonly inputs: readonly unknown[];
  /** The most states that the table may have. @default 4096 */
  readonly statesMax?: number;
}

export interface Tabulated<Machine extends AnyStateMachine> {
  readonly table: Table;
  /** A state's number to XState's snapshot, from which an actor can be started. Its context is frozen. */
  readonly snapshots: readonly SnapshotFrom<Machine>[];
}

/**
 * Fills in the table of a machine, breadth first from the initial state of every input. Same machine, events and inputs, same table.
 * @throws {MachineNotTabulable} `MACHINE_NOT_TABULABLE`, saying what was found where in the machine, and why a table cannot hold it.
 */
export const tabulate = <Machine extends AnyStateMachine>(
  machine: Machine,
  { events, inputs, statesMax = 4096 }: TabulateOptions,
): Tabulated<Machine> => {
  if (!Number.isInteger(statesMax) || statesMax < 1) throw new RangeError(`statesMax: expected an integer from 1, got ${statesMax}`);
  const refuse = (what: string, why: string): never => {
    throw new MachineNotTabulable(machine.id, { path: machine.id, what, why });
  };
  if (inputs.length === 0) refuse('the list of inputs is empty', 'without an input there is no state to begin with');
  inspect(machine, events);
  const oracle = new Oracle(machine);
  const states = new Numbering<Reply>();
  const actions = new Numbering<ActionEntry>();
  const lists = new Numbering<readonly number[]>();
  const listNumber = (entries: readonly ActionEntry[]): number => {
    const list = entries.map((entry) => actions.of(JSON.stringify([entry.type, entry.params]), entry));
    return lists.of(list.join(), list);
  };
  listNumber([]);

  const roots = inputs.map((input, number) => {
    const reply = oracle.begin(input, number);
    const [action] = reply.actions;
    // A list of actions belongs to a state and an event, and no event led here.
    if (action)
      refuse(`action '${action.type}' on the way to the initial state`, 'no event causes it, so no cell of the table can hold it');
    return states.of(reply.identity, reply);
  });
  const next: number[] = [];
  const listOf: number[] = [];
  // The list grows while it is walked: that is the breadth-first queue.
  for (const { snapshot } of states.items) {
    for (const event of events) {
      const reply = oracle.ask(snapshot, event);
      next.push(reply ? states.of(reply.identity, reply) : IMPOSSIBLE);
      listOf.push(reply ? listNumber(reply.actions) : 0);
    }
    if (states.items.length > statesMax) {
      const { value, context } = states.items.at(-1)!.snapshot;
      refuse(
        `more than ${statesMax} states`,
        `a context holds small counters and flags; the last state found is ${JSON.stringify({ value, context })}`,
      );
    }
  }
  return {
    table: finish(machine.id, {
      events: [...events],
      actions: actions.items,
      states: states.items.map(({ snapshot }) => stateEntry(snapshot)),
      roots,
      next: Int32Array.from(next),
      lists: lists.items,
      listOf: Int32Array.from(listOf),
    }),
    // The oracle's snapshots belong to its own copy of the machine.
    snapshots: states.items.map(({ snapshot }) => machine.restoreSnapshot(snapshot, {} as AnyActorScope) as SnapshotFrom<Machine>),
  };
};

/** Gives equal things the same number, in the order they come. */
class Numbering<Item> {
  readonly items: Item[] = [];
  readonly #numbers = new Map<string, number>();

  of(identity: string, item: Item): number {
    const known = this.#numbers.get(identity);
    if (known !== undefined) return known;
    this.#numbers.set(identity, this.items.length);
    return this.items.push(item) - 1;
  }
}

const stateEntry = ({ value, context, status }: Reply['snapshot']): StateEntry => ({
  value: canonicalCopy(value, 'value') as StateEntry['value'],
  context,
  status: status as StateEntry['status'],
});

const finish = (machine: string, body: Omit<Table, 'machine' | 'hash'>): Table => {
  const { events, actions, states, roots, next, lists, listOf } = body;
  const text = JSON.stringify([events, actions, states, roots, [...next], lists, [...listOf]]);
  return { machine, hash: createHash('sha256').update(text).digest('hex').slice(0, 16), ...body };
};
