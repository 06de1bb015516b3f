/** Bugs put in on purpose into the front: tables, waiters, limits, times. */
import { FrontedCoalescer } from '../../src/coalescer.js';
import type { Flight } from '../../src/flight.js';
import { FlightTable } from '../../src/flight-table.js';
import { Airborne } from '../../src/airborne.js';
import { Front } from '../../src/front.js';
import { SignalWatch } from '../../src/leaving.js';
import { Waiters } from '../../src/waiters.js';
import { nothing, swap, swapGetter, type Mutant } from './planting.js';

export const FRONT_MUTANTS: readonly Mutant[] = [
  {
    name: 'a flight is removed by key, not by identity',
    plant: swap(
      FlightTable.prototype,
      'remove',
      (remove) =>
        function (flight: Flight, route = flight.routeId) {
          const current = flight.key === null ? undefined : this.find(route, flight.scope, flight.index, flight.key);
          remove.call(this, current ?? flight, route);
        },
    ),
  },
  {
    name: 'an abandoned flight keeps its key',
    plant: swap(
      FlightTable.prototype,
      'remove',
      (remove) =>
        function (flight: Flight, ...rest) {
          if (flight.status !== 'abandoned') remove.call(this, flight, ...rest);
        },
    ),
  },
  {
    name: 'a flight is joined however old it is',
    plant: swap(
      FlightTable.prototype,
      'remove',
      (remove) =>
        function (flight: Flight, ...rest) {
          if (flight.status !== 'flying') remove.call(this, flight, ...rest);
        },
    ),
  },
  {
    name: 'scopes share',
    plant: swap(
      FlightTable.prototype,
      'find',
      (find) =>
        function (route, scope, index, key) {
          return find.call(this, route, scope, index, key) ?? (scope === null ? undefined : find.call(this, route, 's', index, key));
        },
    ),
  },
  {
    name: 'a fresh request joins',
    plant: swap(
      FrontedCoalescer.prototype,
      'request',
      (request) =>
        function (payload, options) {
          return request.call(this, payload, options === undefined ? options : { ...options, fresh: false });
        },
    ),
  },
  {
    name: "the leader's signal ends the flight",
    plant: nothing,
    alteration: {
      front: (front) => {
        const left = front.waiters.waiterLeft.bind(front.waiters);
        front.waiters.waiterLeft = (waiter, why) => {
          const isLeader = waiter.flight.firstWaiter === waiter;
          left(waiter, why);
          if (isLeader && why === 'signal') front.end(waiter.flight, 'rejected', waiter.signal?.reason);
        };
      },
    },
  },
  { name: 'the last waiter leaving abandons nothing', plant: swap(Front.prototype, 'lastLeft', () => () => undefined) },
  { name: 'listeners stay on signals', plant: swap(SignalWatch.prototype, 'remove', () => () => undefined) },
  {
    name: 'the front has no deadline',
    plant: swap(
      Airborne.prototype,
      'overdue',
      () =>
        function* () {
          // Nobody is.
        },
    ),
  },
  {
    name: 'each waiter gets an error object of its own',
    plant: swap(
      Waiters.prototype,
      'reject',
      (reject) =>
        function (flight: Flight, error) {
          for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) {
            const tell = waiter.reject.bind(waiter);
            waiter.reject = (told) => tell(told === error ? Object.assign(new Error('a copy'), { cause: told }) : told);
          }
          reject.call(this, flight, error);
        },
    ),
  },
  {
    name: 'one waiter is forgotten',
    plant: swap(
      Waiters.prototype,
      'fulfil',
      (fulfil) =>
        function (flight: Flight, value) {
          const last = flight.firstWaiter?.previous;
          if (last !== flight.firstWaiter) last?.unlink();
          fulfil.call(this, flight, value);
        },
    ),
  },
  {
    name: 'one flight too many',
    plant: swapGetter(
      Airborne.prototype,
      'size',
      (size) =>
        function () {
          return Math.max(0, size.call(this) - 1);
        },
    ),
  },
];
