/** Bugs put in on purpose in what keeps sick, full and held targets from being called. */
import { Breaker, ORDINARY } from '../../workers/breaker.js';
import { Budget } from '../../workers/budget.js';
import { Places } from '../../workers/places.js';
import { TargetHealth } from '../../workers/target-health.js';
import { swap, type Mutant } from './planting.js';

export const HEALTH_MUTANTS: readonly Mutant[] = [
  { name: 'an open breaker lets everybody through', plant: swap(Breaker.prototype, 'admit', () => () => ORDINARY) },
  { name: 'a budget never refuses', plant: swap(Budget.prototype, 'draw', () => () => true) },
  { name: 'a Retry-After is for its own flight alone', plant: swap(TargetHealth.prototype, 'hold', () => () => undefined) },
  {
    name: 'a full target takes one more',
    plant: swap(
      Places.prototype,
      'take',
      (take) =>
        function () {
          return take.call(this) || take.call(this) || true;
        },
    ),
  },
  { name: 'places of a dead thread stay taken', plant: swap(Places.prototype, 'giveBack', () => () => undefined) },
  { name: 'the probe of a dead thread stays out', plant: swap(Breaker.prototype, 'giveBack', () => () => undefined) },
  {
    name: 'a probe whose flight was abandoned stays out',
    plant: swap(
      Breaker.prototype,
      'ended',
      (ended) =>
        function (pass, sample, now) {
          if (sample !== 'none') ended.call(this, pass, sample, now);
        },
    ),
  },
];
