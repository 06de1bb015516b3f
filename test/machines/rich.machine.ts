// A machine with everything the tabulator takes: compound states, entry and exit actions, raise, params, wildcards, combined guards, output.
import { and, assign, not, raise, setup, stateIn } from 'xstate';

export const richEvents = ['go', 'hedge', 'attempt.won', 'attempt.lost', 'again', 'stay', 'poke', 'cut', 'look'] as const;
export const richInputs = [{ rounds: 1 }, { rounds: 3 }] as const;

interface Types {
  context: { rounds: number; isHedged: boolean; marks: readonly number[] };
  events: { type: (typeof richEvents)[number] } | { type: 'inner.told' } | { type: 'inner.counted'; rounds: number };
  input: { rounds: number };
}

export const richMachine = setup({
  types: { context: {} as Types['context'], events: {} as Types['events'], input: {} as Types['input'] },
  guards: {
    hasRound: ({ context }) => context.rounds > 0,
    isHedged: ({ context }) => context.isHedged,
    mayHedge: and(['hasRound', not('isHedged')]),
    isSingle: stateIn({ flying: 'single' }),
    hasAtLeast: ({ context }, { rounds }: { rounds: number }) => context.rounds >= rounds,
    // Of an event that the machine raised itself, everything may be read.
    countedTwo: ({ event }) => event.type === 'inner.counted' && event.rounds === 2,
    isLost: ({ event }) => event.type === 'attempt.lost',
  },
  actions: {
    takeRound: assign({ rounds: ({ context }) => context.rounds - 1 }),
    setHedged: assign((_, { isHedged }: { isHedged: boolean }) => ({ isHedged })),
    mark: assign({
      marks: ({ context, event }) => (event.type === 'poke' && context.marks.length < 2 ? [...context.marks, context.rounds] : []),
    }),
    tell: raise({ type: 'inner.told' }),
    count: raise(({ context }) => ({ type: 'inner.counted', rounds: context.rounds })),
    note: (_args, _params: { on: string; rounds: number }) => {},
    enterFlying: () => {},
    leaveFlying: () => {},
    begin: () => {},
    end: () => {},
    hear: () => {},
    celebrate: () => {},
    rest: () => {},
    close: () => {},
  },
}).createMachine({
  id: 'rich',
  context: ({ input }) => ({ rounds: input.rounds, isHedged: false, marks: [] }),
  exit: ['close'],
  output: ({ context }) => ({ roundsLeft: context.rounds }),
  initial: 'idle',
  on: {
    poke: { actions: ['mark', { type: 'note', params: ({ context, event }) => ({ on: event.type, rounds: context.rounds }) }] },
    cut: { target: '.over' },
    'inner.*': { actions: ['hear'] },
    look: [
      { guard: { type: 'hasAtLeast', params: { rounds: 2 } }, actions: { type: 'note', params: { on: 'many', rounds: 2 } } },
      { guard: 'isSingle', actions: [{ type: 'note', params: { on: 'single', rounds: 0 } }, 'rest'] },
    ],
  },
  states: {
    idle: {
      on: {
        go: { guard: 'hasRound', target: 'flying', actions: ['takeRound', 'tell'] },
        stay: {},
      },
    },
    flying: {
      entry: ['enterFlying', 'count'],
      exit: ['leaveFlying'],
      initial: 'single',
      states: {
        single: {
          entry: ['begin'],
          exit: ['end'],
          on: {
            hedge: { guard: 'mayHedge', target: 'hedged', actions: [{ type: 'setHedged', params: { isHedged: true } }, 'takeRound'] },
            'inner.counted': { guard: 'countedTwo', actions: ['celebrate', 'hear'] },
            cut: undefined,
          },
        },
        hedged: {
          entry: ['begin', 'begin'],
          on: {
            'attempt.*': [
              { guard: 'isLost', target: 'single', actions: ['end'] },
              { target: 'landed', actions: ['celebrate'] },
            ],
          },
        },
        landed: { type: 'final', entry: ['end'] },
      },
      onDone: { target: 'resting', actions: ['rest', { type: 'setHedged', params: { isHedged: false } }] },
      on: { again: { target: 'flying', reenter: true }, 'attempt.won': 'resting' },
    },
    resting: {
      on: { go: [{ guard: 'hasRound', target: 'flying.hedged', actions: ['takeRound'] }, { target: 'over' }], again: 'idle' },
    },
    over: { type: 'final', entry: ['rest'], on: {} },
  },
});
