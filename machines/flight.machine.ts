// Decides how a flight goes on: launch, attempt, failover, settle. It knows no target, payload, time or waiter: those are in the shard's record
// and in the front. The shard sends it events and does its actions.
import { assign, setup } from 'xstate';

/** What the machine must know of a flight when it begins. */
export interface FlightInput {
  /** How many attempts the flight may make in total: 1 to 5. */
  readonly attemptsMax: number;
  /** Were chunks of a stream given to readers before this launch? Then a thread was lost in mid-air. */
  readonly isOpened: boolean;
  /** May another target continue a stream that broke off? */
  readonly canContinue: boolean;
}

export interface FlightContext {
  /** Attempts that may still begin. Lowered when one begins, so that it is correct when that one fails. */
  readonly attemptsLeft: number;
  /** Readers were given chunks: no attempt may start over as if nothing had been said. */
  readonly isOpened: boolean;
  readonly canContinue: boolean;
}

/** Everything that can happen to a flight. The index in this list is the event's number in the table. */
export const flightEvents = [
  'flight.launched',
  'launch.delayed',
  'stream.opened',
  'attempt.resolved',
  'attempt.answered',
  'attempt.rejected',
  'attempt.timed-out',
  'hedge.due',
  'target.chosen',
  'backoff.elapsed',
  'targets.exhausted',
  'deadline.passed',
  'flight.abandoned',
] as const;

export type FlightEventType = (typeof flightEvents)[number];

/** An event is only its type: what came with it (value, error) stays in the shard's record. */
export type FlightEvent = { [Type in FlightEventType]: { readonly type: Type } }[FlightEventType];

/** Every input the table is made for. The i-th one's initial state is the table's i-th root. */
export const flightInputs: readonly FlightInput[] = [
  { isOpened: false, canContinue: false },
  { isOpened: false, canContinue: true },
  { isOpened: true, canContinue: true },
].flatMap(({ isOpened, canContinue }) => [1, 2, 3, 4, 5].map((attemptsMax) => ({ attemptsMax, isOpened, canContinue })));

/**
 * The life of one flight, for people and tools. Nothing flies by it at run time: shards fly by the table that XState fills in
 * from it (`flight.table.ts`), and its actions are empty because the shard does them.
 */
