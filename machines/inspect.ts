// Reads a machine's states before XState is asked anything, and refuses what no table can hold, whatever XState would answer.
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { alphabetFault, type Heard } from './alphabet.js';
import { MachineNotTabulable, type Refusal } from './machine-not-tabulable.js';

/** Why each of these keys of a state's config is refused. */
const REFUSED_KEYS = {
  invoke:
    'a child actor has a life of its own beside the snapshot, and no number holds it; let an action start the work and an event bring its result',
  after: 'a delay fires by itself, and a table only moves when an event comes; let the caller’s timer send one',
  always: 'an eventless transition needs no event, and a cycle of them never comes to rest; put the guard on the event that leads here',
  history: 'what it remembers is not in the state’s value, so equal states would go on differently',
  route: 'it reads the event’s `to`, and the table knows nothing of an event but its type',
} as const;

const PARALLEL = 'regions move on their own and their states multiply; write the product out as one region, or fly two machines';
const NO_NAME = 'only what has a name in setup() can be numbered, and be read in the tools';

/** A function made by one of XState's own creators: it carries its type, and `resolve` (actions) or `check` (guards). */
interface BuiltIn {
  readonly type?: string;
  readonly event?: unknown;
  readonly delay?: unknown;
  readonly guards?: readonly unknown[];
}

/** @throws {MachineNotTabulable} At the first thing found that cannot be tabulated. */
export const inspect = (machine: AnyStateMachine, events: readonly string[]): void => {
  const heard: Heard = { descriptors: [], raised: new Set(), raisesComputed: false };
  const refuse = (fault: Refusal | undefined): void => {
    if (fault) throw new MachineNotTabulable(machine.id, fault);
  };
  const nodes = withDescendants(machine.root);
  // All structure comes first: XState makes transitions and actions of its own out of some of it.
  for (const node of nodes) refuse(at(node, structureFault(node)));
  for (const node of nodes) {
    refuse(at(node, effectsFault(node, heard)));
    for (const descriptor of node.transitions.keys()) heard.descriptors.push({ path: pathOf(node), descriptor });
  }
  refuse(alphabetFault(machine.id, events, heard));
};

const withDescendants = (node: AnyStateNode): readonly AnyStateNode[] => [node, ...Object.values(node.states).flatMap(withDescendants)];

type Fault = Pick<Refusal, 'what' | 'why'>;

/** The path from the machine's id down, whatever ids the states have. */
const pathOf = (node: AnyStateNode): string => [node.machine.id, ...node.path].join('.');

const at = (node: AnyStateNode, fault: Fault | undefined): Refusal | undefined => fault && { path: pathOf(node), ...fault };

const structureFault = (node: AnyStateNode): Fault | undefined => {
  if (node.type === 'parallel') return { what: 'a parallel state', why: PARALLEL };
  if (node.type === 'history') return { what: 'a history state', why: REFUSED_KEYS.history };
  for (const [key, why] of Object.entries(REFUSED_KEYS)) {
    if ((node.config as Record<string, unknown>)[key] !== undefined) return { what: `\`${key}\``, why };
  }
  return undefined;
};

const effectsFault = (node: AnyStateNode, heard: Heard): Fault | undefined => {
  const transitions = [...node.transitions.values()].flat();
  const initial = node.type === 'compound' ? node.initial.actions : [];
  const actions: readonly unknown[] = [...node.entry, ...initial, ...transitions.flatMap((transition) => transition.actions), ...node.exit];
  for (const { guard } of transitions) {
    const fault = guard === undefined ? undefined : guardFault(node.machine, guard);
    if (fault) return fault;
  }
  for (const action of actions) {
    const fault = actionFault(node.machine, action, heard);
    if (fault) return fault;
  }
  return undefined;
};

const guardFault = (machine: AnyStateMachine, guard: unknown): Fault | undefined => {
  if (typeof guard !== 'function') {
    const name = nameOf(guard);
    return Object.hasOwn(machine.implementations.guards, name)
      ? undefined
      : { what: `guard '${name}'`, why: 'it has no implementation in setup()' };
  }
  if (!('check' in guard)) return { what: `the inline guard ${textOf(guard)}`, why: NO_NAME };
  // `and`, `or` and `not` of names are as readable as a name.
  for (const inner of (guard as BuiltIn).guards ?? []) {
    const fault = guardFault(machine, inner);
    if (fault) return fault;
  }
  return undefined;
};

const actionFault = (machine: AnyStateMachine, action: unknown, heard: Heard): Fault | undefined => {
  if (typeof action === 'function') {
    if (!('resolve' in action)) return { what: `the inline action ${textOf(action)}`, why: NO_NAME };
    const builtIn = action as BuiltIn;
    const isInline = builtIn.type === 'xstate.assign' || (builtIn.type === 'xstate.raise' && typeof builtIn.event === 'function');
    return builtInFault('an inline action', builtIn, heard) ?? (isInline ? { what: `an inline ${builtIn.type}`, why: NO_NAME } : undefined);
  }
  const name = nameOf(action);
  const what = `action '${name}'`;
  if (name.startsWith('xstate.')) return { what, why: 'names that begin with "xstate." are XState’s own' };
  const { actions } = machine.implementations;
  const implementation: unknown = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (typeof implementation !== 'function') return { what, why: 'it has no implementation in setup()' };
  return 'resolve' in implementation ? builtInFault(what, implementation as BuiltIn, heard) : undefined;
};

/** `assign` and `raise` are applied when XState answers; the others are effects that only a live actor can have. */
const builtInFault = (what: string, builtIn: BuiltIn, heard: Heard): Fault | undefined => {
  if (builtIn.type === 'xstate.assign') return undefined;
  if (builtIn.type !== 'xstate.raise') {
    return {
      what: `${what} (${builtIn.type})`,
      why: 'of XState’s own actions only assign and undelayed raise can be worked out beforehand; name an action and let the caller do it',
    };
  }
  if (builtIn.delay !== undefined)
    return { what: `${what} (xstate.raise with a delay)`, why: 'a delayed event comes from a timer; let the caller’s timer send it' };
  if (typeof builtIn.event === 'function') heard.raisesComputed = true;
  else heard.raised.add(nameOf(builtIn.event));
  return undefined;
};

const nameOf = (named: unknown): string => (typeof named === 'string' ? named : String((named as { type?: unknown }).type));

const textOf = (code: object): string => `\`${Function.prototype.toString.call(code).replaceAll(/\s+/g, ' ').slice(0, 60)}\``;
