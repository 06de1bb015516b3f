/** Bugs put in on purpose into what is kept after a flight. */
import { Keep } from '../../src/keep.js';
import { Kept } from '../../src/kept.js';
import { swap, type Mutant } from './planting.js';

export const KEEP_MUTANTS: readonly Mutant[] = [
  {
    name: 'what an older flight brings later is kept in place of what a newer one brought',
    plant: swap(
      Keep.prototype,
      'keepValue',
      (keepValue) =>
        function (settlement, value, now) {
          const { flight } = settlement;
          keepValue.call(this, { ...settlement, flight: flight + 1_000_000 }, value, now);
          const kept = this.find(settlement, now);
          if (kept !== undefined) kept.flight = flight;
        },
    ),
  },
  {
    name: 'a value is fresh while it may be refreshed',
    plant: swap(
      Kept.prototype,
      'answerAt',
      (answerAt) =>
        function (now) {
          return answerAt.call(this, now) === 'stale' ? 'hit' : answerAt.call(this, now);
        },
    ),
  },
  {
    name: 'a value is refreshed by everyone who is given it',
    plant: swap(
      Kept.prototype,
      'isToBeRefreshed',
      () =>
        function () {
          return true;
        },
    ),
  },
  {
    name: 'a value stands in for failures however old it is',
    plant: swap(
      Kept.prototype,
      'isGoodIfError',
      () =>
        function (this: Kept) {
          return this.flight > 0;
        },
    ),
  },
  {
    name: 'an error that is the answer leaves the value where it is',
    plant: swap(
      Kept.prototype,
      'dropValue',
      () =>
        function () {
          return undefined;
        },
    ),
  },
  {
    name: 'forgetting keeps what is kept',
    plant: swap(
      Keep.prototype,
      'forget',
      () =>
        function () {
          return 0;
        },
    ),
  },
];
