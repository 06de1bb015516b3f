// The type of a tabulated machine. Imports nothing, so that whoever flies by a table loads no XState.

/** In `next`: XState knows no transition at all. Distinct from an ignored event, which leads to the same state. */
export const IMPOSSIBLE = -1;

/** An action as XState lists it. The same name with other params is another action. */
export interface ActionEntry {
  readonly type: string;
  /** Plain data, absent when the machine gives none. */
  readonly params?: unknown;
}

/** What a state's number stands for. */
export interface StateEntry {
  /** XState's state value: a name, or nested objects for a compound state. */
  readonly value: string | { readonly [state: string]: unknown };
  /** Plain data: counters and flags. */
  readonly context: unknown;
  /** Once `'done'`, every event is impossible. */
  readonly status: 'active' | 'done';
}

/** A machine as XState answered for every state and event. Written by `tabulate`, only read afterwards. */
export interface Table {
  /** The machine's id. */
  readonly machine: string;
  /** First 16 hex digits of the sha256 of everything below: two threads that fly by different tables must notice. */
  readonly hash: string;
  /** Number to event type. */
  readonly events: readonly string[];
  /** Number to action. */
  readonly actions: readonly ActionEntry[];
  /** Number to what the state means. */
  readonly states: readonly StateEntry[];
  /** The i-th input's initial state. */
  readonly roots: readonly number[];
  /** `next[state * events.length + event]`: the state to go to, or `IMPOSSIBLE`. */
  readonly next: Int32Array;
  /** Action lists, each written once. List 0 is the empty one. */
  readonly lists: readonly (readonly number[])[];
  /** `listOf[state * events.length + event]`: which list of actions to do on the way. 0 if the event is impossible. */
  readonly listOf: Int32Array;
}
