// Decides whether a sick target is called: closed, open, half-open. It knows no target, time or count: shards send it events, and do its actions
// on the one word of shared memory that is the breaker.
import { assign, setup } from 'xstate';

export interface BreakerContext {
  /** How often in a row it has opened; each time it stays open twice as long. 0 to `LEVEL_MAX`. */
  readonly level: number;
}

/** Three bits hold a level. */
const LEVEL_MAX = 7;

/** Everything that can happen to a breaker. The index in this list is the event's number in the table. */
export const breakerEvents = [
  'failures.exceeded',
  'probe.taken',
  'probe.succeeded',
  'probe.failed',
  'probe.given-back',
  'breaker.reset',
] as const;

export type BreakerEventType = (typeof breakerEvents)[number];

/** An event is only its type: the shard decides whether it may be sent (open long enough, failures enough). */
export type BreakerEvent = { [Type in BreakerEventType]: { readonly type: Type } }[BreakerEventType];

/** The machine takes no input: every breaker begins closed. */
export const breakerInputs: readonly undefined[] = [undefined];

/**
 * The gate of one target, for people and tools. Nothing runs it: the threads of a process step one Int32 by the table that XState
 * fills in from it (`breaker.table.ts`), and its actions are empty because the threads do them.
 */
export const breakerMachine = setup({
  types: { context: {} as BreakerContext, events: {} as BreakerEvent },
  actions: {
    raiseLevel: assign({ level: ({ context }) => Math.min(LEVEL_MAX, context.level + 1) }),
    resetLevel: assign({ level: () => 0 }),
    stampReopening: () => {},
    stampNow: () => {},
    enterHolder: () => {},
    clearCounts: () => {},
    announce: () => {},
  },
}).createMachine({
  id: 'breaker',
  description:
    'The gate of one target, shared by all threads of the process. It closes the way to a target that fails too often, and finds out with one attempt at a time whether it is well again.',
  context: { level: 0 },
  initial: 'closed',
  states: {
    closed: {
      description:
        'The target is called like any other, and every attempt is a sample. It opens when too many of them fail, or too many in a row.',
      on: {
        'failures.exceeded': {
          target: 'open',
          actions: ['stampReopening', 'announce'],
          description: 'Too large a share of the attempts of the last seconds failed, or too many in a row.',
        },
        'breaker.reset': { target: 'closed', actions: ['clearCounts'], description: 'By hand: what was counted is forgotten.' },
      },
    },
    open: {
      description:
        'The target is not called while another is left. It stays so for its time, twice as long after each probe that failed; a breaker that stays here for longer is one that no flight has asked for.',
      on: {
        'probe.taken': {
          target: 'half-open',
          actions: ['stampNow', 'enterHolder', 'announce'],
          description: 'It was open long enough, and this thread is the one whose exchange won: its attempt is the probe.',
        },
        'breaker.reset': { target: 'closed', actions: ['resetLevel', 'clearCounts', 'announce'] },
      },
    },
    'half-open': {
      description:
        'One attempt in the whole process is out as the probe, and everybody else goes elsewhere. A breaker that stays here waits for that attempt, whose thread is the holder in its word.',
      on: {
        'probe.succeeded': {
          target: 'closed',
          actions: ['resetLevel', 'clearCounts', 'announce'],
          description: 'The target answered: it is well, and old failures no longer count against it.',
        },
        'probe.failed': {
          target: 'open',
          actions: ['raiseLevel', 'stampReopening', 'announce'],
          description: 'The target is still sick: it is left alone for twice as long.',
        },
        'probe.given-back': {
          target: 'open',
          actions: ['stampNow', 'announce'],
          description:
            'The probe ended without a verdict (nobody waited for it any more, or its thread died): the next attempt may be one at once.',
        },
        'breaker.reset': { target: 'closed', actions: ['resetLevel', 'clearCounts', 'announce'] },
      },
    },
  },
});
