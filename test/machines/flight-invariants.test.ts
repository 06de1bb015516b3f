// What must hold for a flight whatever happens to it, checked on every edge and every path of the table that shards fly by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FlightContext } from '../../machines/flight.machine.js';
import { flightInputs, flightTable, IMPOSSIBLE } from '../../machines/index.js';
import { cellOf } from './live.js';

interface Edge {
  readonly from: string;
  readonly event: string;
  readonly to: string;
  readonly next: number;
  readonly context: FlightContext;
  readonly actions: readonly string[];
  /** Attempts left after the edge, less those left before it. */
  readonly attemptsChange: number;
  readonly where: string;
}

const contextOf = (state: number): FlightContext => flightTable.states[state]!.context as FlightContext;
const left = (state: number): number => contextOf(state).attemptsLeft;
/** `inflight` with one attempt out, `hedged` with two. */
const name = (state: number): string => {
  const { value } = flightTable.states[state]!;
  if (typeof value === 'string') return value;
  const { inflight } = value as { readonly inflight: string };
  return inflight === 'single' ? 'inflight' : inflight;
};
const isOut = (from: string): boolean => from === 'inflight' || from === 'hedged';
/** What becomes of the other one of two. */
const RIVAL_ENDS = new Set(['keepRival', 'outraceRival', 'abortRival']);

const edgesFrom = (state: number): Edge[] =>
  flightTable.events.flatMap((event, number) => {
    const { next, actions } = cellOf(flightTable, state, number);
    if (next === IMPOSSIBLE) return [];
    const types = actions.map(({ type }) => type);
    const where = `${name(state)} (${left(state)} left) on ${event}: ${types.join(', ')}`;
    return [
      {
        from: name(state),
        event,
        to: name(next),
        next,
        context: contextOf(state),
        actions: types,
        attemptsChange: left(next) - left(state),
        where,
      },
    ];
  });

const numbers = flightTable.states.map((_, state) => state);
const edges = numbers.flatMap(edgesFrom);
const settles = (actions: readonly string[]): string[] => actions.filter((type) => type.startsWith('settle'));

test('a flight settles by exactly one action, the last of its list, and only on the way to settled', () => {
  for (const { to, actions, where } of edges) {
    assert.equal(settles(actions).length, to === 'settled' ? 1 : 0, where);
    if (to === 'settled') assert.equal(settles(actions.slice(-1)).length, 1, `settling comes last: ${where}`);
  }
});

test('an attempt begins on the way to inflight and nowhere else, and takes one of those that are left', () => {
  for (const { from, event, to, context, actions, attemptsChange, where } of edges) {
    const isStart = to === 'inflight' && !isOut(from);
    const isHedge = to === 'hedged' && from !== 'hedged';
    assert.equal(actions.filter((type) => type === 'startAttempt').length, isStart ? 1 : 0, where);
    assert.equal(actions.filter((type) => type === 'startHedge').length, isHedge ? 1 : 0, where);
    assert.equal(attemptsChange, isStart || isHedge ? -1 : 0, where);
    if (isHedge) assert.deepEqual([from, event, context.isOpened], ['inflight', 'hedge.due', false], where);
  }
});

test('an attempt that has not ended by itself is aborted before anything else, and no other is', () => {
  const ends = new Set(['stream.opened', 'hedge.due', 'attempt.resolved', 'attempt.answered', 'attempt.rejected']);
  for (const { from, event, actions, where } of edges) {
    const isCut = isOut(from) && !ends.has(event);
    assert.equal(actions.includes('abortAttempt'), isCut, where);
    if (isCut) assert.equal(actions[0], 'abortAttempt', where);
  }
});

