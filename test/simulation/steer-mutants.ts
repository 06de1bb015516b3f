/** Bugs put in on purpose where targets are steered by hand: orders, weights, breakers, and what is told of them. */
import { type Boarded, inFull } from '../../src/boarding.js';
import { Front } from '../../src/front.js';
import type { TargetReport } from '../../src/reports.js';
import { FrontedTargets } from '../../src/target-control.js';
import { Breaker, type ForcedState } from '../../workers/breaker.js';
import { Steering } from '../../workers/steering.js';
import { TargetHealth } from '../../workers/target-health.js';
import { intoSteering } from './steer-swarm.js';
import { swap, type Mutant } from './planting.js';

/** What each shard went by first. */
const firstRoutes = new WeakMap<Steering, readonly number[]>();

/** Another list of targets in the place of that which steering gives. */
const routes = (make: (route: readonly number[], first: readonly number[]) => readonly number[]): Mutant['plant'] =>
  swap(
    Steering.prototype,
    'route',
    (original) =>
      function (this: Steering) {
        const route: readonly number[] = original.call(this);
        const first = firstRoutes.get(this) ?? route;
        firstRoutes.set(this, first);
        return make(route, first);
      },
  );

/** Another way to open and close a breaker by hand. */
const force = (make: (state: ForcedState) => ForcedState | null): Mutant['plant'] =>
  swap(
    Breaker.prototype,
    'force',
    (original) =>
      function (state: ForcedState, now: number) {
        const other = make(state);
        if (other !== null) original.call(this, other, now);
      },
  );

/** Something else is told of each target. */
const reports = (make: (report: TargetReport) => TargetReport): Mutant['plant'] =>
  swap(
    FrontedTargets.prototype,
    'report',
    (report) =>
      function () {
        return report.call(this).map(make);
      },
  );

export const STEER_MUTANTS: readonly Mutant[] = [
  { name: 'a new order is not followed', plant: routes((_, first) => first) },
  { name: 'a new order is taken for a set of targets', plant: routes((route) => [...route].sort((one, other) => one - other)) },
  {
    name: 'who is left out of an order is tried last',
    plant: routes((route, first) =>
      first.length > route.length ? [...route, ...first.filter((target) => !route.includes(target))] : route,
    ),
  },
  {
    name: 'a request that names all targets as written follows whoever steers',
    plant: swap(
      Front.prototype,
      'launch',
      (launch) =>
        function (boarded: Boarded, isFree: boolean) {
          const boarding = inFull(boarded);
          return launch.call(this, boarding.routeId === null ? { ...boarding, route: null } : boarding, isFree);
        },
    ),
  },
  {
    name: 'an order that nobody can follow yet is accepted, and lost',
    plant: swap(
      FrontedTargets.prototype,
      'order',
      (order) =>
        function (names: readonly string[]) {
          try {
            order.call(this, names);
          } catch {
            // Lost.
          }
        },
    ),
  },
  {
    name: 'flights begin at a target of no weight',
    plant: swap(
      FrontedTargets.prototype,
      'weights',
      (weights) =>
        function (given: Readonly<Record<string, number>>) {
          weights.call(this, Object.fromEntries(Object.entries(given).map(([name, weight]) => [name, Math.max(0.5, weight)])));
        },
    ),
    alteration: { swarm: intoSteering },
  },
  {
    name: 'the last target that is left is called though it is open by hand',
    plant: swap(
      TargetHealth.prototype,
      'refusal',
      (refusal) =>
        function (now: number) {
          const said = refusal.call(this, now);
          return said === 'forced' ? 'open' : said;
        },
    ),
  },
  {
    name: 'a flight waits for a target that asked to be left alone and is open by hand',
    plant: swap(
      TargetHealth.prototype,
      'refusal',
      (refusal) =>
        function (this: TargetHealth, now: number) {
          return this.heldMs(now) > 0 ? 'held' : refusal.call(this, now);
        },
    ),
    // It takes a target that is held, and every one of them open for as long.
    alteration: { swarm: (swarm) => ({ ...swarm, threads: 0, steer: { acts: 16, leavesOut: 0 } }) },
  },
  { name: 'opening a breaker by hand closes it', plant: force((state) => (state === 'open' ? 'closed' : state)) },
  { name: 'closing a breaker by hand leaves it to itself', plant: force((state) => (state === 'closed' ? 'auto' : state)) },
  { name: 'auto leaves a breaker as it was by hand', plant: force((state) => (state === 'auto' ? null : state)) },
  { name: 'a report leaves out what is in the air', plant: reports((report) => ({ ...report, airborne: 0 })) },
  {
    name: 'a report counts what is in the air twice',
    plant: reports((report) => ({ ...report, attempts: report.attempts + report.airborne })),
  },
  { name: 'a report does not say what is by hand', plant: reports((report) => ({ ...report, forced: false })) },
];