export const flightMachine = setup({
  types: { context: {} as FlightContext, events: {} as FlightEvent, input: {} as FlightInput },
  guards: {
    mayFailOver: ({ context }) => context.attemptsLeft > 0 && (!context.isOpened || context.canContinue),
    mayHedge: ({ context }) => context.attemptsLeft > 0 && !context.isOpened,
    isOpened: ({ context }) => context.isOpened,
  },
  actions: {
    takeAttempt: assign({ attemptsLeft: ({ context }) => context.attemptsLeft - 1 }),
    openStream: assign({ isOpened: true }),
    startAttempt: () => {},
    abortAttempt: () => {},
    startHedge: () => {},
    abortRival: () => {},
    outraceRival: () => {},
    keepRival: () => {},
    chooseTarget: () => {},
    settleFulfilled: () => {},
    settleAnswered: () => {},
    settleExhausted: () => {},
    settleBroken: () => {},
    settleTimedOut: () => {},
    settleAbandoned: () => {},
  },
}).createMachine({
  id: 'flight',
  description:
    'One flight: the one piece of work for a key, however many wait for it. It calls targets one after the other until one answers, its attempts or targets are used up, its time is over, or nobody waits any more.',
  context: ({ input }) => ({ attemptsLeft: input.attemptsMax, canContinue: input.canContinue, isOpened: input.isOpened }),
  initial: 'idle',
  states: {
    idle: {
      description:
        'The flight has its number and its record, and no target was called by this launch. It leaves at once; a flight that stays here was never launched by its shard: look at the link, not at the targets.',
      on: {
        'flight.launched': { target: 'inflight', actions: ['takeAttempt', 'startAttempt'] },
        'launch.delayed': {
          target: 'failing-over',
          description: 'No target may be called now: they are to be left alone, or all their places are taken.',
        },
        'targets.exhausted': [
          {
            guard: 'isOpened',
            target: 'settled',
            actions: ['settleBroken'],
            description: 'A relaunch in mid-air, and no target that could go on.',
          },
          {
            target: 'settled',
            actions: ['settleExhausted'],
            description: 'A relaunch: the thread died in a call that must not be made twice.',
          },
        ],
        'deadline.passed': { target: 'settled', actions: ['settleTimedOut'] },
        'flight.abandoned': { target: 'settled', actions: ['settleAbandoned'] },
      },
    },
    inflight: {
      description:
        'The flight waits for a target to answer. One that stays here waits for that target: see the last attempt in its explanation, and that attempt’s own time-out.',
      initial: 'single',
      states: {
        single: {
          description: 'One attempt is out and its target has not answered.',
          on: {
            'hedge.due': {
              guard: 'mayHedge',
              target: 'hedged',
              actions: ['takeAttempt', 'startHedge'],
              description: 'The target takes longer than it usually does, and another one may be called beside it.',
            },
            'stream.opened': {
              actions: ['openStream'],
              description: 'The target streams, and its first chunk was given to readers: from now on a failure is one in mid-air.',
            },
            'attempt.resolved': {
              target: '#flight.settled',
              actions: ['settleFulfilled'],
              description: 'The target gave a value, or all of its stream: it is everybody’s.',
            },
            'attempt.answered': [
              {
                guard: 'isOpened',
                target: '#flight.settled',
                actions: ['settleBroken'],
                description: 'The stream broke off with an error that no other target would better.',
              },
              {
                target: '#flight.settled',
                actions: ['settleAnswered'],
                description: 'The target gave an error that is the answer (a 404, say). No other target would say otherwise.',
              },
            ],
            'attempt.rejected': [
              {
                guard: 'mayFailOver',
                target: '#flight.failing-over',
                actions: ['chooseTarget'],
                description: 'The target failed, and the flight may try again.',
              },
              {
                guard: 'isOpened',
                target: '#flight.settled',
                actions: ['settleBroken'],
                description: 'The stream broke off in mid-air, and nobody may or can go on with it.',
              },
              { target: '#flight.settled', actions: ['settleExhausted'], description: 'The target failed, and it was the last attempt.' },
            ],
            'attempt.timed-out': [
              {
                guard: 'mayFailOver',
                target: '#flight.failing-over',
                actions: ['abortAttempt', 'chooseTarget'],
                description: 'The target took longer than its share of the time. It is told to stop, and the flight may try again.',
              },
              {
                guard: 'isOpened',
                target: '#flight.settled',
                actions: ['abortAttempt', 'settleBroken'],
                description: 'The stream stalled in mid-air, and nobody may or can go on with it.',
              },
              {
                target: '#flight.settled',
                actions: ['abortAttempt', 'settleExhausted'],
                description: 'The target took longer than its share of the time, and it was the last attempt.',
              },
            ],
            'deadline.passed': { target: '#flight.settled', actions: ['abortAttempt', 'settleTimedOut'] },
            'flight.abandoned': { target: '#flight.settled', actions: ['abortAttempt', 'settleAbandoned'] },
          },
        },
        hedged: {
          description:
            'Two attempts are out, on two targets. The first answer wins, and the other is told to stop. An error of one ends nothing while the other is out.',
          on: {
            'stream.opened': { target: 'single', actions: ['openStream', 'outraceRival'] },
            'attempt.resolved': { target: '#flight.settled', actions: ['outraceRival', 'settleFulfilled'] },
            'attempt.answered': {
              target: '#flight.settled',
              actions: ['outraceRival', 'settleAnswered'],
              description: 'One of them gave an error that is the answer. The other would not say otherwise.',
            },
            'attempt.rejected': { target: 'single', actions: ['keepRival'], description: 'One of them failed: the other goes on.' },
            'attempt.timed-out': {
              target: 'single',
              actions: ['abortAttempt', 'keepRival'],
              description: 'One took too long: the other goes on.',
            },
            'deadline.passed': { target: '#flight.settled', actions: ['abortAttempt', 'abortRival', 'settleTimedOut'] },
            'flight.abandoned': { target: '#flight.settled', actions: ['abortAttempt', 'abortRival', 'settleAbandoned'] },
          },
        },
      },
    },
    'failing-over': {
      description:
        'Attempts are left, and none is out: the last one failed, or none could be made yet. A flight passes through at once when another target is free; it stays for the backoff before the same target again, or until a target may be called at all: see its health.',
      on: {
        'target.chosen': {
          target: 'inflight',
          actions: ['takeAttempt', 'startAttempt'],
          description: 'Another target than the one that failed, at once; or, after a wait, the first that may be called.',
        },
        'backoff.elapsed': {
          target: 'inflight',
          actions: ['takeAttempt', 'startAttempt'],
          description: 'The same target again, after its backoff.',
        },
        'targets.exhausted': [
          {
            guard: 'isOpened',
            target: 'settled',
            actions: ['settleBroken'],
            description: 'A stream broke off, and no target is left that could go on with it.',
          },
          {
            target: 'settled',
            actions: ['settleExhausted'],
            description: 'Attempts are left, but no target that may be called.',
          },
        ],
        'deadline.passed': { target: 'settled', actions: ['settleTimedOut'] },
        'flight.abandoned': { target: 'settled', actions: ['settleAbandoned'] },
      },
    },
    settled: {
      type: 'final',
      description:
        'The flight has its one outcome, and its waiters were told. Whatever comes now is late: a target that answers after its attempt was aborted never gets here, because its token is old.',
    },
  },
});