test('of two attempts that are out the other one goes on after a failure, loses to an answer, and is aborted with the flight', () => {
  for (const { from, to, event, actions, where } of edges) {
    const ends = actions.filter((type) => RIVAL_ENDS.has(type));
    assert.equal(ends.length, from === 'hedged' && to !== 'hedged' ? 1 : 0, where);
    if (ends.length === 0) continue;
    const isFailure = event === 'attempt.rejected' || event === 'attempt.timed-out';
    const isEnd = event === 'deadline.passed' || event === 'flight.abandoned';
    assert.deepEqual(ends, [isFailure ? 'keepRival' : isEnd ? 'abortRival' : 'outraceRival'], where);
    if (isFailure || event === 'stream.opened') assert.equal(to, 'inflight', where);
    assert.ok(!actions.includes('settleExhausted') && !actions.includes('settleBroken'), `an error ends nothing: ${where}`);
  }
});

test('a target is chosen exactly on the way from an attempt to failing-over; whose launch was delayed has found that there is none', () => {
  for (const { from, event, to, actions, where } of edges) {
    assert.equal(actions.includes('chooseTarget'), isOut(from) && to === 'failing-over', where);
    assert.equal(from === 'idle' && to === 'failing-over', event === 'launch.delayed', where);
  }
});

test('a value is given only by an attempt that resolved, and an answer only by one that answered', () => {
  for (const { event, actions, context, where } of edges) {
    assert.equal(actions.includes('settleFulfilled'), event === 'attempt.resolved', where);
    assert.equal(actions.includes('settleAnswered'), event === 'attempt.answered' && !context.isOpened, where);
    assert.equal(actions.includes('settleTimedOut'), event === 'deadline.passed', where);
    assert.equal(actions.includes('settleAbandoned'), event === 'flight.abandoned', where);
  }
});

test('once readers were given chunks, a failure goes on only where another target may, and what ends it says that it broke off', () => {
  for (const { from, event, to, actions, context, where } of edges) {
    if (context.isOpened && to === 'failing-over') assert.ok(context.canContinue, where);
    const hasFailed = ['settleExhausted', 'settleAnswered', 'settleBroken'].some((type) => actions.includes(type));
    if (hasFailed) assert.equal(actions.includes('settleBroken'), context.isOpened, where);
    if (event === 'stream.opened') assert.deepEqual([to, actions], ['inflight', from === 'hedged' ? ['outraceRival'] : []], where);
  }
  for (const { next, context, event } of edges)
    assert.equal(contextOf(next).isOpened, context.isOpened || event === 'stream.opened', 'no way leads back from mid-air');
});

test('nothing is possible once a flight is settled', () => {
  for (const state of numbers) {
    assert.equal(flightTable.states[state]!.status, name(state) === 'settled' ? 'done' : 'active');
    assert.equal(edgesFrom(state).length === 0, name(state) === 'settled', `state ${state}`);
  }
});

test('a flight that is not settled can always be ended, by its deadline and by being abandoned', () => {
  for (const state of numbers.filter((number) => name(number) !== 'settled')) {
    const ends = edgesFrom(state).filter(({ to }) => to === 'settled');
    for (const event of ['deadline.passed', 'flight.abandoned']) {
      assert.ok(
        ends.some((edge) => edge.event === event),
        `${name(state)} on ${event}`,
      );
    }
  }
});

test('every path from launch ends settled, settles once, and starts at most attemptsMax attempts', () => {
  let paths = 0;
  for (const [input, { attemptsMax }] of flightInputs.entries()) {
    let most = 0;
    const follow = (state: number, done: readonly string[]): void => {
      // Attempts only ever go down, so a longer path than this would be a circle.
      assert.ok(done.length <= attemptsMax * 4 + 3, done.join(', '));
      // A stream that is open already stays so.
      const onward = edgesFrom(state).filter(({ next }) => next !== state);
      if (onward.length > 0) return onward.forEach(({ next, actions }) => follow(next, [...done, ...actions]));
      paths += 1;
      const started = done.filter((type) => type === 'startAttempt' || type === 'startHedge').length;
      assert.equal(name(state), 'settled');
      assert.equal(settles(done).length, 1, done.join(', '));
      assert.ok(started <= attemptsMax, done.join(', '));
      most = Math.max(most, started);
    };
    follow(flightTable.roots[input]!, []);
    assert.equal(most, attemptsMax, 'the last attempt can be reached');
  }
  assert.ok(paths > 1000, `${paths} paths`);
});
