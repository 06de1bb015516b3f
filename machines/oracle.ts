// Asks XState what a machine does, through a keyhole: the machine's functions see the type of the event and nothing else, no actor and no
// system, since a table has none. Anything else that they read, and any result that cannot be numbered, is refused here.
import {
  type ActorLogic,
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ExecutableActionsFrom,
  initialTransition,
  transition,
} from 'xstate';
import { canonicalCopy } from './canonical-copy.js';
import { MachineNotTabulable } from './machine-not-tabulable.js';
import type { ActionEntry } from './table.js';

/** XState's answer to one event, or to one input. */
export interface Reply {
  /** Its context is a frozen copy, so that a function that writes to it throws instead of changing a state that has a number. */
  readonly snapshot: AnyMachineSnapshot;
  /** Equal for equal snapshots, and for no others. */
  readonly identity: string;
  /** In XState's order. `assign` and `raise` are applied already and not included. */
  readonly actions: readonly ActionEntry[];
}

type Said = readonly [AnyMachineSnapshot, readonly ExecutableActionsFrom<AnyStateMachine>[]];
type Logic = ActorLogic<AnyMachineSnapshot, { readonly type: string }>;

/** A machine that takes more microsteps than this for one event raises events in a cycle. */
const MICROSTEPS_MAX = 1000;

export class Oracle {
  readonly #machine: AnyStateMachine;
  /** Reads of hidden things since the last reply. */
  readonly #trespasses: Error[] = [];

  constructor(machine: AnyStateMachine) {
    // The bound on microsteps is ours, so it is set on a copy.
    this.#machine = machine.provide({});
    this.#machine.options = { ...machine.options, maxIterations: Math.min(machine.options.maxIterations ?? Infinity, MICROSTEPS_MAX) };
  }

  /** The reply to an input: where an actor with this input begins. */
  begin(input: unknown, number: number): Reply {
    const logic = this.#logic((scope) => this.#machine.getInitialSnapshot(scope, input));
    return this.#listen(this.#machine.id, `inputs[${number}]`, () => {
      const said = initialTransition(logic);
      // Here, and only here, XState puts an error into the snapshot instead of throwing it.
      if (said[0].status === 'error') throw said[0].error;
      return said;
    })!;
  }

  /** What the event does in this snapshot; `undefined` if no transition is enabled. */
  ask(snapshot: AnyMachineSnapshot, type: string): Reply | undefined {
    // An actor that is done drops every event; the pure functions would still follow the root's transitions.
    if (snapshot.status !== 'active') return undefined;
    const event = this.#keyhole('event', { type }, (key) => key === 'type');
    // XState makes an initial snapshot along with its inert actor, which is not used.
    const logic = this.#logic(() => snapshot);
    return this.#listen(pathOf(snapshot), `event '${type}'`, () =>
      this.#machine.getTransitionData(snapshot, event).length === 0 ? undefined : transition(logic, snapshot, event),
    );
  }

  #logic(getInitialSnapshot: (scope: AnyActorScope) => AnyMachineSnapshot): Logic {
    const narrow = (scope: AnyActorScope): AnyActorScope => ({
      ...scope,
      self: this.#keyhole('self', scope.self, () => false),
      // XState reports its microsteps to the system's inspectors, of which there are none.
      system: this.#keyhole('system', scope.system, (key) => String(key).startsWith('_')),
    });
    return {
      getInitialSnapshot: (scope) => getInitialSnapshot(narrow(scope)),
      transition: (snapshot, event, scope) => this.#machine.transition(snapshot, event, narrow(scope)),
      getPersistedSnapshot: (snapshot) => this.#machine.getPersistedSnapshot(snapshot),
    };
  }

  /** Asks twice: a machine that answers differently the second time depends on something hidden, a clock or a counter. */
  #listen(path: string, what: string, say: () => Said | undefined): Reply | undefined {
    let reply: Reply | undefined;
    let failure: Error | undefined;
    try {
      reply = this.#reply(say());
      const again = this.#reply(say());
      if (reply?.identity !== again?.identity || JSON.stringify(reply?.actions) !== JSON.stringify(again?.actions)) {
        failure = new TypeError('asked twice, the machine replies differently; its functions may depend on context and event type only');
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error), { cause: error });
    }
    // A trespass comes first: the machine's code may have caught what the keyhole threw, or XState wrapped it.
    const [cause = failure] = this.#trespasses.splice(0);
    if (!cause) return reply;
    throw new MachineNotTabulable(this.#machine.id, { path, what, why: cause.message, cause });
  }

  #reply(said: Said | undefined): Reply | undefined {
    if (!said) return undefined;
    const [{ context, output, ...rest }, executed] = said;
    const plain = {
      context: canonicalCopy(context, 'context'),
      output: output === undefined ? undefined : canonicalCopy(output, 'output'),
    };
    const actions = executed
      .filter(({ type }) => type !== 'xstate.raise')
      .map(({ type, params }) => (params === undefined ? { type } : { type, params: canonicalCopy(params, `params of '${type}'`) }));
    const snapshot = this.#machine.restoreSnapshot({ ...rest, ...plain } as AnyMachineSnapshot, {} as AnyActorScope);
    return { snapshot, identity: JSON.stringify([rest.value, plain.context, rest.status, plain.output]), actions };
  }

  #keyhole<T extends object>(name: string, hidden: T, isShown: (key: PropertyKey) => boolean): T {
    const refuse = (_: T, key?: PropertyKey): never => {
      const read = key === undefined ? `the keys of \`${name}\`` : `\`${name}.${String(key)}\``;
      const trespass = new TypeError(
        `one of its functions reads ${read}; a table knows the event’s type and nothing else, and has no actor`,
      );
      this.#trespasses.push(trespass);
      throw trespass;
    };
    const get = (_: T, key: PropertyKey): unknown => (isShown(key) ? Reflect.get(hidden, key) : refuse(hidden, key));
    // A handler that has every possible trap.
    return new Proxy(hidden, new Proxy({}, { get: (_, trap) => (trap === 'get' ? get : refuse) }));
  }
}

const pathOf = (snapshot: AnyMachineSnapshot): string => {
  const names = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.entries(value as object).flatMap(([name, inner]) => [name].concat(names(inner)));
  return [snapshot.machine.id, ...names(snapshot.value)].join('.');
};
