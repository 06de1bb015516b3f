/** Bugs put in on purpose where values are for one alone: who gets them, who flies for himself, and what is remembered. */
import { AloneFlights } from '../../src/alone.js';
import type { Flight } from '../../src/flight.js';
import { FLY_ALONE, ForOneKeys, type Identified } from '../../src/for-one.js';
import { Front } from '../../src/front.js';
import { Waiters } from '../../src/waiters.js';
import type { Seat } from '../../src/waiter.js';
import { nothing, swap, type Mutant } from './planting.js';

export const FOR_ONE_MUTANTS: readonly Mutant[] = [
  {
    name: 'all who wait are given what is for the leader alone',
    plant: swap(
      Waiters.prototype,
      'fulfil',
      (fulfil) =>
        function (flight: Flight, value) {
          flight.ownIncidents().isForOne = false;
          fulfil.call(this, flight, value);
        },
    ),
  },
  {
    name: 'what was for a leader that has left goes to whoever came next',
    plant: swap(
      Waiters.prototype,
      'waiterLeft',
      (left) =>
        function (waiter: Seat, why) {
          if (waiter.isLeader && waiter.next !== null) waiter.next.isLeader = true;
          left.call(this, waiter, why);
        },
    ),
  },
  {
    name: 'those who are released are told an error',
    plant: swap(
      AloneFlights.prototype,
      'launch',
      () =>
        function () {
          throw new Error('not yours');
        },
    ),
  },
  {
    name: 'those who are released fly one after the other',
    plant: swap(AloneFlights.prototype, 'orAlone', (orAlone) => {
      let last: Promise<unknown> = Promise.resolve();
      return function (promise: Promise<unknown>, ...rest) {
        const before = last;
        const mine = promise.then(async (value: unknown) => {
          if (value === FLY_ALONE) await before.catch(() => undefined);
          return value;
        });
        return (last = orAlone.call(this, mine, ...rest));
      };
    }),
  },
  {
    name: 'who is released has all its time again',
    plant: swap(
      AloneFlights.prototype,
      'restOf',
      () =>
        ({ options }) =>
          options,
    ),
  },
  {
    name: 'who flies alone cannot leave any more',
    plant: swap(
      AloneFlights.prototype,
      'restOf',
      (restOf) =>
        function (ticket) {
          return { ...restOf.call(this, ticket), signal: undefined };
        },
    ),
  },
  { name: 'whose values are for one alone is not remembered', plant: swap(ForOneKeys.prototype, 'learn', () => () => undefined) },
  {
    name: 'it is remembered for ever',
    plant: swap(
      ForOneKeys.prototype,
      'has',
      (has) =>
        function (identity: Identified) {
          return has.call(this, identity, 0);
        },
    ),
  },
  {
    name: 'it is remembered for all scopes',
    plant: swap(
      ForOneKeys.prototype,
      'has',
      (has) =>
        function (identity: Identified, now: number) {
          return ['s', 't', 'u'].some((scope) => has.call(this, { ...identity, scope }, now)) || has.call(this, identity, now);
        },
    ),
  },
  {
    name: 'those who read are given what is for one alone',
    plant: swap(
      Front.prototype,
      'fulfilled',
      (fulfilled) =>
        function (flight: Flight, attempt, value) {
          const isRead = flight.stream !== null && flight.stream.readers.size > 0;
          fulfilled.call(this, flight, isRead ? { ...attempt, isForOne: false } : attempt, value);
        },
    ),
  },
  {
    name: 'a value is everybody’s where `isShareable` throws',
    plant: nothing,
    alteration: {
      target: ({ isShareable, ...target }) => ({
        ...target,
        isShareable: (value) => {
          try {
            return isShareable?.(value) ?? true;
          } catch {
            return true;
          }
        },
      }),
    },
  },
];
