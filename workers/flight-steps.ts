/** The flight machine's table as a shard steps through it: an edge is a state and an event, and stands for the next state and what to do on the way. */
import { flightTable as TABLE } from '../machines/flight.table.js';
import { IMPOSSIBLE } from '../machines/table.js';
import { BREAKER_TABLE_HASH } from './breaker.js';
import { FlightStart } from './flight-record.js';
import { firstTarget } from './next-target.js';
import type { LaunchOrder } from './protocol.js';
import type { ShardSettings } from './shard-setup.js';

/** Which table shards of this build fly by: a front and its threads must agree. */
export const TABLE_HASH = `${TABLE.hash} ${BREAKER_TABLE_HASH}`;
/** A thread that died cost a flight its last attempt: it gets one more, so that no waiter pays for the thread. */
const ATTEMPTS_AFTER_LOSS = 1;
/** The table's roots: for each number of attempts, once for streams that fail in mid-air, once for those that may go on, once for those that do. */
const ATTEMPTS_MOST = TABLE.roots.length / 3;
const NOT_FLOWN = { attemptsMade: 0, targetsTried: 0, lastTarget: -1, chunksGiven: 0 };
/** Twice as many as targets give. */
const ROUTES_MAX = 48;
const EVENTS = TABLE.events.length;
const SETTLED = TABLE.states.map(({ value }) => value === 'settled');
/** Stands where an edge has no action, or more than one. */
export const NOT_ONE = -1;
/** The action of each edge that has just one, as nearly all have. */
const ONLY = TABLE.listOf.map((list) => {
  const [action, ...others] = TABLE.lists[list] as readonly number[];
  return action === undefined || others.length > 0 ? NOT_ONE : action;
});

export const isSettled = (state: number): boolean => SETTLED[state] === true;

/** @throws where the machine knows no such event in this state */
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

/** Where a flight starts that has been flown so far in earlier lives. */
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

/** Where flights start that no earlier life has flown: the same for all that have one route. Steering gives few. */
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
      // Old orders are of no use any more.
      if (this.#starts.size >= ROUTES_MAX) this.#starts.clear();
      start = startOf(route, this.#settings, NOT_FLOWN);
      this.#starts.set(route, start);
    }
    this.#lastRoute = route;
    this.#last = start;
    return start;
  }
}
