// A live actor that flies beside a table: started from any of its snapshots, and telling what it did for each event.
import { type AnyMachineSnapshot, type AnyStateMachine, createActor } from 'xstate';
import type { ActionEntry, Table } from '../../machines/index.js';

export interface Step {
  readonly snapshot: AnyMachineSnapshot;
  readonly actions: readonly ActionEntry[];
}

export interface Flown {
  send(type: string): Step;
}

/** Gives every action of the machine a body that records it, once, and starts actors of that machine. */
export const recording = (machine: AnyStateMachine): ((start: { snapshot: unknown } | { input: unknown }) => Flown) => {
  const done: ActionEntry[] = [];
  const bodies = Object.keys(machine.implementations.actions)
    .filter((type) => !isBuiltIn(machine.implementations.actions[type]))
    .map((type) => [type, (_: unknown, params: unknown) => void done.push(params === undefined ? { type } : { type, params })]);
  const provided = machine.provide({ actions: Object.fromEntries(bodies) });
  return (start) => {
    const actor = createActor(provided, start as object);
    actor.start();
    done.length = 0;
    return {
      send: (type) => {
        actor.send({ type });
        return { snapshot: actor.getSnapshot(), actions: done.splice(0) };
      },
    };
  };
};

/** What two snapshots of two copies of one machine must have in common: all that XState would write down, and the tags. */
export const persisted = (machine: AnyStateMachine, snapshot: AnyMachineSnapshot): unknown => {
  const { children, ...rest } = machine.getPersistedSnapshot(snapshot) as unknown as Record<string, unknown>;
  return { ...rest, children: Object.keys(children as object), tags: [...snapshot.tags] };
};

export const cellOf = (table: Table, state: number, event: number): { next: number; actions: readonly ActionEntry[] } => {
  const cell = state * table.events.length + event;
  return { next: table.next[cell]!, actions: table.lists[table.listOf[cell]!]!.map((number) => table.actions[number]!) };
};

const isBuiltIn = (implementation: unknown): boolean => typeof implementation === 'function' && 'resolve' in implementation;
