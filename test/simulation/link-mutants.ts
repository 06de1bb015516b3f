/** Bugs put in on purpose below the front: targets, ledger, links, frames, blame. */
import type { Flight } from '../../src/flight.js';
import { PortLink } from '../../src/port-link.js';
import { Quarantine } from '../../src/quarantine.js';
import { ThreadLinks } from '../../src/thread-links.js';
import { SharedMemory } from '../../workers/shared-memory.js';
import type { TargetSpec } from '../../workers/targets.js';
import { Wire } from '../../workers/wire.js';
import { nothing, swap, swapGetter, type Mutant } from './planting.js';
import type { Alteration } from './world.js';

const altered = (target: NonNullable<Alteration['target']>): Pick<Mutant, 'plant' | 'alteration'> => ({
  plant: () => nothing(),
  alteration: { target },
});
type AnySpec = TargetSpec<never, unknown>;

/** A value that came too late for its own attempt is taken by the next one of its flight. */
function takeLateAnswers(target: AnySpec): AnySpec {
  const first = new Map<number, Promise<unknown>>();
  const run = (payload: never, context: { carried: unknown } & Parameters<AnySpec['run']>[1]): unknown => {
    const { number } = context.carried as { number: number };
    const result = Promise.resolve(target.run(payload, context));
    const before = first.get(number);
    first.set(number, result);
    return before === undefined ? result : Promise.race([result, before.catch(() => result)]);
  };
  return { ...target, run };
}

export const LINK_MUTANTS: readonly Mutant[] = [
  { name: 'late answers count', ...altered(takeLateAnswers) },
  {
    name: 'Retry-After is not kept',
    ...altered((target) => ({
      ...target,
      classify: (error, context) => {
        const verdict = target.classify?.(error, context) ?? 'failover';
        return typeof verdict === 'string' ? verdict : verdict.verdict;
      },
    })),
  },
  { name: 'an answer is taken for a failure', ...altered((target) => ({ ...target, classify: () => 'failover' })) },
  { name: 'the ledger is never written', plant: swap(SharedMemory.prototype, 'enterLedger', () => () => undefined) },
  {
    name: 'an attempt that died with its thread is not counted',
    plant: swap(
      SharedMemory.prototype,
      'ledger',
      (ledger) =>
        function (slot) {
          const entry = ledger.call(this, slot);
          return { ...entry, attemptsMade: Math.max(0, entry.attemptsMade - 1) };
        },
    ),
  },
  {
    name: 'a relaunch goes to a target that was tried',
    plant: swap(
      SharedMemory.prototype,
      'ledger',
      (ledger) =>
        function (slot) {
          return { ...ledger.call(this, slot), targetsTried: 0 };
        },
    ),
  },
  {
    name: 'the ledger is read before the thread is gone',
    plant: swap(
      PortLink.prototype,
      'end',
      (end) =>
        function (why) {
          end.call(this, why);
          this.closed();
        },
    ),
  },
  { name: 'a hung thread is never noticed', plant: swap(PortLink.prototype, 'look', () => () => undefined) },
  {
    name: 'a thread is called hung at the first beat missed',
    plant: swap(
      PortLink.prototype,
      'look',
      (look) =>
        function () {
          look.call(this, 1);
        },
    ),
  },
  { name: 'shards are not told of the end of a flight', plant: swap(PortLink.prototype, 'abandon', () => () => undefined) },
  {
    name: 'slot and bytes are given back before the shard has let go',
    plant: swap(
      ThreadLinks.prototype,
      'abandon',
      (abandon) =>
        function (flight: Flight) {
          const { link } = flight.passage;
          abandon.call(this, flight);
          link?.life.memory.clearLedger(flight.slot);
          if (link !== null)
            link.envelope(
              new Wire().pack([[4, flight.slot, flight.number, null, 'abandoned', 0, new Wire().packValue({ thrown: 0 })]], false).envelope,
            );
        },
    ),
  },
  {
    name: 'frames are read in the wrong order',
    plant: swap(
      Wire.prototype,
      'read',
      (read) =>
        function (envelope, each) {
          const frames: unknown[] = [];
          read.call(this, envelope, (frame: unknown) => frames.unshift(frame));
          for (const frame of frames) each(frame);
        },
    ),
  },
  {
    name: 'a shard settles twice',
    plant: swap(
      Wire.prototype,
      'read',
      (read) =>
        function (envelope, each) {
          read.call(this, envelope, (frame: readonly unknown[]) => {
            each(frame);
            if (frame[0] === 3) each(frame);
          });
        },
    ),
  },
  { name: 'blame without evidence', plant: swapGetter(SharedMemory.prototype, 'culprit', () => () => 1) },
  {
    name: 'suspects fly with everybody else',
    plant: swap(
      ThreadLinks.prototype,
      'launch',
      (launch) =>
        function (flight: Flight) {
          flight.ownPassage().suspicion = 'none';
          launch.call(this, flight);
        },
    ),
  },
  { name: 'a timer is left in quarantine', plant: swap(Quarantine.prototype, 'close', () => () => undefined) },
];
