/** The flight machine's table as a shard steps through it: an edge is a state and an event, and leads to the next state and the actions on the way. */
import { flightTable as TABLE } from '../machines/flight.table.js';
import { IMPOSSIBLE } from '../machines/table.js';
import { BREAKER_TABLE_HASH } from './breaker.js';
import { FlightStart } from './flight-record.js';
import { firstTarget } from './next-target.js';
import type { LaunchOrder } from './protocol.js';
import type { ShardSettings } from './shard-setup.js';

/** Which table this build flies by: a front and its threads must agree. */
export const TABLE_HASH = `${TABLE.hash} ${BREAKER_TABLE_HASH}`;
/** If a dead thread took a flight's last attempt, the flight gets one more, so that no waiter pays for the thread. */
const ATTEMPTS_AFTER_LOSS = 1;
/** The table's roots: for each number of attempts, one for streams that fail in mid-air, one for those that may continue, one for those that do continue. */
const ATTEMPTS_MOST = TABLE.roots.length / 3;
const NOT_FLOWN = { attemptsMade: 0, targetsTried: 0, lastTarget: -1, chunksGiven: 0 };
/** Twice as many as there can be targets. */
const ROUTES_MAX = 48;
const EVENTS = TABLE.events.length;
const SETTLED = TABLE.states.map(({ value }) => value === 'settled');
/** Marks an edge with no action, or with more than one. */
export const NOT_ONE = -1;
/** The action of each edge that has exactly one, as nearly all have. */
const ONLY = TABLE.listOf.map((list) => {
  const [action, ...others] = TABLE.lists[list] as readonly number[];
  return action === undefined || others.length > 0 ? NOT_ONE : action;
});

export const isSettled = (state: number): boolean => SETTLED[state] === true;

/** @throws if the machine knows no such event in this state */
export function edgeOf(state: number, event: number): number {
  const edge = state * EVENTS + event;
  if (TABLE.next[edge] !== IMPOSSIBLE) return edge;
  throw new Error(
    `coalescer: the flight machine knows no '${TABLE.events[event]}' in ${JSON.stringify(TABLE.states[state]?.value)}: this is a bug`,
  );
}
export const stateBehind = (edge: number): number => TABLE.next[edge] as number;
export const onlyAction = (edge: number): number => ONLY[edge] as number;
export const actions = (edge: number): readonly number[] => TABLE.lists[TABLE.listOf[edge] as number] as readonly number[];
export const nameOfAction = (action: number): string => TABLE.actions[action]?.type ?? String(action);

/** The start of a flight that earlier lives have flown so far. */
export function startOf(
  route: readonly number[],
  { maxAttempts, streams }: Pick<ShardSettings, 'maxAttempts' | 'streams'>,
  {
    attemptsMade,
    targetsTried,
    lastTarget,
    chunksGiven,
  }: Pick<LaunchOrder, 'attemptsMade' | 'targetsTried' | 'lastTarget' | 'chunksGiven'>,
): FlightStart {
  const left = Math.max(ATTEMPTS_AFTER_LOSS, (maxAttempts ?? Math.min(3, route.length)) - attemptsMade);
  const target = firstTarget(route, targetsTried, lastTarget);
  const kind = chunksGiven > 0 ? 2 : streams.midStream === 'fail' ? 0 : 1;
  const state = TABLE.roots[kind * ATTEMPTS_MOST + left - 1] as number;
  return new FlightStart({ route, attemptsMax: attemptsMade + left, state, target, attemptsMade, targetsTried });
}

/** Starts of flights that no earlier life has flown: one per route, shared by all that have it. Steering gives few routes. */
export class FreshStarts {
  readonly #settings: Pick<ShardSettings, 'maxAttempts' | 'streams'>;
  readonly #starts = new Map<readonly number[], FlightStart>();
  #lastRoute: readonly number[] | null = null;
  #last: FlightStart | null = null;

  constructor(settings: Pick<ShardSettings, 'maxAttempts' | 'streams'>) {
    this.#settings = settings;
  }

  of(route: readonly number[]): FlightStart {
    return route === this.#lastRoute ? (this.#last as FlightStart) : this.#look(route);
  }

  #look(route: readonly number[]): FlightStart {
    let start = this.#starts.get(route);
    if (start === undefined) {
      // Routes of former orders are not needed any more.
      if (this.#starts.size >= ROUTES_MAX) this.#starts.clear();
      start = startOf(route, this.#settings, NOT_FLOWN);
      this.#starts.set(route, start);
    }
    this.#lastRoute = route;
    this.#last = start;
    return start;
  }
}
